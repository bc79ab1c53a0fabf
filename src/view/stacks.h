#ifndef VIEW_STACKS_H
#define VIEW_STACKS_H

/*
 * A call tree as flame graphs want it: one frame per distinct path of names, whatever the process,
 * thread, CPU or address; under the root "all" one frame per command name, below it the outermost
 * callers. Frames without a symbol are one per image, "[libfoo.so]", and a run of them is one
 * frame. Children are in order of their names. frame[0] is "all"; a parent's index is smaller than
 * its children's.
 */

#include "profile/tree.h"

enum frame_kind {
	FRAME_ALL,
	FRAME_COMM,
	FRAME_USER,
	FRAME_KERNEL,
	FRAME_JIT,
	FRAME_UNNAMED,
	FRAME_KINDS,
};

struct frame {
	const char *name;	   /* from outside; without brackets where unnamed */
	const struct image *image; /* NULL for "all" and commands */
	const void *identity;
	uint64_t self, total; /* weights */
	uint64_t left;	      /* weight of what stands left of it */
	uint32_t samples;     /* here and in all frames above it */
	uint32_t parent, child, sibling;
	uint8_t kind; /* enum frame_kind */
};

struct stacks {
	struct frame *frame;
	uint32_t count, cap;
	uint32_t lumped; /* nodes that found no room: counted in their nearest caller that did */
	uint32_t *table;
	uint32_t mask;
};

/* The part of the tree that belongs to one event. False when not even "all" finds room. */
bool stacks_make(
	struct stacks *stacks, struct arena *arena, const struct tree *tree, uint32_t event);

#endif
