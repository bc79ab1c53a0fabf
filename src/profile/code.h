#ifndef PROFILE_CODE_H
#define PROFILE_CODE_H

/*
 * The files behind images, as far as stacks are unwound by them: call frame information and the
 * bytes of the code itself. Files are found as for names (profile/symfile.h), at most CODE_OPEN_MAX
 * are open at a time, and what is read of them goes through one small cache of pages in the arena.
 */

#include "base/arena.h"
#include "profile/cfi.h"
#include "profile/image.h"
#include "profile/resolve.h"

#define CODE_OPEN_MAX 64
#define CODE_LOADS 6

struct codes {
	struct arena *arena;
	const struct resolve_options *options;
	struct code_page *pages;
	struct code_file *open[CODE_OPEN_MAX];
	uint32_t next_open, next_id;
	uint64_t dropped; /* files that found no room */
};

struct code_file {
	struct codes *all;
	struct image *image;
	bool is_debug; /* the separate file with debug information */
	int fd;	       /* -1: closed for now */
	const uint8_t *memory;
	uint64_t size; /* 0: not there */
	uint32_t id;
};

/* What is known of one image. */
struct code {
	const struct arch_frames *frames; /* NULL: no file, or none that can be walked */
	struct code_file file, debug_file;
	struct cfi eh, debug; /* .eh_frame, .debug_frame */
	uint64_t entry;	      /* address where the program begins */
	bool debug_tried;
	uint8_t load_count;
	struct code_load {
		uint64_t offset, address, bytes;
	} load[CODE_LOADS];
};

/* False: the arena is full. `options` must stay. */
bool codes_init(struct codes *codes, struct arena *arena, const struct resolve_options *options);

/* Closes all files. */
void codes_end(struct codes *codes);

/* NULL: no room, or none known. The same pointer each time. */
struct code *code_of(struct codes *codes, struct image *image);

/* Bytes of the image's file. False where they are not there. */
bool code_bytes(struct code *code, void *to, size_t size, uint64_t offset);

/* How far an offset lies inside a function, where a symbol tells; -1 where none does. */
int64_t code_into_function(struct codes *codes, struct code *code, uint64_t offset);

/* Whether a program begins here: its first function has no caller. */
bool code_is_entry(const struct code *code, uint64_t offset);

/* The row for an offset of the image. */
enum cfi_status code_row(
	struct codes *codes, struct code *code, uint64_t offset, struct cfi_row *row);

#endif
