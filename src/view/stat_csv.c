#include "view/stat.h"

static void line_start(struct out *out, const struct stat_sheet *sheet, uint32_t column)
{
	if (sheet->interval)
		out_printf(out, "%6llu.%09llu%s", (unsigned long long)(sheet->time_ns / 1000000000),
			(unsigned long long)(sheet->time_ns % 1000000000), sheet->separator);
	if (sheet->cpus)
		out_printf(out, "CPU%d%s", sheet->cpus[column], sheet->separator);
}

static void metric_fields(
	struct out *out, const struct stat_sheet *sheet, const struct stat_metric *metric)
{
	const char *sep = sheet->separator;

	if (metric->known && metric->unit)
		out_printf(
			out, "%s%.*f%s%s", sep, metric->decimals, metric->value, sep, metric->unit);
	else
		out_printf(out, "%s%s", sep, sep);
}

/* perf leaves this many fields empty before a metric on a line of its own. */
static void further_metric(struct out *out, const struct stat_sheet *sheet, uint32_t column,
	const struct stat_metric *metric)
{
	out_char(out, '\n');
	line_start(out, sheet, column);
	for (int i = 0; i < (sheet->cpus ? 4 : 3); i++)
		out_string(out, sheet->separator);
	metric_fields(out, sheet, metric);
}

static void line(struct out *out, const struct stat_sheet *sheet, int index, uint32_t column)
{
	const struct stat_cell *cell = &sheet->cells[(size_t)index * sheet->columns + column];
	const struct event *event = &sheet->events->at[index];
	struct stat_metric metrics[STAT_METRICS] = { { .known = false } };
	const char *sep = sheet->separator;
	int count = 1;

	if (cell->state == COUNT_ABSENT)
		return;
	line_start(out, sheet, column);
	if (cell->state == COUNT_DONE)
		out_printf(out, "%.*f", stat_decimals(event), cell->value);
	else
		out_string(out, cell->state == COUNT_NEVER ? "<not counted>" : "<not supported>");
	out_printf(out, "%s%s%s", sep, event->unit, sep);
	out_text(out, event->name);
	if (sheet->runs > 1)
		out_printf(out, "%s%.2f%%", sep, cell->noise_percent);
	out_printf(out, "%s%.0f%s%.2f", sep, cell->running_ns, sep, stat_running_percent(cell));
	if (cell->state == COUNT_DONE)
		count = stat_metrics(sheet, index, column, metrics);
	metric_fields(out, sheet, &metrics[0]);
	if (count > 1)
		further_metric(out, sheet, column, &metrics[1]);
	out_char(out, '\n');
}

void stat_csv(struct out *out, const struct stat_sheet *sheet)
{
	for (int i = 0; i < sheet->events->count; i++)
		for (uint32_t column = 0; column < sheet->columns; column++)
			line(out, sheet, i, column);
}
