#ifndef CAPTURE_SCHEDULE_H
#define CAPTURE_SCHEDULE_H

/*
 * What is to be done when, and the waiting for it. Signals are not handled but waited for, so
 * nothing is ever interrupted. Times are of CLOCK_MONOTONIC.
 */

#include <stdbool.h>
#include <stdint.h>

/* The points in time at which something is due; 0: never. */
struct schedule {
	uint64_t enable_ns, interval_ns, timeout_ns, alive_ns;
};

uint64_t schedule_now_ns(void);

/* Holds SIGINT, SIGTERM and SIGCHLD back for schedule_wait; a command that is started gets its own
 * mask from target_open. 0, or -1 with errno. */
int schedule_hold_signals(void);

/* Waits until something is due. 0, or the signal that came before; SIGCHLD where waiting fails. */
int schedule_wait(const struct schedule *schedule);

/* Whether `when` has come; it is then moved on by `every` to what is still ahead, or to never. */
bool schedule_due(uint64_t *when, uint64_t now, uint64_t every);

#endif
