#ifndef CAPTURE_TRACEPOINT_H
#define CAPTURE_TRACEPOINT_H

/*
 * Tracepoints by name, from tracefs where somebody has mounted it; nothing is ever mounted here.
 */

#include "base/file.h"

#include <stddef.h>
#include <stdint.h>

/* The folder "events" of the tracefs that is mounted, in `to`. 0; -ENOENT where none is mounted,
 * -EACCES where it may not be read. */
int tracepoint_events(char *to, size_t cap);

/* The id of `system`:`name` (for attr.config) under the folder `events`. 0, or -errno. */
int tracepoint_id(const char *events, const char *system, const char *name, uint64_t *id);

/* Walks the tracepoints whose system and name match two glob(7) patterns, in the order the kernel
 * keeps them. */
struct tracepoint_walk {
	const char *events, *systems, *names; /* kept, not copied */
	char system[96];		      /* of the last one found */
	struct dir outer, inner;
};

/* 0, or -errno. After a walk that was begun, always tracepoint_walk_end. */
int tracepoint_walk_begin(
	struct tracepoint_walk *walk, const char *events, const char *systems, const char *names);

/* The next one's name (its system is in walk->system), or NULL at the end. */
const char *tracepoint_walk_next(struct tracepoint_walk *walk);
void tracepoint_walk_end(struct tracepoint_walk *walk);

#endif
