#ifndef VIEW_REPORT_TEXT_H
#define VIEW_REPORT_TEXT_H

/*
 * A report as plain text, laid out as `perf report --stdio` does, since people parse it: comment
 * lines begin with "#", columns are as wide as their widest cell, call graphs hang below their row.
 */

#include "base/out.h"
#include "profile/callgraph.h"
#include "profile/hist.h"

#define REPORT_COLUMNS_MAX 16

enum report_column {
	REPORT_OVERHEAD,
	REPORT_CHILDREN,
	REPORT_SELF,
	REPORT_SAMPLES,
	REPORT_PERIOD,
	REPORT_COMM,
	REPORT_DSO,
	REPORT_SYMBOL,
	REPORT_PID, /* the process */
	REPORT_TID,
	REPORT_CPU,
	REPORT_COLUMN_KINDS,
};

struct report_text {
	enum report_column column[REPORT_COLUMNS_MAX];
	int column_count;
	bool children;	      /* rows are by children, not by self */
	double percent_limit; /* rows below it are left out */
	uint64_t weight;      /* what 100% is */
	bool graph, caller;
	double graph_limit;   /* percent; branches below it are left out */
	uint32_t graph_lines; /* of one branch, 0: all */
	bool symbol_first;    /* sorted by symbol first: a graph need not say it again */
};

/* Column of a -s or -F word ("comm", "overhead_children"), or REPORT_COLUMN_KINDS. */
enum report_column report_column_find(const char *word);

/* "557K of event": a number as the comments tell it. */
void report_text_count(struct out *out, uint64_t count);

/* The table of one sorted histogram. */
void report_text_table(struct out *out, const struct hist *hist, struct callgraph *graph,
	const struct report_text *how);

/* The call graph of a row, in view/callgraph_text.c. */
void callgraph_text(struct out *out, const struct callgraph *graph, const struct report_text *how,
	uint64_t row_weight);

/* A place's function, or its address as perf tells it. Comes from outside. */
void report_text_place(char *to, size_t cap, const struct place *place);

#endif
