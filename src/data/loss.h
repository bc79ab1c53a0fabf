#ifndef DATA_LOSS_H
#define DATA_LOSS_H

/*
 * What a recording did not get of one event on one CPU. Filled while recording (capture/losses.h)
 * or from the records of a file (profile/missing.h).
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stdint.h>

#define LOSS_MAX_STACK 127 /* frames, kernel.perf_event_max_stack as it comes */

struct loss {
	uint64_t samples;	   /* recorded */
	uint64_t lost;		   /* records that found no room in their ring */
	uint64_t lost_by_pmu;	   /* samples, before they reached it */
	uint64_t throttled;	   /* times */
	uint64_t throttled_ns;	   /* from each THROTTLE to the next UNTHROTTLE */
	uint64_t cut;		   /* callchains that end at the most the kernel walks */
	uint64_t counted, periods; /* by the counter; by the samples recorded */
	uint64_t throttled_at_ns;  /* since then, 0: not now */
	uint64_t told;		   /* of `lost`, what a recording's file tells already */
};

void loss_throttle(struct loss *loss, uint64_t time_ns);
void loss_unthrottle(struct loss *loss, uint64_t time_ns);

/* All but the last two. */
void loss_add(struct loss *sum, const struct loss *loss);

/* Whether anything is missing. */
bool loss_any(const struct loss *loss);

/* Frames that the kernel walks for `attr`; a callchain of as many was cut, or just fits. */
uint32_t loss_max_stack(const struct perf_event_attr *attr);

/* Whether a word of a callchain is one: no marker, and no zero, which garbage in a frame pointer
 * leads to behind the stack's end. */
static inline bool loss_is_frame(uint64_t word)
{
	return word && word < PERF_CONTEXT_MAX;
}

#endif
