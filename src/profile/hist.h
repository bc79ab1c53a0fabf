#ifndef PROFILE_HIST_H
#define PROFILE_HIST_H

/*
 * Sums of a call tree by what a report sorts by: one row per combination of keys. Self is the
 * weight of samples that ended in a row; children adds those that only passed through it, each
 * sample once however often its chain meets the row. Made after the places are named.
 */

#include "profile/tree.h"

enum hist_key {
	HIST_COMM,
	HIST_DSO,
	HIST_SYMBOL,
	HIST_PID,
	HIST_TID,
	HIST_CPU,
	HIST_KEYS,
};

struct hist_row {
	_Alignas(16) struct place *place; /* one of the row's; NULL: samples without address */
	const struct tree_root *root;	  /* one of the row's: what it is sorted by holds for all */
	uint64_t self, children;
	uint64_t samples; /* that ended here */
	uint32_t hash;
	uint32_t sister; /* the next row of the same hash, plus one */
	uint32_t first;	 /* node of the tree that fell into the row, see hist.next */
	uint8_t cpumode;
};

struct hist {
	const struct tree *tree;
	unsigned keys; /* bits 1 << enum hist_key */
	struct hist_row *row;
	uint32_t count;
	uint64_t self, samples; /* sums over the rows */
	uint64_t dropped;	/* nodes whose row found no room */
	struct arena *arena;
	uint32_t *bucket, mask;
	/* by node of the tree */
	uint32_t *row_of; /* TREE_NONE: a root with no samples of its own, or another event's */
	uint32_t *next;	  /* the next node of the same row, TREE_NONE at the end */
	uint64_t *total;  /* weight of the node and all below it */
};

/* Rows of one event's part of the tree. False: no room. All taken after the arena's `used` now. */
bool hist_make(struct hist *hist, struct arena *arena, const struct tree *tree, uint32_t event,
	unsigned keys);

/* Order of rows: by children or by self, the largest first. */
void hist_sort(struct hist *hist, bool children);

#endif
