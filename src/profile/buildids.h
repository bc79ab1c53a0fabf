#ifndef PROFILE_BUILDIDS_H
#define PROFILE_BUILDIDS_H

/*
 * The BUILD_ID section of a recording: which build of each file was mapped, where the mapping
 * itself does not tell (what ran before the recording, and kernels before 5.12). Files are read at
 * the end, by the paths that were recorded; only regular files, and only the very inode mapped.
 */

#include "base/arena.h"
#include "data/body.h"
#include "data/record.h"

#include <stdint.h>

#define BUILDIDS_MAX 4096 /* files */

struct buildids {
	struct arena *arena;
	struct buildid_file *files; /* open addressing, by device, inode and path */
	uint32_t count;
	uint32_t dropped; /* did not fit */
};

void buildids_begin(struct buildids *buildids, struct arena *arena);

/* Takes note of a mapping without a build ID; others are none of its business. */
void buildids_add(struct buildids *buildids, const struct record_mmap *map);

/* Puts an entry for each file whose build ID can be read; how many. */
uint32_t buildids_put(struct buildids *buildids, struct body *body);

#endif
