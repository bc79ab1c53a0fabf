#ifndef ACCESS_PROBE_H
#define ACCESS_PROBE_H

/*
 * Trying it. Each probe runs in a child of its own with a time limit, so that a seccomp filter that
 * kills, or a call that hangs, costs one row. What a probe opens is disabled and closed at once;
 * it needs one free descriptor and no pipe.
 */

#include "access/operation.h"

#define PROBES_IN_FLIGHT 64 /* children at any time, targets included */
#define PROBE_LIMIT_MS                                                                             \
	10000 /* generous: a loaded machine is slow, and nothing here hangs as a rule */

/* What a probe came to, where it is no errno. */
enum probe_result {
	PROBE_OPENED = 0,
	PROBE_KILLED = -1,
	PROBE_TIMEOUT = -2,
	PROBE_UNTRIED = -3, /* there was nothing to try it on */
	PROBE_HIDDEN = -4,  /* /proc/kallsyms shows zeroes */
};

struct probe {
	const struct request *request; /* NULL: the operation is not an event, see `kallsyms` */
	bool kallsyms;
	bool reach;	     /* the call with a NULL attr and all flags */
	pid_t pid;	     /* of TARGET_TASK */
	int cpu;	     /* of TARGET_SYSTEM and TARGET_CGROUP */
	const char *cgroup;  /* path of TARGET_CGROUP */
	uint64_t tracepoint; /* an id to try; 0: the first that the kernel knows */
	int result;	     /* enum probe_result, or the errno */
};

/* Runs all, at most PROBES_IN_FLIGHT at once, and fills in each result. */
void probe_run(struct probe *probes, int count);

/* A process to look at, stopped, with no capability and dumpable as ordinary ones are: the caller's
 * own, or, with `other`, user 65534's, where the caller may become that. Its pid, or -errno. */
pid_t probe_target(bool other);
void probe_target_end(pid_t pid);

/* KiB of ring memory that can be mapped right now, to the page: tried with maps in descending
 * powers of two, all released at once. -errno when not even a ring's first page can be mapped for
 * another reason than the limit; `tried_kb` bounds the trial. */
int64_t probe_ring_kb(uint64_t tried_kb);

#endif
