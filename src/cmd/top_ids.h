#ifndef CMD_TOP_IDS_H
#define CMD_TOP_IDS_H

/* Which event a sample is of: the kernel's ids of a sampler's descriptors, sorted. */

#include "cmd/sampler.h"

struct top_ids {
	struct top_id {
		uint64_t id;
		uint32_t event;
	} * at;
	uint32_t count;
	int only; /* the event of all samples, -1: the ids tell */
};

/* False where the arena is full. */
bool top_ids_collect(struct top_ids *ids, struct arena *arena, const struct sampler *sampler);

/* The event with a kernel's id, or -1. */
int top_ids_event(const struct top_ids *ids, uint64_t id);

#endif
