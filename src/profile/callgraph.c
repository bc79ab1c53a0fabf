#include "profile/callgraph.h"

#include <stdlib.h>

#define PATH_MAX_FRAMES 2048
#define NODE_BYTES 64 /* of arena for one node of the graph, its share of the tables included */

bool callgraph_init(struct callgraph *graph, struct arena *arena, const struct hist *hist)
{
	const struct tree *tree = hist->tree;
	uint32_t n = tree->count;
	size_t room;

	*graph = (struct callgraph){ .hist = hist, .arena = arena };
	graph->child = arena_array(arena, uint32_t, n);
	graph->sibling = arena_array(arena, uint32_t, n);
	if (!graph->child || !graph->sibling)
		return false;
	for (uint32_t i = n; i--;) {
		uint32_t parent = tree->node[i].parent;

		graph->child[i] = graph->child[i] ? graph->child[i] : TREE_NONE;
		graph->sibling[i] = TREE_NONE;
		if (parent == TREE_NONE)
			continue;
		graph->sibling[i] = graph->child[parent] ? graph->child[parent] : TREE_NONE;
		graph->child[parent] = i;
	}
	room = (arena->size - arena->used) / 2 / NODE_BYTES;
	if (!tree_init(&graph->tree, arena, room < 2u * n + 64 ? (uint32_t)room : 2 * n + 64))
		return false;
	graph->mark = arena->used;
	return true;
}

static uint32_t add(struct callgraph *g, uint32_t parent, uint32_t node)
{
	const struct tree_node *n = &g->hist->tree->node[node];

	return n->place ? tree_child(&g->tree, parent, n->place, n->cpumode) : parent;
}

/* Outward: the node, its caller, ... */
static void add_callers(struct callgraph *g, uint32_t node, uint64_t weight)
{
	uint32_t at = 0;

	for (uint32_t i = node; i != TREE_NONE; i = g->hist->tree->node[i].parent)
		at = add(g, at, i);
	tree_add(&g->tree, at, weight);
}

/* Inward: the outermost caller, ..., the node. */
static void add_path(struct callgraph *g, uint32_t node, uint64_t weight)
{
	uint32_t path[PATH_MAX_FRAMES], n = 0, at = 0;

	for (uint32_t i = node; i != TREE_NONE && n < PATH_MAX_FRAMES;
		i = g->hist->tree->node[i].parent)
		path[n++] = i;
	while (n)
		at = add(g, at, path[--n]);
	tree_add(&g->tree, at, weight);
}

/* The nearest caller that is in the same row. */
static uint32_t outer(const struct hist *h, uint32_t node)
{
	uint32_t i = node;

	do
		i = h->tree->node[i].parent;
	while (i != TREE_NONE && h->row_of[i] != h->row_of[node]);
	return i;
}

static void add_leaf(struct callgraph *g, uint32_t node, uint32_t row, uint32_t at)
{
	const struct tree_node *n = &g->hist->tree->node[node];

	if (n->samples && g->hist->row_of[node] != row)
		tree_add(&g->tree, at, n->weight);
}

/* All that `top` called, but for chains that end in the row itself: they are shown whole. */
static void add_callees(struct callgraph *g, uint32_t top, uint32_t row)
{
	static uint32_t at[PATH_MAX_FRAMES];
	uint32_t node = top, depth = 0;

	at[0] = add(g, 0, top);
	for (;;) {
		if (g->child[node] != TREE_NONE && depth + 1 < PATH_MAX_FRAMES) {
			node = g->child[node];
			depth++;
		} else {
			while (depth && g->sibling[node] == TREE_NONE) {
				node = g->hist->tree->node[node].parent;
				depth--;
			}
			if (!depth)
				return;
			node = g->sibling[node];
		}
		at[depth] = add(g, at[depth - 1], node);
		add_leaf(g, node, row, at[depth]);
	}
}

static void add_node(struct callgraph *g, uint32_t node, uint32_t row, bool caller, bool children)
{
	const struct hist *h = g->hist;
	const struct tree_node *n = &h->tree->node[node];

	if (caller) {
		if (n->samples)
			add_path(g, node, n->weight);
		if (children && outer(h, node) == TREE_NONE)
			add_callees(g, node, row);
	} else if (children) {
		uint32_t above = outer(h, node);

		add_callers(g, node, h->total[node]);
		if (above != TREE_NONE)
			add_callers(g, above, -h->total[node]);
	} else if (n->samples) {
		add_callers(g, node, n->weight);
	}
}

static int by_parent(const void *left, const void *right)
{
	const struct callgraph_branch *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return a->node < b->node ? -1 : a->node > b->node;
}

static bool sum(struct callgraph *g, uint64_t least)
{
	uint32_t n = g->tree.count;

	g->total = arena_array(g->arena, uint64_t, n);
	g->branches = arena_array(g->arena, uint32_t, n);
	g->branch = arena_array(g->arena, struct callgraph_branch, n);
	g->branch_count = 0;
	if (!g->total || !g->branches || !g->branch)
		return false;
	for (uint32_t i = n; i--;) {
		uint32_t parent = g->tree.node[i].parent;

		g->total[i] += g->tree.node[i].weight;
		if (parent == TREE_NONE || !g->total[i])
			continue;
		g->total[parent] += g->total[i];
		g->branches[parent]++;
		if (g->total[i] >= least)
			g->branch[g->branch_count++] =
				(struct callgraph_branch){ g->total[i], parent, i };
	}
	qsort(g->branch, g->branch_count, sizeof(*g->branch), by_parent);
	return true;
}

bool callgraph_make(
	struct callgraph *graph, uint32_t row, bool caller, bool children, uint64_t least)
{
	const struct hist *h = graph->hist;

	arena_back(graph->arena, graph->mark);
	tree_clear(&graph->tree);
	tree_root(&graph->tree, &(struct tree_root){ 0 });
	for (uint32_t i = h->row[row].first; i != TREE_NONE; i = h->next[i])
		add_node(graph, i, row, caller, children);
	return sum(graph, least);
}

uint32_t callgraph_branches(
	const struct callgraph *graph, uint32_t node, const struct callgraph_branch **first)
{
	uint32_t low = 0, high = graph->branch_count, count = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (graph->branch[middle].parent < node)
			low = middle + 1;
		else
			high = middle;
	}
	*first = graph->branch + low;
	while (low + count < graph->branch_count && graph->branch[low + count].parent == node)
		count++;
	return count;
}

uint32_t callgraph_follow(const struct callgraph *graph, uint32_t node)
{
	const struct callgraph_branch *first;

	if (graph->branches[node] != 1 || !callgraph_branches(graph, node, &first) ||
		first->total != graph->total[node])
		return TREE_NONE;
	return first->node;
}
