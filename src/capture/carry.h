#ifndef CAPTURE_CARRY_H
#define CAPTURE_CARRY_H

/*
 * What a reader has to know before the next sample, kept while recording so that a further file can
 * begin with it: the threads that live, their names, the mappings of their processes (a fork shares
 * its parent's, an exec begins anew), and the latest side-band records themselves. In fixed memory;
 * what finds no room is counted in `dropped`. Records come from the kernel or from
 * capture/synthesize.h and are checked all the same.
 */

#include "base/arena.h"
#include "capture/synthesize.h"
#include "data/abi.h"

#include <stddef.h>
#include <stdint.h>

struct carry {
	const struct perf_event_attr *attr; /* of the side-band event */
	uint32_t most_threads;
	uint64_t dropped; /* threads and mappings that found no room */

	/* private: tables are indexed from 1, 0 is none */
	struct carry_task *tasks;
	uint32_t *buckets;
	uint32_t free_task, patience;
	uint8_t *maps, *log;
	uint32_t maps_room, maps_used;
	uint32_t log_room, log_first, log_last;
};

/* Takes about `bytes` of the arena. 0, or -ENOMEM. */
int carry_begin(
	struct carry *carry, struct arena *arena, size_t bytes, const struct perf_event_attr *attr);

/* Takes note of a side-band record. They come in the order of their times. It is kept as it is
 * until carry_settle(), or until its room is needed for later ones: what ended meanwhile is still
 * told of. */
void carry_add(struct carry *carry, const struct perf_event_header *record);

/* What was added so far is the past: of what ended nothing is told any more. */
void carry_settle(struct carry *carry);

/* Gives all of it to `to`, the past as if synthesized now. emit's result. */
int carry_tell(struct carry *carry, struct synthesize *to);

#endif
