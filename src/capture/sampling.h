#ifndef CAPTURE_SAMPLING_H
#define CAPTURE_SAMPLING_H

/*
 * How events are sampled: turns counted events into sampled ones, and adds the side-band event
 * that tells of processes and mappings.
 */

#include "capture/event.h"

#include <stdbool.h>
#include <stdint.h>

struct sampling {
	uint64_t frequency; /* Hz, per CPU; where an event has no period of its own */
	uint64_t period;    /* events between samples; 0: by frequency */
	bool callchain;
	bool cpu;	/* each sample tells its CPU */
	bool address;	/* and the data address */
	bool build_ids; /* mappings tell them (see sampling_add_sideband) */
	bool inherit;	/* children of the tasks too */
	bool enable_on_exec;
	uint32_t stack_bytes; /* of the user's stack, with user_regs, for unwinding; 0: none */
	uint64_t user_regs, intr_regs; /* masks of the architecture's numbers; 0: none */
	uint64_t branches;	       /* PERF_SAMPLE_BRANCH_*; 0: none */
	bool weight;
	bool latest;	/* rings keep the latest samples (capture/ring.h) */
	bool data_maps; /* mappings that are not executable are told of, too */
};

/* Sets the sampling fields of every event. All samples begin with the same fields up to TIME. */
void sampling_apply(struct event_list *events, const struct sampling *sampling);

/*
 * Appends the side-band event; its index, or -1 when the list is full. Build IDs in mappings are
 * for who asks: while such an event is open, kernels (seen on 6.18) also mark the mappings that
 * other processes' events get, which lack them, and perf record 6.1 crashes on those.
 */
int sampling_add_sideband(struct event_list *events, const struct sampling *sampling);

/* The sampling event to take where the user names none: cycles, as precise as can be. */
struct event *sampling_add_default(struct event_list *events);

#endif
