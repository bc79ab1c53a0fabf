#include "view/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARGIN 12
#define DEPTH_MAX 512 /* branches within branches */

struct text {
	struct out *out;
	const struct callgraph *graph;
	const struct report_text *how;
	int margin;
	bool open[DEPTH_MAX]; /* a bar goes on at this depth */
};

static void name(struct text *t, uint32_t node)
{
	char text[4096];

	report_text_place(text, sizeof(text), t->graph->tree.node[node].place);
	out_string(t->out, text);
	out_char(t->out, '\n');
}

static void bars(struct text *t, int depth, const char *gap, int gaps)
{
	out_fill(t->out, ' ', t->margin);
	for (int i = 0; i < depth; i++) {
		out_char(t->out, t->open[i] ? '|' : ' ');
		out_string(t->out, i < gaps ? gap : "");
	}
}

/* The functions of a branch, one per line, its share before the first; gives the last node. */
static uint32_t branch(struct text *t, const struct callgraph_branch *b, int depth)
{
	uint32_t node = b->node, last = node, lines = 0;

	for (; node != TREE_NONE; node = callgraph_follow(t->graph, node)) {
		last = node;
		if (t->how->graph_lines && lines == t->how->graph_lines)
			continue;
		bars(t, depth, "          ", lines ? depth : depth - 1);
		if (!lines++)
			out_printf(t->out, "--%.2f%%--",
				100.0 * (double)b->total / (double)t->how->weight);
		name(t, node);
	}
	return last;
}

static void branches(struct text *t, uint32_t node, int depth)
{
	const struct callgraph_branch *first;
	uint32_t count = callgraph_branches(t->graph, node, &first);

	if (depth >= DEPTH_MAX)
		return;
	t->open[depth - 1] = true;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t last;

		bars(t, depth, "          ", depth);
		out_char(t->out, '\n');
		if (i + 1 == count)
			t->open[depth - 1] = false;
		last = branch(t, &first[i], depth);
		branches(t, last, depth + 1);
	}
}

/* The only way there is: no share is told, since it is the row's. */
static uint32_t trunk(struct text *t, const struct callgraph_branch *b)
{
	uint32_t last = b->node, lines = 0, seen = 0;

	for (uint32_t node = b->node; node != TREE_NONE; node = callgraph_follow(t->graph, node)) {
		last = node;
		if (!seen++ && t->how->symbol_first)
			continue;
		if (t->how->graph_lines && lines == t->how->graph_lines)
			continue;
		if (!lines++) {
			out_fill(t->out, ' ', MARGIN);
			out_string(t->out, "|\n");
			out_fill(t->out, ' ', MARGIN);
			out_string(t->out, "---");
			t->margin += 3;
		} else {
			out_fill(t->out, ' ', t->margin);
		}
		name(t, node);
	}
	return last;
}

void callgraph_text(struct out *out, const struct callgraph *graph, const struct report_text *how,
	uint64_t row_weight)
{
	static struct text t;
	const struct callgraph_branch *first;
	uint32_t count = callgraph_branches(graph, 0, &first), from = 0;

	if (!count)
		return;
	t = (struct text){ .out = out, .graph = graph, .how = how, .margin = MARGIN };
	if (count == 1 && first->total == row_weight)
		from = trunk(&t, first);
	branches(&t, from, 1);
	out_char(out, '\n');
}
