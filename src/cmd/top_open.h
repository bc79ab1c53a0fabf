#ifndef CMD_TOP_OPEN_H
#define CMD_TOP_OPEN_H

/*
 * The events and rings that top looks at, opened with what is allowed. Speaks to the user; each
 * returns the exit status, 0 for success.
 */

#include "base/arena.h"
#include "base/option.h"
#include "capture/budget.h"
#include "capture/rings.h"
#include "capture/sampling.h"

struct top_wish {
	struct option_list events;
	const char *frequency, *pages;
	uint64_t period;
	struct target_wish target;
	bool callchain, no_inherit;
};

struct top_open {
	struct arena *arena;
	struct event_list events; /* the last is the side-band's */
	int sideband;
	struct target target;
	struct session session;
	struct budget budget;
	struct rings rings;
	struct top_id {
		uint64_t id;
		uint32_t event;
	} * ids; /* sorted */
	uint32_t id_count;
};

int top_open(struct top_open *open, const struct top_wish *wish);

/* The event with a kernel's id, or -1. */
int top_event(const struct top_open *open, uint64_t id);

#endif
