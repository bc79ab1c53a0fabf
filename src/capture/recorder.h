#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

/*
 * From the rings to the file: each round takes what all rings hold, writes it with one system call
 * straight out of ring memory, commits it, and only then gives the memory back to the kernel.
 * Records are walked by their headers for the counts, never copied, unless samples are rewritten.
 */

#include "base/arena.h"
#include "capture/losses.h"
#include "capture/rings.h"
#include "capture/sideband.h"
#include "data/writer.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Stores samples otherwise than the kernel wrote them. Records are whole, on 8 bytes and in place
 * only during the call. In each round side-band records come first: all that the round's samples
 * were preceded by.
 */
struct recorder_rewrite {
	void (*sideband)(void *context, const struct perf_event_header *record);
	/*
	 * What to store, into `to` (RECORD_MAX bytes). `full` tells how far behind we are: how many
	 * sixteenths of the ring are waiting. 0: as it is.
	 */
	size_t (*sample)(
		void *context, const struct perf_event_header *record, unsigned full, void *to);
	void *context;
};

struct recorder {
	struct rings *rings;
	struct writer *writer;
	struct iovec *parts;
	uint32_t time_word; /* of a sample, where its time lies; 0: it has none */
	const struct recorder_rewrite *rewrite;
	uint8_t *staged; /* with a rewrite: what is not yet written */
	size_t staged_bytes;
	struct sideband sideband;
	uint64_t limit_bytes; /* of the file's records; 0: none */
	bool full;	      /* the last round left some in the rings for another file's sake */
	bool dumps;

	struct losses losses;
	uint64_t samples, records;
	uint64_t dropped;	    /* of the samples, what the writer failed to store */
	uint64_t first_ns, last_ns; /* of the samples' times */
	uint64_t rounds;
};

/* 0, or -ENOMEM. All sampling events begin with the fields of `sample_type` up to TIME. */
int recorder_begin(struct recorder *recorder, struct arena *arena, struct rings *rings,
	struct writer *writer, uint64_t sample_type);

/* From now on samples are rewritten. 0, or -ENOMEM. `rewrite` must stay. */
int recorder_rewrite_begin(
	struct recorder *recorder, struct arena *arena, const struct recorder_rewrite *rewrite);

/* One round; nothing is written when the rings are empty. 0, or the writer's -errno. Whole records
 * that would take the file above the limit stay in their rings; of rewritten samples only a round
 * later. Where rings keep the latest, the side-band is told of and not written. */
int recorder_round(struct recorder *recorder);

/* Writes what rings that are paused have kept since the last time. 0, or the writer's -errno. */
int recorder_dump(struct recorder *recorder);

#endif
