#ifndef PROFILE_TREE_H
#define PROFILE_TREE_H

/*
 * The call tree: what was sampled, merged by call path from the root (the outermost caller) to the
 * leaf. It is built by place (image and offset), before anything has a name; sums by symbol are
 * made from it once the places are named. A node is an index into `node`; a parent's index is
 * always smaller than its children's, so one loop from the end sums children into parents.
 */

#include "base/arena.h"
#include "profile/image.h"

#include <stdbool.h>
#include <stdint.h>

#define TREE_NONE UINT32_MAX

/* The outermost level: one per combination of what the report separates by; the rest is 0. */
struct tree_root {
	uint32_t event; /* index into the file's events */
	uint32_t pid, tid;
	int32_t cpu;
	const char *comm; /* from outside; the same pointer for the same name */
};

struct tree_node {
	struct place *place; /* NULL in a root */
	uint32_t parent;     /* TREE_NONE in a root */
	uint32_t root;	     /* index into tree.root */
	uint32_t samples;    /* that ended here */
	uint8_t cpumode;     /* PERF_RECORD_MISC_*: where the place was met */
	uint64_t weight;     /* of the samples that ended here: sum of their periods */
};

struct tree {
	struct tree_node *node;
	uint32_t count, room;
	struct tree_root *root;
	uint32_t root_count, root_room;
	uint64_t dropped; /* frames that found no room: their samples are in the nearest that did */
	uint32_t *table, *root_table;
	uint32_t mask, root_mask, last_root;
};

/* Room for `nodes` nodes at most; pages are touched only as the tree grows. False: no room. */
bool tree_init(struct tree *tree, struct arena *arena, uint32_t nodes);

/* Empties it, for the next use of its room. */
void tree_clear(struct tree *tree);

/* The node of a root, added when it is new; the last one that found room when the tree is full. */
uint32_t tree_root(struct tree *tree, const struct tree_root *root);

/* The child of `parent` for a place, added when it is new; `parent` itself when the tree is full.
 */
uint32_t tree_child(struct tree *tree, uint32_t parent, struct place *place, uint8_t cpumode);

/* A sample that ended at `node`. */
static inline void tree_add(struct tree *tree, uint32_t node, uint64_t weight)
{
	tree->node[node].samples++;
	tree->node[node].weight += weight;
}

/*
 * Once the places are named: makes one node of all that have the same parent and the same symbol.
 * A node's place is then any one of them. False (and nothing changed) where the arena is full.
 */
bool tree_merge(struct tree *tree, struct arena *arena);

/* Two places of one function, or one nameless place. */
static inline const void *tree_key(const struct place *place)
{
	return place && place->symbol ? (const void *)place->symbol : place;
}

#endif
