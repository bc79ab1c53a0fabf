#ifndef CAPTURE_RINGS_H
#define CAPTURE_RINGS_H

/*
 * The rings of a recording: per CPU one that all sampling events share (PERF_EVENT_IOC_SET_OUTPUT)
 * and one for the side-band event alone.
 */

#include "base/arena.h"
#include "capture/budget.h"
#include "capture/ring.h"
#include "capture/session.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct rings {
	const struct session *session;
	int sideband;	/* index of the side-band event */
	uint32_t count; /* two per CPU: samples, then side-band */
	struct ring *at;
	struct pollfd *polls; /* one per ring; fd -1 once nothing more can come */
	uint32_t *threads;    /* per ring: the thread whose descriptor is polled */
	bool latest;	      /* rings of samples keep the latest (capture/ring.h) */
};

/*
 * Maps them all as planned. 0 or -errno: -EPERM when the memory is not allowed; then nothing is
 * mapped. A descriptor is never mapped twice (kernels leak the charge): before a second attempt
 * the session is closed and opened anew.
 */
int rings_map(struct rings *rings, struct arena *arena, const struct session *session, int sideband,
	const struct budget *budget);
void rings_unmap(struct rings *rings);

/*
 * Waits until a ring is half full, one of `wakers` (descriptors, or -1) may have something to read,
 * then *woken has its bit, or the time is over. False when nothing can come any more: every thread
 * looked at has ended.
 */
#define RINGS_WAKERS 2
bool rings_wait(
	struct rings *rings, const int wakers[RINGS_WAKERS], int timeout_ms, unsigned *woken);

/* Where the latest is kept: stops the kernel's writing, or lets it go on. */
void rings_pause(const struct rings *rings, bool pause);

#endif
