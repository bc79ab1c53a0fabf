#include "view/stat.h"

#include <math.h>
#include <string.h>

#define CACHE(cache, result) ((uint64_t)(cache) | (uint64_t)(result) << 16)
#define LEVELS                                                                                     \
	(PERF_ATTR_EXCLUDE_USER | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV |                \
		PERF_ATTR_EXCLUDE_HOST | PERF_ATTR_EXCLUDE_IDLE)

enum {
	L1D = 0,
	L1I = 1,
	LL = 2,
	DTLB = 3,
	ITLB = 4
};

/* An event as a share of another one that counted the same levels. */
static const struct share {
	uint8_t type, base_type;
	uint64_t config, base;
	double factor;
	int width, decimals;
	const char *suffix, *unit;
} shares[] = {
#define HW(name, base, factor, width, decimals, suffix, unit)                                      \
	{                                                                                          \
		PERF_TYPE_HARDWARE, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##name,                      \
			PERF_COUNT_HW_##base, factor, width, decimals, suffix, unit                \
	}
#define MISS(cache, unit)                                                                          \
	{                                                                                          \
		PERF_TYPE_HW_CACHE, PERF_TYPE_HW_CACHE, CACHE(cache, 1), CACHE(cache, 0), 100, 7,  \
			2, "%", unit                                                               \
	}
	HW(INSTRUCTIONS, CPU_CYCLES, 1, 7, 2, " ", "insn per cycle"),
	HW(BRANCH_MISSES, BRANCH_INSTRUCTIONS, 100, 7, 2, "%", "of all branches"),
	HW(CACHE_MISSES, CACHE_REFERENCES, 100, 8, 3, " %", "of all cache refs"),
	HW(STALLED_CYCLES_FRONTEND, CPU_CYCLES, 100, 7, 2, "%", "frontend cycles idle"),
	HW(STALLED_CYCLES_BACKEND, CPU_CYCLES, 100, 7, 2, "%", "backend cycles idle"),
	MISS(L1D, "of all L1-dcache accesses"),
	MISS(L1I, "of all L1-icache accesses"),
	MISS(LL, "of all LL-cache accesses"),
	MISS(DTLB, "of all dTLB cache accesses"),
	MISS(ITLB, "of all iTLB cache accesses"),
};

static bool is(const struct event *event, uint32_t type, uint64_t config)
{
	return event->attr.type == type && event->attr.config == config && !event->tool;
}

static const struct stat_cell *cell_of(const struct stat_sheet *sheet, int event, uint32_t column)
{
	return &sheet->cells[(size_t)event * sheet->columns + column];
}

/* The count of another event in the same column, for the same levels; 0 where there is none. */
static double base_of(const struct stat_sheet *sheet, const struct event *event, uint32_t column,
	uint32_t type, uint64_t config)
{
	for (int i = 0; i < sheet->events->count; i++) {
		const struct event *other = &sheet->events->at[i];

		if (is(other, type, config) &&
			!((other->attr.flags ^ event->attr.flags) & LEVELS) &&
			cell_of(sheet, i, column)->state == COUNT_DONE)
			return cell_of(sheet, i, column)->value;
	}
	return 0;
}

static bool is_clock(const struct event *event)
{
	return is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK) ||
	       is(event, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
}

/* Nanoseconds of the first clock among the events; 0 where there is none. */
static double clock_ns(const struct stat_sheet *sheet, uint32_t column)
{
	for (int i = 0; i < sheet->events->count; i++) {
		const struct stat_cell *cell = cell_of(sheet, i, column);

		if (is_clock(&sheet->events->at[i]) && cell->state == COUNT_DONE)
			return cell->value / sheet->events->at[i].scale;
	}
	return 0;
}

static struct stat_metric ratio(
	double value, double base, int width, int decimals, const char *suffix, const char *unit)
{
	return (struct stat_metric){ base != 0, base != 0 ? value / base : 0, width, decimals,
		suffix, unit };
}

static struct stat_metric per_second(double value, double ns)
{
	static const char *const units[] = { "/sec", "K/sec", "M/sec", "G/sec" };
	int unit = 0;

	for (value = value * 1e9 / ns; value > 1000 && unit < 3; unit++)
		value /= 1000;
	return (struct stat_metric){ true, value, 8, 3, "", units[unit] };
}

/* The larger of the two kinds of stalled cycles, per instruction. */
static int stalled(const struct stat_sheet *sheet, const struct event *event, uint32_t column,
	double instructions, struct stat_metric *metric)
{
	double front = base_of(
		sheet, event, column, PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND);
	double back = base_of(
		sheet, event, column, PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND);

	*metric = ratio(
		front > back ? front : back, instructions, 7, 2, " ", "stalled cycles per insn");
	return metric->known && metric->value > 0;
}

int stat_metrics(const struct stat_sheet *sheet, int index, uint32_t column,
	struct stat_metric metrics[STAT_METRICS])
{
	const struct event *event = &sheet->events->at[index];
	double value = cell_of(sheet, index, column)->value, ns = clock_ns(sheet, column);

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		const struct share *s = &shares[i];

		if (!is(event, s->type, s->config))
			continue;
		metrics[0] = ratio(value * s->factor,
			base_of(sheet, event, column, s->base_type, s->base), s->width, s->decimals,
			s->suffix, s->unit);
		if (i > 0)
			return 1;
		return 1 + stalled(sheet, event, column, value, &metrics[1]);
	}
	if (is(event, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES))
		metrics[0] = ratio(value, ns, 8, 3, "", "GHz");
	else if (is_clock(event))
		metrics[0] = ratio(value / event->scale, sheet->wall_ns, 8, 3, "", "CPUs utilized");
	else if (ns > 0)
		metrics[0] = per_second(value, ns);
	else
		metrics[0] = (struct stat_metric){ .known = false };
	return 1;
}

double stat_running_percent(const struct stat_cell *cell)
{
	return cell->enabled_ns > 0 ? 100 * cell->running_ns / cell->enabled_ns : 100;
}

int stat_decimals(const struct event *event)
{
	return floor(event->scale) != event->scale ? 2 : 0;
}
