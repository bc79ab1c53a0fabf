#ifndef PROFILE_SYMFILE_H
#define PROFILE_SYMFILE_H

/*
 * Where the file behind an image is, and whether it is the recorded one. Looked at, in this order:
 * --symfs DIR alone, or the path itself, then the path below /proc/PID/root of a process that
 * mapped it. A file with another build ID is never used; where no build ID was recorded the same
 * inode is preferred. Separate symbols: DIR/usr/lib/debug/.build-id/xx/yyyy.debug, then
 * .gnu_debuglink beside the file, in .debug/ beside it and below /usr/lib/debug (build ID or CRC-32
 * must agree). Only regular files are opened; FIFOs and devices behind a recorded path are left
 * alone.
 */

#include "profile/elf.h"
#include "profile/image.h"
#include "profile/resolve.h"

struct symfile {
	struct elf elf;
	int fd; /* -1: not open */
	uint64_t inode;
	uint8_t build_id[ELF_BUILD_ID_MAX];
	size_t build_id_size;
	const char *root; /* what stood before the path; in root_text */
	char root_text[64];
	const uint8_t *memory; /* the vDSO: read from here instead */
};

/* A regular file, without ever blocking. The descriptor, or -errno (-EINVAL: not a regular file).
 */
int symfile_open_path(const char *path);

/* The image's own file; the vDSO from this process. IMAGE_NAMED when it is open, else why not, with
 * image->error behind IMAGE_NO_FILE. */
enum image_status symfile_open(
	struct symfile *file, struct image *image, const struct resolve_options *options);

/* The file with the symbols that `file` (closed: not found) lacks. False where there is none. */
bool symfile_open_debug(struct symfile *debug, struct symfile *file, const struct image *image,
	const struct resolve_options *options);

/* perf-PID.map of a JIT image: owned by root, by the process's user or by ours. Descriptor, or
 * -errno. */
int symfile_open_perfmap(const struct image *image, const struct resolve_options *options);

void symfile_close(struct symfile *file);

/* Whether a build ID that was recorded (possibly padded with zeroes) is that of a file. */
bool symfile_same_build(const struct image *image, const uint8_t *build_id, size_t size);

#endif
