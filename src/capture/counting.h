#ifndef CAPTURE_COUNTING_H
#define CAPTURE_COUNTING_H

/*
 * Events that are counted, not sampled: opened as far as the machine has them, read time and
 * again. Figures come by column: one for all CPUs, or one for each CPU of the target.
 */

#include "base/arena.h"
#include "capture/counter.h"
#include "capture/session.h"

#include <stdbool.h>
#include <stdint.h>

enum count_state {
	COUNT_ABSENT,	   /* not in this column, or part of another event's count */
	COUNT_UNSUPPORTED, /* the machine has no such event */
	COUNT_NEVER,	   /* it has, but it never ran */
	COUNT_DONE,
};

/* What the run itself took, for the events that are no more than that (enum event_tool). */
struct count_times {
	uint64_t wall_ns, user_ns, system_ns;
};

struct counting {
	struct event_list *events;
	const struct target *target;
	struct session session;
	bool by_cpu;
	uint32_t columns;
	bool *unsupported;	/* [event] */
	struct counter *before; /* [event][column], of the last reading */
};

struct counting_wish {
	bool inherit, on_exec; /* children too; begin when the command is executed */
	bool user_only, kernel_only;
};

/* Who is told, on the way: an event that is opened, one of which less is counted and why, and one
 * that was refused (`needed`: nothing can be counted for that). */
struct counting_told {
	void (*opens)(const struct event *event);
	void (*less)(const struct event *event, const char *why);
	void (*refused)(const struct session_fault *fault, bool needed);
};

/* Takes the tables. 0 or -ENOMEM. */
int counting_begin(struct counting *counting, struct arena *arena, struct event_list *events,
	const struct target *target, bool by_cpu);

/* Opens all events, disabled. Once for each run, session_close in between. 0; -1 when refused was
 * told; -ENOMEM. */
int counting_open(struct counting *counting, struct arena *arena, const struct counting_wish *wish,
	const struct counting_told *told);

/* What an event, and the units alike that add to it, have counted since the last reading. */
enum count_state counting_read(struct counting *counting, int event, uint32_t column,
	const struct count_times *times, struct counter *count);

#endif
