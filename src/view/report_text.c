#include "view/report_text.h"

#include "base/escape.h"
#include "data/abi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL_BYTES 4096
#define UNNAMED_WIDTH 22 /* "[k] 0x" and 16 digits */

static const struct column {
	const char *word; /* of -s and -F */
	const char *title;
	int width; /* fixed, or 0: that of the widest cell */
	bool right;
} columns[] = {
	[REPORT_OVERHEAD] = { "overhead", "Overhead", 8, true },
	[REPORT_CHILDREN] = { "overhead_children", "Children", 8, true },
	[REPORT_SELF] = { NULL, "Self", 8, true },
	[REPORT_SAMPLES] = { "sample", "Samples", 12, true },
	[REPORT_PERIOD] = { "period", "Period", 12, true },
	[REPORT_COMM] = { "comm", "Command", 0, false },
	[REPORT_DSO] = { "dso", "Shared Object", 0, false },
	[REPORT_SYMBOL] = { "symbol", "Symbol", 0, false },
	[REPORT_PID] = { "tgid", "   Tgid:Command", 0, false },
	[REPORT_TID] = { "pid", "    Pid:Command", 0, false },
	[REPORT_CPU] = { "cpu", "CPU", 3, true },
};

enum report_column report_column_find(const char *word)
{
	int i = 0;

	if (!strcmp(word, "sym"))
		word = "symbol";
	if (!strcmp(word, "tid"))
		word = "pid";
	while (i < REPORT_COLUMN_KINDS && (!columns[i].word || strcmp(columns[i].word, word)))
		i++;
	return (enum report_column)i;
}

void report_text_count(struct out *out, uint64_t count)
{
	static const char units[] = " KMG";
	int unit = 0;

	for (; count > 1000 && unit < 3; unit++)
		count /= 1000;
	out_printf(out, "%" PRIu64 "%c", count, units[unit]);
}

void report_text_place(char *to, size_t cap, const struct place *place)
{
	if (place && place->symbol)
		escape_text(to, cap, place->symbol->name, 0);
	else
		snprintf(to, cap, "%#" PRIx64, place ? place->offset : 0);
}

static char level_of(uint8_t cpumode)
{
	static const char levels[] = "?k.Hgu";

	return cpumode < sizeof(levels) - 1 ? levels[cpumode] : '?';
}

static void symbol_cell(char *to, const struct hist_row *row)
{
	const char head[] = { '[', level_of(row->cpumode), ']', ' ', '0', 'x' };
	const struct place *p = row->place;
	uint64_t offset = p ? p->offset : 0;

	memcpy(to, head, sizeof(head));
	if (p && p->symbol) {
		escape_text(to + 4, CELL_BYTES - 4, p->symbol->name, 0);
		return;
	}
	to[UNNAMED_WIDTH] = 0;
	for (int i = UNNAMED_WIDTH; i-- > (int)sizeof(head); offset >>= 4)
		to[i] = "0123456789abcdef"[offset & 15];
	if (!p || !p->offset)
		strcpy(to + 4, "0000000000000000"); /* as printf has it */
}

static void task_cell(char *to, uint32_t id, const char *comm)
{
	int n = snprintf(to, CELL_BYTES, "%7d:", (int)id);

	escape_text(to + n, CELL_BYTES - (size_t)n, comm ? comm : "", 0);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* The text of a cell, escaped. */
static void make_cell(
	char *to, const struct hist_row *row, enum report_column column, uint64_t weight)
{
	switch (column) {
	case REPORT_CHILDREN:
		snprintf(to, CELL_BYTES, "%.2f%%", percent(row->children, weight));
		break;
	case REPORT_OVERHEAD:
	case REPORT_SELF:
		snprintf(to, CELL_BYTES, "%.2f%%", percent(row->self, weight));
		break;
	case REPORT_SAMPLES:
		snprintf(to, CELL_BYTES, "%" PRIu64, row->samples);
		break;
	case REPORT_PERIOD:
		snprintf(to, CELL_BYTES, "%" PRIu64, row->self);
		break;
	case REPORT_COMM:
		escape_text(to, CELL_BYTES, row->root->comm ? row->root->comm : "", 0);
		break;
	case REPORT_DSO:
		escape_text(to, CELL_BYTES, row->place ? row->place->image->name : "[unknown]", 0);
		break;
	case REPORT_SYMBOL:
		symbol_cell(to, row);
		break;
	case REPORT_PID:
		task_cell(to, row->root->pid, row->root->comm);
		break;
	case REPORT_TID:
		task_cell(to, row->root->tid, row->root->comm);
		break;
	case REPORT_CPU:
		snprintf(to, CELL_BYTES, "%03d", row->root->cpu);
		break;
	case REPORT_COLUMN_KINDS:
		break;
	}
}

/* A column's last cell: most often the next row's is the same, and need not be made again. */
struct cell {
	uint64_t key, weight;
	bool made;
	int size;
	char text[CELL_BYTES];
};

static struct cell cells[REPORT_COLUMN_KINDS];

/* Cells of one key have one text; false: there is no such key. */
static bool key_of(const struct hist_row *row, enum report_column column, uint64_t *key)
{
	switch (column) {
	case REPORT_CHILDREN:
		*key = row->children;
		return true;
	case REPORT_OVERHEAD:
	case REPORT_SELF:
	case REPORT_PERIOD:
		*key = row->self;
		return true;
	case REPORT_COMM:
		*key = (uintptr_t)row->root->comm;
		return true;
	case REPORT_DSO:
		*key = row->place ? (uintptr_t)row->place->image : 0;
		return true;
	default:
		return false;
	}
}

static const struct cell *cell_of(
	const struct hist_row *row, enum report_column column, uint64_t weight)
{
	struct cell *cell = &cells[column];
	uint64_t key = 0;
	bool keyed = key_of(row, column, &key);

	if (keyed && cell->made && cell->key == key && cell->weight == weight)
		return cell;
	make_cell(cell->text, row, column, weight);
	cell->size = (int)strlen(cell->text);
	cell->key = key;
	cell->weight = weight;
	cell->made = keyed;
	return cell;
}

/* Without writing what is long. */
static int cell_width(const struct hist_row *row, enum report_column column)
{
	if (column == REPORT_SYMBOL && !(row->place && row->place->symbol))
		return UNNAMED_WIDTH;
	return cell_of(row, column, 1)->size;
}

static uint64_t weight_of(const struct hist_row *row, const struct report_text *how)
{
	return how->children ? row->children : row->self;
}

/* Without children the rows of those that only called others stay empty. */
static bool is_empty(const struct hist_row *row, const struct report_text *how)
{
	return !weight_of(row, how) && !row->samples;
}

static void widths(int *width, const struct hist *hist, const struct report_text *how)
{
	for (int i = 0; i < how->column_count; i++) {
		const struct column *c = &columns[how->column[i]];

		width[i] = c->width ? c->width : (int)strlen(c->title);
		for (uint32_t row = 0; row < hist->count && !c->width; row++) {
			int w = is_empty(&hist->row[row], how)
					? 0
					: cell_width(&hist->row[row], how->column[i]);

			width[i] = w > width[i] ? w : width[i];
		}
	}
}

static void titles(struct out *out, const int *width, const struct report_text *how)
{
	for (int i = 0; i < how->column_count; i++) {
		const struct column *c = &columns[how->column[i]];

		out_string(out, i ? "  " : "# ");
		out_column(out, c->title, c->right ? -width[i] : width[i]);
	}
	out_string(out, "\n");
	for (int i = 0; i < how->column_count; i++) {
		out_string(out, i ? "  " : "# ");
		out_fill(out, '.', width[i]);
	}
	out_string(out, "\n#\n");
}

/* A symbol at the end of a line is not padded, names are. */
static void print_row(struct out *out, const struct hist_row *row, const int *width,
	const struct report_text *how)
{
	for (int i = 0; i < how->column_count; i++) {
		const struct column *c = &columns[how->column[i]];
		bool last = i + 1 == how->column_count && how->column[i] == REPORT_SYMBOL;
		const struct cell *cell = cell_of(row, how->column[i], how->weight);
		int room = width[i] - cell->size;

		out_fill(out, ' ', 2 + (c->right && room > 0 ? room : 0));
		out_bytes(out, cell->text, (size_t)cell->size);
		if (!c->right && !last)
			out_fill(out, ' ', room);
	}
	out_char(out, '\n');
}

static void print_graph(struct out *out, struct callgraph *graph, const struct hist *hist,
	uint32_t row, const struct report_text *how)
{
	uint64_t weight = weight_of(&hist->row[row], how);
	double least = (double)how->weight * how->graph_limit / 100;

	if ((double)weight < least || !weight)
		return;
	if (callgraph_make(graph, row, how->caller, how->children, (uint64_t)least))
		callgraph_text(out, graph, how, weight);
	else
		out_string(out, "            (no room for the call graph; see --memory)\n\n");
}

void report_text_table(struct out *out, const struct hist *hist, struct callgraph *graph,
	const struct report_text *how)
{
	int width[REPORT_COLUMNS_MAX];

	widths(width, hist, how);
	titles(out, width, how);
	for (uint32_t i = 0; i < hist->count && !out->error; i++) {
		uint64_t weight = weight_of(&hist->row[i], how);

		if (is_empty(&hist->row[i], how))
			continue;
		if (percent(weight, how->weight) < how->percent_limit)
			break;
		print_row(out, &hist->row[i], width, how);
		if (graph)
			print_graph(out, graph, hist, i, how);
	}
}
