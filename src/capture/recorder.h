#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

/*
 * From the rings to the file: each round takes what all rings hold, writes it with one system call
 * straight out of ring memory, commits it, and only then gives the memory back to the kernel.
 * Records are walked by their headers for the counts, never copied.
 */

#include "base/arena.h"
#include "capture/rings.h"
#include "data/writer.h"

#include <stdint.h>

struct recorder {
	struct rings *rings;
	struct writer *writer;
	struct iovec *parts;
	uint32_t time_word; /* of a sample, where its time lies; 0: it has none */

	uint64_t samples, records;
	uint64_t lost;		    /* records of sample rings, by PERF_RECORD_LOST */
	uint64_t lost_sideband;	    /* likewise of side-band rings: names may be missing */
	uint64_t lost_samples;	    /* by the PMU, PERF_RECORD_LOST_SAMPLES */
	uint64_t throttled;	    /* times */
	uint64_t first_ns, last_ns; /* of the samples' times */
	uint64_t rounds;
};

/* 0, or -ENOMEM. All sampling events begin with the fields of `sample_type` up to TIME. */
int recorder_begin(struct recorder *recorder, struct arena *arena, struct rings *rings,
	struct writer *writer, uint64_t sample_type);

/* One round; nothing is written when the rings are empty. 0, or the writer's -errno. */
int recorder_round(struct recorder *recorder);

/* What the kernel could not put into the rings, of event `event`: exact from 6.0 on
 * (PERF_FORMAT_LOST); before that 0, and recorder->lost is what is known. */
uint64_t recorder_lost_of(const struct recorder *recorder, int event);

#endif
