#include "view/stat.h"

static void line_start(struct out *out, const struct stat_sheet *sheet, uint32_t column)
{
	out_char(out, '{');
	if (sheet->interval)
		out_printf(out, "\"interval\" : %llu.%09llu, ",
			(unsigned long long)(sheet->time_ns / 1000000000),
			(unsigned long long)(sheet->time_ns % 1000000000));
	if (sheet->cpus)
		out_printf(out, "\"cpu\" : \"%d\", ", sheet->cpus[column]);
}

static void metric_fields(struct out *out, const struct stat_metric *metric)
{
	out_printf(out, "\"metric-value\" : %f, \"metric-unit\" : \"%s\"}\n",
		metric->known ? metric->value : 0, metric->unit ? metric->unit : "");
}

static void line(struct out *out, const struct stat_sheet *sheet, int index, uint32_t column)
{
	const struct stat_cell *cell = &sheet->cells[(size_t)index * sheet->columns + column];
	const struct event *event = &sheet->events->at[index];
	struct stat_metric metrics[STAT_METRICS] = { { .known = false } };
	int count = 1;

	if (cell->state == COUNT_ABSENT)
		return;
	line_start(out, sheet, column);
	out_string(out, "\"counter-value\" : ");
	if (cell->state == COUNT_DONE)
		out_printf(out, "\"%f\"", cell->value);
	else
		out_string(out,
			cell->state == COUNT_NEVER ? "\"<not counted>\"" : "\"<not supported>\"");
	out_string(out, ", \"unit\" : ");
	out_json(out, event->unit);
	out_string(out, ", \"event\" : ");
	out_json(out, event->name);
	if (sheet->runs > 1)
		out_printf(out, ", \"variance\" : %.2f", cell->noise_percent);
	out_printf(out, ", \"event-runtime\" : %.0f, \"pcnt-running\" : %.2f, ", cell->running_ns,
		stat_running_percent(cell));
	if (cell->state == COUNT_DONE)
		count = stat_metrics(sheet, index, column, metrics);
	metric_fields(out, &metrics[0]);
	if (count > 1) {
		line_start(out, sheet, column);
		metric_fields(out, &metrics[1]);
	}
}

void stat_json(struct out *out, const struct stat_sheet *sheet)
{
	for (int i = 0; i < sheet->events->count; i++)
		for (uint32_t column = 0; column < sheet->columns; column++)
			line(out, sheet, i, column);
}
