#include "profile/tree.h"

#include <string.h>

#define ROOTS_MIN 16384u
#define ROOTS_MAX 65536u
#define NODES_MAX (1u << 29)
#define SLOTS_FIRST 1024u

/* Slots hold an index plus one. Tables are made anew from the nodes when they grow, in place. */

static uint32_t hash_node(uint32_t parent, const void *key)
{
	uint64_t mix = ((uintptr_t)key ^ (uint64_t)parent << 40) + parent;

	return (uint32_t)(mix * 0x9e3779b97f4a7c15ull >> 32);
}

static uint32_t hash_root(const struct tree_root *r)
{
	uint64_t mix = (uintptr_t)r->comm ^ (uint64_t)r->pid << 32 ^ (uint64_t)r->tid << 13 ^
		       (uint64_t)(uint32_t)r->cpu << 48 ^ (uint64_t)r->event << 57;

	return (uint32_t)((mix ^ mix >> 29) * 0x9e3779b97f4a7c15ull >> 32);
}

static bool same_root(const struct tree_root *a, const struct tree_root *b)
{
	return a->event == b->event && a->comm == b->comm && a->pid == b->pid && a->tid == b->tid &&
	       a->cpu == b->cpu;
}

/* Never more than half of them are taken. */
static uint32_t slots_most(uint32_t room)
{
	uint32_t n = SLOTS_FIRST;

	while (n / 2 < room)
		n *= 2;
	return n;
}

/* Roots are few beside what hangs on them. */
static uint32_t roots_most(uint32_t nodes)
{
	uint32_t most = nodes / 8 > ROOTS_MIN ? nodes / 8 : ROOTS_MIN;

	most = most < nodes ? most : nodes;
	return most < ROOTS_MAX ? most : ROOTS_MAX;
}

bool tree_init(struct tree *tree, struct arena *arena, uint32_t nodes)
{
	if (nodes > NODES_MAX)
		nodes = NODES_MAX;
	*tree = (struct tree){ .room = nodes, .root_room = roots_most(nodes) };
	tree->node = arena_array(arena, struct tree_node, tree->room);
	tree->root = arena_array(arena, struct tree_root, tree->root_room);
	tree->table = arena_array(arena, uint32_t, slots_most(nodes));
	tree->root_table = arena_array(arena, uint32_t, slots_most(tree->root_room));
	tree->mask = tree->root_mask = SLOTS_FIRST - 1;
	return tree->node && tree->root && tree->table && tree->root_table;
}

void tree_clear(struct tree *tree)
{
	tree->count = tree->root_count = 0;
	tree->mask = tree->root_mask = SLOTS_FIRST - 1;
	memset(tree->table, 0, SLOTS_FIRST * sizeof(*tree->table));
	memset(tree->root_table, 0, SLOTS_FIRST * sizeof(*tree->root_table));
}

static uint32_t *node_slot(const struct tree *t, uint32_t parent, const void *key)
{
	uint32_t at = hash_node(parent, key) & t->mask, i;

	while ((i = t->table[at]) &&
		(t->node[i - 1].parent != parent || tree_key(t->node[i - 1].place) != key))
		at = (at + 1) & t->mask;
	return &t->table[at];
}

static uint32_t *root_slot(const struct tree *t, const struct tree_root *root)
{
	uint32_t at = hash_root(root) & t->root_mask, i;

	while ((i = t->root_table[at]) && !same_root(&t->root[t->node[i - 1].root], root))
		at = (at + 1) & t->root_mask;
	return &t->root_table[at];
}

static void rebuild(struct tree *t)
{
	memset(t->table, 0, ((size_t)t->mask + 1) * sizeof(*t->table));
	memset(t->root_table, 0, ((size_t)t->root_mask + 1) * sizeof(*t->root_table));
	for (uint32_t i = 0; i < t->count; i++)
		if (t->node[i].parent == TREE_NONE)
			*root_slot(t, &t->root[t->node[i].root]) = i + 1;
		else
			*node_slot(t, t->node[i].parent, tree_key(t->node[i].place)) = i + 1;
}

static void grow(struct tree *t)
{
	uint32_t mask = t->mask, root_mask = t->root_mask;

	if (t->count >= t->mask / 2 && t->mask < slots_most(t->room) - 1)
		t->mask = t->mask * 2 + 1;
	if (t->root_count >= t->root_mask / 2 && t->root_mask < slots_most(t->root_room) - 1)
		t->root_mask = t->root_mask * 2 + 1;
	if (mask != t->mask || root_mask != t->root_mask)
		rebuild(t);
}

static uint32_t add(struct tree *t, uint32_t parent, uint32_t root)
{
	uint32_t i = t->count++;

	t->node[i] = (struct tree_node){ .parent = parent, .root = root };
	return i;
}

uint32_t tree_root(struct tree *tree, const struct tree_root *root)
{
	uint32_t *slot = root_slot(tree, root), i;

	if (*slot)
		return *slot - 1;
	if (tree->root_count == tree->root_room || tree->count == tree->room) {
		tree->dropped++;
		return tree->root_count ? tree->last_root : TREE_NONE;
	}
	tree->root[tree->root_count] = *root;
	i = add(tree, TREE_NONE, tree->root_count++);
	*slot = i + 1;
	tree->last_root = i;
	grow(tree);
	return i;
}

uint32_t tree_child(struct tree *tree, uint32_t parent, struct place *place, uint8_t cpumode)
{
	uint32_t *slot = node_slot(tree, parent, tree_key(place)), i;

	if (*slot)
		return *slot - 1;
	if (tree->count == tree->room) {
		tree->dropped++;
		return parent;
	}
	i = add(tree, parent, tree->node[parent].root);
	tree->node[i].place = place;
	tree->node[i].cpumode = cpumode;
	*slot = i + 1;
	grow(tree);
	return i;
}

bool tree_merge(struct tree *tree, struct arena *arena)
{
	size_t mark = arena->used;
	uint32_t count = tree->count;
	uint32_t *now = arena_array(arena, uint32_t, count);

	if (!now)
		return false;
	tree->count = tree->root_count = 0;
	memset(tree->table, 0, ((size_t)tree->mask + 1) * sizeof(*tree->table));
	memset(tree->root_table, 0, ((size_t)tree->root_mask + 1) * sizeof(*tree->root_table));
	for (uint32_t i = 0; i < count; i++) {
		struct tree_node n = tree->node[i];
		struct tree_root root = tree->root[n.root];

		now[i] = n.parent == TREE_NONE
				 ? tree_root(tree, &root)
				 : tree_child(tree, now[n.parent], n.place, n.cpumode);
		tree->node[now[i]].samples += n.samples;
		tree->node[now[i]].weight += n.weight;
	}
	arena_back(arena, mark);
	return true;
}
