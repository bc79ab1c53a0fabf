#ifndef CAPTURE_DRAIN_H
#define CAPTURE_DRAIN_H

/*
 * The records of rings, looked at where the kernel wrote them: only those that wrap are copied.
 * Of one round the side-band comes first, and tells of all that happened before its samples.
 */

#include "capture/rings.h"
#include "data/abi.h"

struct drain {
	struct rings *rings;
	/* The record is gone after the call. Losses are counted here and not told. */
	void (*sideband)(const struct perf_event_header *record);
	void (*sample)(const struct perf_event_header *record);
	uint64_t samples;
	uint64_t lost, lost_sideband; /* records that found no room in their ring */
	uint64_t throttled;
	uint8_t *whole;
};

/* Callbacks are set before. 0 or -ENOMEM. */
int drain_begin(struct drain *drain, struct arena *arena, struct rings *rings);

void drain_round(struct drain *drain);

#endif
