#ifndef CAPTURE_SIDEBAND_H
#define CAPTURE_SIDEBAND_H

/*
 * The side-band records of all CPUs in the order of their times: a process may be born on one CPU
 * and named on another.
 */

#include "base/arena.h"
#include "capture/rings.h"

#include <stdint.h>

struct sideband {
	struct rings *rings;
	uint64_t *at;	    /* per CPU, how far its ring was walked */
	uint32_t time_back; /* words from a record's end to its time */
	uint8_t *whole;
	/* Sees each record, on 8 bytes and in place only during the call. NULL: nobody looks. */
	void (*tell)(const struct perf_event_header *record);
};

/* 0 or -ENOMEM. */
int sideband_begin(struct sideband *sideband, struct arena *arena, struct rings *rings);

/* Between ring_begin and ring_end of the side-band's rings. */
void sideband_round(struct sideband *sideband);

#endif
