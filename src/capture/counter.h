#ifndef CAPTURE_COUNTER_H
#define CAPTURE_COUNTER_H

/*
 * What events have counted: the values of their descriptors, summed over threads and CPUs. An event
 * that had to share its hardware counter ran for a part of the time it was enabled.
 */

#include "capture/session.h"

#include <stdbool.h>
#include <stdint.h>

#define COUNTER_FORMAT (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING)

/* As read(2) on a descriptor opened with COUNTER_FORMAT gives it. */
struct counter {
	uint64_t value, enabled_ns, running_ns;
};

/* Adds the descriptors of an event on one CPU (index; -1: all) to `sum`. How many could not be
 * read: a pinned event that lost its counter, above all. */
uint32_t counter_read(const struct session *session, int event, int cpu, struct counter *sum);

/* What was counted since `before`. */
struct counter counter_since(const struct counter *now, const struct counter *before);

/* The value extended to all of the time enabled, as if the counter had not been shared. */
double counter_scaled(const struct counter *counter);

/* Mean and deviation of figures that come one by one (Welford's method). */
struct spread {
	uint32_t count;
	double mean, squares;
};

void spread_add(struct spread *spread, double figure);

/* Standard deviation of the mean; 0 with fewer than two figures. */
double spread_deviation(const struct spread *spread);

#endif
