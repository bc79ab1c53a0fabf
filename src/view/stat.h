#ifndef VIEW_STAT_H
#define VIEW_STAT_H

/*
 * Counts as `perf stat` lays them out: text for people, CSV (-x) and JSON (-j, one object per line)
 * for programs. Layout and derived figures are those of perf 6.1, so that what parses its output
 * parses ours; a JSON metric-unit that has no name is "" here.
 */

#include "base/out.h"
#include "capture/counting.h"
#include "capture/event.h"

#include <stdbool.h>
#include <stdint.h>

/* What one event counted; means over the runs. */
struct stat_cell {
	enum count_state state;
	double value; /* in the event's unit */
	double enabled_ns, running_ns;
	double noise_percent; /* deviation of the mean over the runs */
};

/* The same cell of several runs. */
struct stat_tally {
	enum count_state state; /* the best of all runs */
	struct spread value, enabled, running;
};

void stat_tally_add(struct stat_tally *tally, const struct stat_cell *cell);
struct stat_cell stat_tally_mean(const struct stat_tally *tally);

struct stat_sheet {
	const struct event_list *events;
	const struct stat_cell *cells; /* [event][column] */
	uint32_t columns;
	const int32_t *cpus; /* the CPU of each column; NULL: one column is all */
	const char *subject; /* what was counted: "'sleep 1'", "process id '7'" */
	uint32_t runs;
	double wall_ns, wall_deviation_ns; /* of the run, or of the interval */
	bool usage;			   /* user and system time are known */
	double user_ns, system_ns;
	bool interval; /* one of several sheets over time, at time_ns since the start */
	uint64_t time_ns;
	const char *separator; /* CSV */
};

/* A figure derived from a count. */
struct stat_metric {
	bool known; /* otherwise only the unit says what there might have been */
	double value;
	int width, decimals; /* as perf prints it */
	const char *suffix;  /* behind the number: "%", " " */
	const char *unit;    /* NULL: there is none */
};

#define STAT_METRICS 2

/* The metrics of a cell that was counted: 1 or 2. */
int stat_metrics(const struct stat_sheet *sheet, int event, uint32_t column,
	struct stat_metric metrics[STAT_METRICS]);

/* The part of the time it was enabled that the event ran, in percent. */
double stat_running_percent(const struct stat_cell *cell);

/* Digits after the point that show `scale` times a count. */
int stat_decimals(const struct event *event);

void stat_text(struct out *out, const struct stat_sheet *sheet);
void stat_csv(struct out *out, const struct stat_sheet *sheet);
void stat_json(struct out *out, const struct stat_sheet *sheet);

#endif
