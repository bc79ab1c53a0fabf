#include "view/top.h"

#include "base/escape.h"
#include "data/abi.h"
#include "view/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL 1024
#define GRAPH_PERCENT 1.0 /* branches below are left out */

/* Where the kernel waits for work, in the kernels and architectures we know. */
static const char *const idle[] = {
	"acpi_idle_do_entry",
	"acpi_processor_ffh_cstate_enter",
	"acpi_safe_halt",
	"arch_cpu_idle",
	"cpu_do_idle",
	"cpu_idle",
	"cpu_idle_poll",
	"cpu_startup_entry",
	"cpuidle_enter",
	"cpuidle_enter_state",
	"default_idle",
	"default_idle_call",
	"do_idle",
	"intel_idle",
	"intel_idle_ibrs",
	"intel_idle_irq",
	"io_idle",
	"mwait_idle",
	"mwait_idle_with_hints",
	"native_safe_halt",
	"poll_idle",
	"psci_cpu_suspend_enter",
	"psci_enter_idle_state",
	"pv_native_safe_halt",
	"tdx_safe_halt",
	"xen_safe_halt",
};

bool top_is_idle(const char *symbol)
{
	size_t length = strcspn(symbol, "."); /* "mwait_idle_with_hints.constprop.0" */

	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++)
		if (!strncmp(symbol, idle[i], length) && !idle[i][length])
			return true;
	return false;
}

unsigned top_hist_keys(const struct top *top)
{
	return top->keys | (top->zoomed ? 1u << HIST_PID : 0);
}

static const char *comm_of(const struct hist_row *r)
{
	return r->root->comm ? r->root->comm : "";
}

static const char *dso_of(const struct hist_row *r)
{
	return r->place ? r->place->image->name : "[unknown]";
}

static bool has_word(const struct top *top, const struct hist_row *r)
{
	const char *symbol = r->place && r->place->symbol ? r->place->symbol->name : "";

	return (top->keys & 1u << HIST_SYMBOL && strstr(symbol, top->filter)) ||
	       (top->keys & 1u << HIST_DSO && strstr(dso_of(r), top->filter)) ||
	       (top->keys & (1u << HIST_COMM | 1u << HIST_PID | 1u << HIST_TID) &&
		       strstr(comm_of(r), top->filter));
}

static bool shown(const struct top *top, const struct hist_row *r)
{
	bool kernel = r->cpumode == PERF_RECORD_MISC_KERNEL;

	if (!r->self || (top->zoomed && r->root->pid != top->pid))
		return false;
	if (top->keys & 1u << HIST_SYMBOL && (kernel ? top->hide_kernel : top->hide_user))
		return false;
	return !*top->filter || has_word(top, r);
}

bool top_choose(struct top_rows *rows, const struct top *top, struct hist *hist)
{
	*rows = (struct top_rows){ .hist = hist };
	rows->row = arena_array(hist->arena, uint32_t, hist->count);
	for (uint32_t i = 0; i < hist->count; i++)
		if (!top->zoomed || hist->row[i].root->pid == top->pid)
			rows->weight += hist->row[i].self;
	for (uint32_t i = 0; i < hist->count && rows->row; i++)
		if (shown(top, &hist->row[i]))
			rows->row[rows->count++] = i;
	return rows->row;
}

/* The columns, in order; width 0: whatever is left of the line. */
static const struct column {
	enum hist_key key;
	const char *title;
	int width, narrow; /* on a line of less than 100 */
} columns[] = {
	{ HIST_PID, "    Pid", 7, 7 },
	{ HIST_TID, "    Tid", 7, 7 },
	{ HIST_CPU, "CPU", 3, 3 },
	{ HIST_COMM, "Command", 15, 15 },
	{ HIST_DSO, "Shared Object", 28, 18 },
	{ HIST_SYMBOL, "Symbol", 0, 0 },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* Columns that a text takes: bytes that do not continue a character. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Cuts a text to `width` columns. */
static void cut(char *text, int width)
{
	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80 && !width--) {
			*text = 0;
			return;
		}
}

struct line {
	char *at;
	size_t left;
};

static void append(struct line *line, const char *text, int pad_to)
{
	int pad = pad_to - width_of(text);
	int n = snprintf(line->at, line->left, "%s%*s", text, pad > 0 ? pad : 0, "");

	n = n < (int)line->left ? n : (int)line->left - 1;
	line->at += n;
	line->left -= (size_t)n;
}

static int width_in(const struct column *c, int width)
{
	return width && width < 100 ? c->narrow : c->width;
}

void top_titles(char *to, size_t cap, const struct top *top, int width)
{
	struct line line = { to, cap };

	append(&line, " Overhead", 9);
	if (top->samples)
		append(&line, "   Samples", 10);
	for (size_t i = 0; i < COLUMNS; i++)
		if (top->keys & 1u << columns[i].key) {
			append(&line, "  ", 2);
			append(&line, columns[i].title, width_in(&columns[i], width));
		}
}

static void cell(char *to, const struct hist_row *r, enum hist_key key)
{
	static const char levels[] = "?k.Hgu";
	int n;

	switch (key) {
	case HIST_PID:
		snprintf(to, CELL, "%7" PRIu32, r->root->pid);
		break;
	case HIST_TID:
		snprintf(to, CELL, "%7" PRIu32, r->root->tid);
		break;
	case HIST_CPU:
		snprintf(to, CELL, "%03d", r->root->cpu);
		break;
	case HIST_COMM:
		escape_text(to, CELL, comm_of(r), 0);
		break;
	case HIST_DSO:
		escape_text(to, CELL, dso_of(r), 0);
		break;
	default:
		n = snprintf(to, CELL, "[%c] ",
			r->cpumode < sizeof(levels) - 1 ? levels[r->cpumode] : '?');
		report_text_place(to + n, CELL - (size_t)n, r->place);
	}
}

void top_row(char *to, size_t cap, const struct top *top, const struct top_rows *rows, uint32_t row,
	int width)
{
	const struct hist_row *r = &rows->hist->row[rows->row[row]];
	double whole = rows->weight ? (double)rows->weight : 1;
	struct line line = { to, cap };
	char text[CELL];

	snprintf(text, sizeof(text), "%8.2f%%", 100.0 * (double)r->self / whole);
	append(&line, text, 9);
	if (top->samples) {
		snprintf(text, sizeof(text), "%10" PRIu64, r->samples);
		append(&line, text, 10);
	}
	for (size_t i = 0; i < COLUMNS; i++) {
		int w = width_in(&columns[i], width);

		if (!(top->keys & 1u << columns[i].key))
			continue;
		cell(text, r, columns[i].key);
		if (w)
			cut(text, w);
		append(&line, "  ", 2);
		append(&line, text, w);
	}
}

void top_headline(char *to, size_t cap, const struct top *top)
{
	const struct top_numbers *n = &top->numbers;
	char event[128];

	escape_text(event, sizeof(event), top->event, 0);
	snprintf(to, cap,
		"perfbox top: %.0f samples/s, kernel %.1f%%, lost %" PRIu64
		", own CPU %.1f%%, tables %.1fM, %s, %s",
		n->seconds > 0 ? (double)n->samples / n->seconds : 0.0,
		n->busy ? 100.0 * (double)n->kernel / (double)n->busy : 0.0, n->lost,
		n->own_percent, (double)n->memory_bytes / 1048576, event, top->where);
}

void top_state(char *to, size_t cap, const struct top *top)
{
	struct line line = { to, cap };
	char text[CELL], word[TOP_WORD * 4];

	*to = 0;
	if (top->frozen)
		append(&line, "FROZEN  ", 0);
	if (top->zoomed) {
		snprintf(text, sizeof(text), "process %" PRIu32 "  ", top->pid);
		append(&line, text, 0);
	}
	if (*top->filter) {
		escape_text(word, sizeof(word), top->filter, 0);
		snprintf(text, sizeof(text), "with \"%s\"  ", word);
		append(&line, text, 0);
	}
	if (top->numbers.dropped) {
		snprintf(text, sizeof(text), "%" PRIu64 " dropped, tables full (--memory)  ",
			top->numbers.dropped);
		append(&line, text, 0);
	}
	if (top->note)
		append(&line, top->note, 0);
}

size_t top_graph(
	char *to, size_t cap, const struct top_rows *rows, uint32_t row, uint32_t lines_most)
{
	static struct out text;
	uint32_t index = rows->row[row];
	uint64_t weight = rows->hist->row[index].self;
	struct report_text how = { .weight = rows->weight ? rows->weight : 1 };
	size_t used = 0;

	how.graph_lines = lines_most;
	how.symbol_first = true;
	/* nothing is written: what does not fit is cut */
	out_begin(&text, -1);
	if (callgraph_make(rows->graph, index, false, false,
		    (uint64_t)((double)weight * GRAPH_PERCENT / 100.0)))
		callgraph_text(&text, rows->graph, &how, weight);
	if (!text.error)
		used = text.used < cap - 1 ? text.used : cap - 1;
	memcpy(to, text.buffer, used);
	to[used] = 0;
	return used;
}
