#include "profile/hist.h"

#include <stdlib.h>
#include <string.h>

/* What a row is told apart by, with all that is not sorted by left out. */
struct key {
	const char *comm;
	const void *image, *symbol;
	uint32_t pid, tid;
	int32_t cpu;
};

static struct key key_of(unsigned keys, const struct tree_root *root, const struct place *place)
{
	struct key k = { 0 };

	if (keys & 1u << HIST_COMM)
		k.comm = root->comm;
	if (keys & (1u << HIST_PID | 1u << HIST_TID))
		k.pid = root->pid;
	if (keys & 1u << HIST_TID)
		k.tid = root->tid;
	if (keys & 1u << HIST_CPU)
		k.cpu = root->cpu;
	if (keys & 1u << HIST_DSO)
		k.image = place ? place->image : NULL;
	if (keys & 1u << HIST_SYMBOL)
		k.symbol = tree_key(place);
	return k;
}

static uint32_t hash_key(const struct key *k)
{
	uint64_t mix = (uintptr_t)k->symbol * 3 ^ (uintptr_t)k->image << 7 ^
		       (uintptr_t)k->comm << 21 ^ (uint64_t)k->pid << 33 ^ (uint64_t)k->tid << 15 ^
		       (uint64_t)(uint32_t)k->cpu << 50;

	return (uint32_t)((mix ^ mix >> 31) * 0x9e3779b97f4a7c15ull >> 32);
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->comm == b->comm && a->image == b->image && a->symbol == b->symbol &&
	       a->pid == b->pid && a->tid == b->tid && a->cpu == b->cpu;
}

/* Rows lie behind each other: nothing else is taken from the arena meanwhile. */
_Static_assert(sizeof(struct hist_row) % 16 == 0, "rows lie behind each other in the arena");

static uint32_t add_row(struct hist *h, const struct tree_node *node, uint32_t hash)
{
	struct hist_row *r = arena_new(h->arena, struct hist_row);

	if (!r) {
		h->dropped++;
		return TREE_NONE;
	}
	r->root = &h->tree->root[node->root];
	r->place = node->place;
	r->cpumode = node->cpumode;
	r->first = TREE_NONE;
	r->hash = hash;
	r->sister = h->bucket[hash & h->mask];
	h->bucket[hash & h->mask] = ++h->count;
	return h->count - 1;
}

static uint32_t row_of(struct hist *h, const struct tree_node *node)
{
	struct key key = key_of(h->keys, &h->tree->root[node->root], node->place);
	uint32_t hash = hash_key(&key);

	for (uint32_t i = h->bucket[hash & h->mask]; i; i = h->row[i - 1].sister) {
		const struct hist_row *r = &h->row[i - 1];
		struct key other;

		if (r->hash != hash)
			continue;
		other = key_of(h->keys, r->root, r->place);
		if (same_key(&key, &other))
			return i - 1;
	}
	return add_row(h, node, hash);
}

/* Whether a caller of `node` is in the same row: then its total is counted there already. */
static bool inner(const struct hist *h, uint32_t node, uint32_t row)
{
	uint32_t i = node;

	while ((i = h->tree->node[i].parent) != TREE_NONE)
		if (h->row_of[i] == row)
			return true;
	return false;
}

static void add_node(struct hist *h, uint32_t i)
{
	const struct tree_node *n = &h->tree->node[i];
	uint32_t row = n->place || n->samples ? row_of(h, n) : TREE_NONE;
	struct hist_row *r;

	h->row_of[i] = row;
	if (row == TREE_NONE)
		return;
	r = &h->row[row];
	r->self += n->weight;
	r->samples += n->samples;
	h->self += n->weight;
	h->samples += n->samples;
	if (!inner(h, i, row))
		r->children += h->total[i];
	h->next[i] = r->first;
	r->first = i;
}

static bool take(struct hist *h, uint32_t nodes)
{
	uint32_t slots = 64;

	while (slots < nodes / 4)
		slots *= 2;
	h->mask = slots - 1;
	h->bucket = arena_array(h->arena, uint32_t, slots);
	h->row_of = arena_array(h->arena, uint32_t, nodes);
	h->next = arena_array(h->arena, uint32_t, nodes);
	h->total = arena_array(h->arena, uint64_t, nodes);
	h->row = arena_array(h->arena, struct hist_row, 0);
	return h->bucket && h->row_of && h->next && h->total && h->row;
}

bool hist_make(struct hist *hist, struct arena *arena, const struct tree *tree, uint32_t event,
	unsigned keys)
{
	*hist = (struct hist){ .tree = tree, .keys = keys, .arena = arena };
	if (!take(hist, tree->count))
		return false;
	for (uint32_t i = tree->count; i--;) {
		const struct tree_node *n = &tree->node[i];

		hist->total[i] += n->weight;
		if (n->parent != TREE_NONE)
			hist->total[n->parent] += hist->total[i];
	}
	for (uint32_t i = 0; i < tree->count; i++) {
		hist->row_of[i] = hist->next[i] = TREE_NONE;
		if (tree->root[tree->node[i].root].event == event)
			add_node(hist, i);
	}
	return true;
}

static int by_children(const void *left, const void *right)
{
	const struct hist_row *a = left, *b = right;

	if (a->children != b->children)
		return a->children < b->children ? 1 : -1;
	if (a->self != b->self)
		return a->self < b->self ? 1 : -1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static int by_self(const void *left, const void *right)
{
	const struct hist_row *a = left, *b = right;

	if (a->self != b->self)
		return a->self < b->self ? 1 : -1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static void sort(struct hist_row *row, struct hist_row *spare, uint32_t count,
	int (*compare)(const void *, const void *))
{
	uint32_t half = count / 2, a = 0, b = half;

	if (count < 2)
		return;
	sort(row, spare, half, compare);
	sort(row + half, spare, count - half, compare);
	if (compare(&row[half - 1], &row[half]) < 0)
		return;
	memcpy(spare, row, half * sizeof(*row));
	for (uint32_t i = 0; a < half; i++)
		row[i] = b == count || compare(&spare[a], &row[b]) < 0 ? spare[a++] : row[b++];
}

/* A merge sort where there is room for it: rows are in order of arrival, and many weigh the same.
 */
void hist_sort(struct hist *hist, bool children)
{
	size_t mark = hist->arena->used;
	struct hist_row *spare = arena_array(hist->arena, struct hist_row, hist->count / 2);

	if (spare)
		sort(hist->row, spare, hist->count, children ? by_children : by_self);
	else
		qsort(hist->row, hist->count, sizeof(*hist->row), children ? by_children : by_self);
	arena_back(hist->arena, mark);
	for (uint32_t i = 0; i < hist->count; i++)
		for (uint32_t n = hist->row[i].first; n != TREE_NONE; n = hist->next[n])
			hist->row_of[n] = i;
}
