#include "capture/drain.h"

#include "data/record.h"

#include <errno.h>

int drain_begin(struct drain *drain, struct arena *arena, struct rings *rings)
{
	drain->rings = rings;
	drain->whole = arena_take(arena, 1, RECORD_MAX + 8);
	return drain->whole ? 0 : -ENOMEM;
}

static void take(struct drain *drain, const struct perf_event_header *record, bool sideband)
{
	const uint64_t *word = (const void *)record;

	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		drain->samples++;
		drain->sample(record);
		break;
	case PERF_RECORD_LOST:
		if (record->size >= 24)
			*(sideband ? &drain->lost_sideband : &drain->lost) += word[2];
		break;
	case PERF_RECORD_LOST_SAMPLES:
		if (record->size >= 16)
			drain->lost += word[1];
		break;
	case PERF_RECORD_THROTTLE:
		drain->throttled++;
		break;
	default:
		drain->sideband(record);
	}
}

static void drain_ring(struct drain *drain, struct ring *ring, bool sideband)
{
	for (uint64_t at = ring->tail; at < ring->head;) {
		/* the header word is type, misc, size from its low end upwards */
		uint64_t size = ring_word(ring, at) >> 48;

		/* the kernel does not write such a record; never loop on one */
		if (size < sizeof(struct perf_event_header) || size > ring->head - at)
			break;
		take(drain, ring_record(ring, at, size, drain->whole), sideband);
		at += size;
	}
	ring_end(ring);
}

void drain_round(struct drain *drain)
{
	struct rings *rings = drain->rings;

	for (uint32_t sideband = 0; sideband < 2; sideband++)
		for (uint32_t i = sideband; i < rings->count; i += 2)
			if (rings->at[i].page)
				ring_begin(&rings->at[i]);
	for (uint32_t sideband = 2; sideband--;)
		for (uint32_t i = sideband; i < rings->count; i += 2)
			if (rings->at[i].page)
				drain_ring(drain, &rings->at[i], sideband);
}
