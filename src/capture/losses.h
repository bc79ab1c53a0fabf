#ifndef CAPTURE_LOSSES_H
#define CAPTURE_LOSSES_H

/*
 * The exact loss of a recording, by event and CPU, and the sum check: what the counters counted
 * against what was recorded and lost. Fed with every record of every ring, in place.
 *
 * From 6.0 on each event tells what found no room in its ring (PERF_FORMAT_LOST). Before, only
 * PERF_RECORD_LOST does: when the ring has room again, under the event that came next.
 */

#include "base/arena.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "data/loss.h"

#include <stdbool.h>
#include <stdint.h>

struct losses {
	const struct session *session;
	struct losses_event *event;
	struct loss *at;    /* [event][CPU] */
	uint64_t throttled; /* times */
};

/* `session` is open. 0 or -ENOMEM. */
int losses_begin(struct losses *losses, struct arena *arena, const struct session *session);

/* The event that an id of its kernel's belongs to: ids rise in the order of opening. */
int losses_event(const struct losses *losses, uint64_t id);

struct loss *losses_at(const struct losses *losses, int event, uint32_t cpu);

/* A record of the ring of CPU `cpu` (index); `header` is its first word. */
void losses_take(
	struct losses *losses, const struct ring *ring, uint64_t at, uint64_t header, uint32_t cpu);

/* When nothing comes any more: asks the descriptors what they counted and what they lost. Throttled
 * time ends at `last_ns`. */
void losses_read(struct losses *losses, uint64_t last_ns);

/* Whether `counted` must be made of `samples` and `lost` times the period, up to a rest. */
enum losses_sum {
	LOSSES_EXACT,	  /* each sample stands for one event: nothing is left over */
	LOSSES_PERIOD,	  /* less than a period is left over for each task and CPU */
	LOSSES_FREQUENCY, /* the periods of what was lost are not known */
	LOSSES_CLOCK,	  /* time goes on where nothing is sampled: idle, or outside the levels */
};
enum losses_sum losses_sum(const struct perf_event_attr *attr);

#endif
