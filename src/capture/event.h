#ifndef CAPTURE_EVENT_H
#define CAPTURE_EVENT_H

/*
 * Event strings, as perf's -e takes them, to what perf_event_open(2) takes:
 *
 *   cycles  page-faults  L1-dcache-load-misses  duration_time     (capture/event_table.h)
 *   r1a8  4:0x1a8                                                 raw; type:config
 *   cpu/event=0x3c,umask=1,name=n,period=1000/  msr/tsc/  tsc     a PMU of sysfs (capture/pmu.h)
 *   sched:sched_switch  sched:*                                   tracepoints, with glob(7)
 *   mem:0x1000[/len][:rwx]                                        breakpoints
 *   EVENT:ukhHGIpppPSDWe  {EVENT,EVENT}:MODIFIERS  EVENT,EVENT    modifiers, groups, lists
 *
 * Meanings are perf's, but for two: a term overrides what an alias of its PMU says, where perf
 * merges the bits of both; and guests are left out unless G asks for them, where k, h, I, D, e, S
 * and W let them in with perf. The strings are the user's own, sysfs and tracefs are read with
 * care. Of sampling only what the string says is set: no sample_type, no default period.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stdint.h>

#define EVENT_MAX 1024
#define EVENT_NAME_MAX 192
#define EVENT_CPUS_MAX 64

struct event {
	struct perf_event_attr attr; /* size is not set. sample_period: given by a term, or the 1
					of tracepoints and breakpoints; 0 says nothing was given */
	char name[EVENT_NAME_MAX];   /* as perf shows it: what was typed, or the term name= */
	char cpus[EVENT_CPUS_MAX];   /* CPU list this PMU counts on; empty: any */
	char unit[16];		     /* "Joules", "msec" of clocks; empty: none */
	double scale;		     /* count x scale is in `unit`; 1 where there is none */
	uint16_t leader;	     /* index of its group's leader: its own when it leads */
	uint8_t tool;		     /* enum event_tool: nothing to open */
	bool cpus_only;		     /* a PMU of the machine, not of tasks: opened on `cpus` only */
	bool adds;		     /* one of several units alike: adds to the event before it */
	bool levels_given;	     /* one of u k h: what to exclude is the user's will */
	bool guest_given;	     /* G or H, as above */
	bool sample_read;	     /* S */
	bool precise_most;	     /* P: as precise as the PMU can */
	bool weak;		     /* W: the group may be broken up */
};

struct event_list {
	int count;
	struct event at[EVENT_MAX];
};

/* Where names are looked up; NULL is the machine's own place. */
struct event_source {
	const char *devices;	 /* PMU_DEVICES */
	const char *tracepoints; /* the folder "events" of a tracefs */
};

struct event_error {
	int at;		/* offset of the offender in the text */
	char text[512]; /* what is wrong and what to do, without the text itself */
};

/*
 * Appends the events of `text`. 0, or with `error` filled and the list as it was:
 * -EINVAL for what is written wrongly or names nothing, -ENOSPC when the list is full, otherwise
 * the -errno of what could not be read.
 */
int event_parse(struct event_list *list, const char *text, const struct event_source *source,
	struct event_error *error);

/* An event by type and config, for default sets; `name` is as perf shows it. NULL when full. */
struct event *event_add(struct event_list *list, uint32_t type, uint64_t config, const char *name);

#endif
