#ifndef PROFILE_CALLGRAPH_H
#define PROFILE_CALLGRAPH_H

/*
 * The call graph of one row of a histogram: a small tree of the chains that the row's samples came
 * by. By callee it begins at the row and leads to its callers; by caller it leads from the
 * outermost caller to the row, and where the row only called others, from the row to what it
 * called.
 */

#include "profile/hist.h"

struct callgraph {
	const struct hist *hist;
	struct arena *arena;
	uint32_t *child, *sibling; /* of the histogram's tree; TREE_NONE at the end */
	struct tree tree;	   /* node 0 is the root; places as in the histogram's tree */
	/* of `tree`, by node */
	uint64_t *total; /* weight of a node and all below it */
	uint32_t *branches;
	/* nodes worth at least `least`, by parent and falling weight */
	struct callgraph_branch {
		uint64_t total;
		uint32_t parent, node;
	} * branch;
	uint32_t branch_count;
	size_t mark;
};

/* Once per histogram. False: no room. */
bool callgraph_init(struct callgraph *graph, struct arena *arena, const struct hist *hist);

/* The graph of one row; holds until the next call. Branches below `least` are left out. False: no
 * room. */
bool callgraph_make(
	struct callgraph *graph, uint32_t row, bool caller, bool children, uint64_t least);

/* The branches of a node: their count, the first in *first. */
uint32_t callgraph_branches(
	const struct callgraph *graph, uint32_t node, const struct callgraph_branch **first);

/* The only node that follows `node` where nothing branches off or ends; or TREE_NONE. */
uint32_t callgraph_follow(const struct callgraph *graph, uint32_t node);

#endif
