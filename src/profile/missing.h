#ifndef PROFILE_MISSING_H
#define PROFILE_MISSING_H

/*
 * What is missing from a recording, by event and CPU, as its records tell: LOST (by the kernel,
 * when a ring has room again), LOST_SAMPLES (by the kernel for the PMU, by the recorder for the
 * rings), THROTTLE and UNTHROTTLE. Where they have no CPU, ID_INDEX tells whose id it is.
 */

#include "base/arena.h"
#include "data/loss.h"
#include "data/record.h"

#include <stdbool.h>
#include <stdint.h>

#define MISSING_ROWS 1024 /* a power of two; what finds no room is counted without CPU */

struct missing_row {
	struct loss loss; /* lost: by LOST_SAMPLES, else by LOST */
	uint64_t in_rings;
	uint64_t id;
	int32_t event;	/* -1: of none the file knows */
	int32_t cpu;	/* -1: unknown */
	int32_t id_cpu; /* by ID_INDEX */
	bool used;
};

struct missing {
	struct missing_row *row;
	uint32_t count;
	uint64_t lost, in_rings; /* by LOST_SAMPLES, by LOST */
};

/* False: no room. */
bool missing_init(struct missing *missing, struct arena *arena);

/* A record of `event` (-1: none known), whose bytes are `from`. Other types are ignored. */
void missing_tell(struct missing *missing, const struct record *record, int event,
	const struct perf_event_header *from);

/* After the last record: rows of one event and CPU are made one, in order; `last_ns` ends what is
 * still throttled. */
void missing_settle(struct missing *missing, uint64_t last_ns);

#endif
