#ifndef CMD_SAMPLER_H
#define CMD_SAMPLER_H

/*
 * Events that are sampled into rings, as record and top want them: from the words of the command
 * line to mapped rings, with less where the kernel allows less. The steps are called in the order
 * they stand in here. They speak to the user; each returns the exit status, 0 for success.
 */

#include "access/facts.h"
#include "base/arena.h"
#include "base/option.h"
#include "capture/budget.h"
#include "capture/event.h"
#include "capture/rings.h"
#include "capture/sampling.h"
#include "capture/session.h"
#include "capture/target.h"

/* As given; NULL where not. */
struct sampler_wish {
	struct option_list events;
	const char *frequency, *pages;
	uint64_t period;
	struct target_wish target;
	bool no_inherit;
};

struct sampler {
	struct arena *arena;	  /* holds every list */
	struct event_list events; /* the side-band's is the last */
	int sideband;
	struct target target;
	struct session session;
	struct budget budget;
	struct rings rings;
};

int sampler_events(struct sampler *sampler, const struct sampler_wish *wish);

/* A command is forked, but does not run before target_go(). */
int sampler_target(struct sampler *sampler, const struct sampler_wish *wish);

/* Completes `sampling` with what the wish tells of, and sets it on every event. */
int sampler_sampling(struct sampler *sampler, const struct sampler_wish *wish,
	struct sampling *sampling, const struct limits *limits);

/* `pages` of a sample ring where the wish names none; 0: what is allowed. */
int sampler_open(struct sampler *sampler, const struct sampler_wish *wish, uint32_t pages,
	const struct limits *limits);

/* Every sampling event, not the side-band's: PERF_EVENT_IOC_ENABLE and its like.
 * 0 or -errno. */
int sampler_control(const struct sampler *sampler, unsigned long request);

#endif
