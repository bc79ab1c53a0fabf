#ifndef VIEW_TOP_H
#define VIEW_TOP_H

/*
 * What is sampled right now, as blocks of plain text or as a screen that is drawn in place. Names
 * from outside are escaped here.
 */

#include "base/out.h"
#include "profile/callgraph.h"
#include "profile/hist.h"

#include <stdbool.h>

#define TOP_WORD 64

/* Since the last refresh. */
struct top_numbers {
	double seconds;
	uint64_t samples;
	uint64_t busy, kernel; /* of them in processes; of these in the kernel */
	uint64_t lost;	       /* records that found no room in a ring, in all */
	uint64_t dropped;      /* what found no room in the tables, in all */
	double own_percent;    /* of one CPU that this program used */
	size_t memory_bytes;   /* of tables */
};

struct top {
	/* what it is */
	const char *event, *where; /* "cpu-clock", "all CPUs" */
	struct top_numbers numbers;
	const char *note; /* one line more, or NULL */
	/* how it is looked at */
	unsigned keys; /* bits 1 << enum hist_key: columns in the order of the enum, ids first */
	bool samples;  /* a column of them */
	bool graph;    /* with call graphs */
	bool frozen, zero, help;
	bool zoomed;
	uint32_t pid; /* where zoomed */
	char filter[TOP_WORD];
	const char *prompt; /* a question, or NULL */
	char typed[TOP_WORD];
	bool hide_user, hide_kernel;
	uint32_t entries; /* rows of text at most */
	/* the row the cursor is on, kept within what there is; the first one on the screen */
	uint32_t selected, first;
};

/* Rows that are to be shown: by self, the idle loop and what is filtered out left away. */
struct top_rows {
	struct hist *hist;
	struct callgraph *graph; /* NULL: none */
	uint32_t *row;		 /* indices */
	uint32_t count;
	uint64_t weight; /* what 100% is */
};

/* Whether a kernel function is where a CPU waits for work. */
bool top_is_idle(const char *symbol);

/* The histogram's keys: those to show, and those that a zoom needs. */
unsigned top_hist_keys(const struct top *top);

/* `hist` has top_hist_keys and is sorted. False: no room in its arena. */
bool top_choose(struct top_rows *rows, const struct top *top, struct hist *hist);

/* One line of `cap` bytes at most: the columns' titles, or (row of rows->row) their cells. */
void top_titles(char *to, size_t cap, const struct top *top, int width);
void top_row(char *to, size_t cap, const struct top *top, const struct top_rows *rows, uint32_t row,
	int width);

/* "7998 samples/s of cpu-clock, all CPUs, kernel 12.3%, lost 0, own CPU 0.4%, tables 3.1M" */
void top_headline(char *to, size_t cap, const struct top *top);

/* What narrows the view: filter, zoom, freeze; "" for nothing. */
void top_state(char *to, size_t cap, const struct top *top);

/* The lines of a row's call graph, each ended by a newline, into `to`, cut where it is full. */
size_t top_graph(
	char *to, size_t cap, const struct top_rows *rows, uint32_t row, uint32_t lines_most);

/* A block of text. */
void top_text(struct out *out, const struct top *top, const struct top_rows *rows);

/* The screen, drawn over what was there before. */
void top_screen(
	struct out *out, struct top *top, const struct top_rows *rows, int columns, int lines);

#endif
