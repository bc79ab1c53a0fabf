#include "view/stat.h"

#include <stdio.h>
#include <string.h>

#define METRIC_COLUMNS 35
#define NAME_COLUMNS 32
#define BARE_NAME_COLUMNS 25 /* where there is no count */
#define HEADING_EVERY 25     /* intervals */

static int unit_columns(const struct stat_sheet *sheet)
{
	size_t widest = 4;

	for (int i = 0; i < sheet->events->count; i++) {
		size_t length = strlen(sheet->events->at[i].unit);
		bool there = sheet->cells[(size_t)i * sheet->columns].state != COUNT_UNSUPPORTED;

		widest = there && length > widest ? length : widest;
	}
	return (int)widest;
}

static void line_start(struct out *out, const struct stat_sheet *sheet, uint32_t column)
{
	if (sheet->interval)
		out_printf(out, "%6llu.%09llu ", (unsigned long long)(sheet->time_ns / 1000000000),
			(unsigned long long)(sheet->time_ns % 1000000000));
	if (sheet->cpus)
		out_printf(out, "CPU%-7d ", sheet->cpus[column]);
}

static void metric_text(struct out *out, const struct stat_metric *metric)
{
	char text[64];
	int used;

	if (!metric->known || !metric->unit) {
		out_fill(out, ' ', METRIC_COLUMNS);
		return;
	}
	used = snprintf(text, sizeof(text), " # %*.*f%s", metric->width, metric->decimals,
		metric->value, metric->suffix);
	out_printf(out, "%s %-*s", text, METRIC_COLUMNS - used - 1, metric->unit);
}

static void further_metric(struct out *out, const struct stat_sheet *sheet, uint32_t column,
	const struct stat_metric *metric)
{
	out_char(out, '\n');
	line_start(out, sheet, column);
	out_fill(out, ' ', sheet->cpus ? 57 : 49);
	metric_text(out, metric);
}

static void noise_and_running(
	struct out *out, const struct stat_sheet *sheet, const struct stat_cell *cell)
{
	if (sheet->runs > 1 && cell->noise_percent > 0)
		out_printf(out, "  ( +-%6.2f%% )", cell->noise_percent);
	if (cell->running_ns != cell->enabled_ns)
		out_printf(out, "  (%.2f%%)", stat_running_percent(cell));
}

static void counted(struct out *out, const struct stat_sheet *sheet, int index, uint32_t column,
	const struct stat_cell *cell)
{
	const struct event *event = &sheet->events->at[index];
	struct stat_metric metrics[STAT_METRICS];
	int count = stat_metrics(sheet, index, column, metrics);

	out_printf(out, "%18.*f %-*s ", stat_decimals(event), cell->value, unit_columns(sheet),
		event->unit);
	out_column(out, event->name, NAME_COLUMNS);
	metric_text(out, &metrics[0]);
	if (count > 1)
		further_metric(out, sheet, column, &metrics[1]);
}

static void not_counted(
	struct out *out, const struct stat_sheet *sheet, int index, const struct stat_cell *cell)
{
	const struct event *event = &sheet->events->at[index];

	out_printf(out, "%18s %-*s ",
		cell->state == COUNT_NEVER ? "<not counted>" : "<not supported>",
		unit_columns(sheet), event->unit);
	out_column(out, event->name, BARE_NAME_COLUMNS);
	out_fill(out, ' ', METRIC_COLUMNS);
}

static void line(struct out *out, const struct stat_sheet *sheet, int index, uint32_t column)
{
	const struct stat_cell *cell = &sheet->cells[(size_t)index * sheet->columns + column];

	if (cell->state == COUNT_ABSENT)
		return;
	line_start(out, sheet, column);
	if (cell->state == COUNT_DONE)
		counted(out, sheet, index, column, cell);
	else
		not_counted(out, sheet, index, cell);
	noise_and_running(out, sheet, cell);
	out_char(out, '\n');
}

static void heading(struct out *out, const struct stat_sheet *sheet)
{
	static int intervals;

	if (!sheet->interval) {
		out_string(out, "\n Performance counter stats for ");
		out_text(out, sheet->subject);
		if (sheet->runs > 1)
			out_printf(out, " (%u runs)", sheet->runs);
		out_string(out, ":\n\n");
	} else if (intervals++ % HEADING_EVERY == 0) {
		out_printf(out, "#           time%s             counts %*s events\n",
			sheet->cpus ? " CPU       " : "", unit_columns(sheet), "unit");
	}
}

/* As many decimals as the deviation leaves certain, and two more. */
static int decimals_of(double deviation)
{
	int decimals = 2;

	for (; deviation > 0 && deviation < 1 && decimals < 12; deviation *= 10)
		decimals++;
	return decimals;
}

static void footing(struct out *out, const struct stat_sheet *sheet)
{
	double wall = sheet->wall_ns / 1e9, deviation = sheet->wall_deviation_ns / 1e9;
	int decimals = decimals_of(deviation);

	if (sheet->events->count)
		out_char(out, '\n');
	if (sheet->runs > 1) {
		out_printf(out, " %17.*f +- %.*f seconds time elapsed", decimals, wall, decimals,
			deviation);
		if (deviation > 0)
			out_printf(out, "  ( +-%6.2f%% )", 100 * deviation / wall);
	} else {
		out_printf(out, " %17.9f seconds time elapsed", wall);
	}
	if (sheet->usage && sheet->runs == 1)
		out_printf(out, "\n\n %17.9f seconds user\n %17.9f seconds sys\n",
			sheet->user_ns / 1e9, sheet->system_ns / 1e9);
	out_string(out, "\n\n");
}

void stat_text(struct out *out, const struct stat_sheet *sheet)
{
	heading(out, sheet);
	for (int i = 0; i < sheet->events->count; i++)
		for (uint32_t column = 0; column < sheet->columns; column++)
			line(out, sheet, i, column);
	if (!sheet->interval)
		footing(out, sheet);
}
