#ifndef ACCESS_VERDICT_H
#define ACCESS_VERDICT_H

/*
 * Why the kernel refused: the one place that explains the errno of perf_event_open(2) and of the
 * mmap(2) of a ring, for `perfbox check` and for every command that opens events.
 */

#include "access/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What was refused. */
struct refusal {
	const char *event;		    /* as the user wrote it; NULL where no event is meant */
	const struct perf_event_attr *attr; /* as it was opened; NULL for a map */
	pid_t pid;			    /* as it was passed: 0 or a task, -1 all tasks */
	int cpu;			    /* -1: any */
	int error;			    /* errno */
	bool map;			    /* the ring, not the event, was refused */
	uint64_t ring_kb;		    /* of a map: KiB of one ring with its control page */
	uint64_t rings;			    /* of a map: how many were wanted */
	uint64_t descriptors; /* of an open: how many were wanted in all; 0 when not known */
	bool cgroup;	      /* pid is a cgroup's descriptor */
};

/* At most four lines (separated by \n, no final one) into `to`: what was asked, which layer
 * refused, the smallest fix, and `perfbox check` for the rest. Returns the length. Reads the facts
 * anew and may call perf_event_open once, with arguments that no kernel takes. */
size_t verdict_explain(char *to, size_t cap, const struct refusal *refusal);

/* The layer that made the kernel answer `error` to a request, after the fact: what the rules
 * predict where it fits the errno, and otherwise what the errno itself tells. */
struct ruling verdict_blame(const struct facts *facts, const struct request *request, int error);

/* A fix in words: "CAP_PERFMON for this program, ..."; "" for none. */
size_t verdict_fix(char *to, size_t cap, const struct facts *facts, unsigned fix);

/* "EACCES"; "killed" for -1, "" for 0. */
const char *verdict_errno(int error);

/* perf_event_open with a NULL attr and all flags: the errno, EINVAL when the kernel was reached. A
 * filter that kills takes the caller along; see probe.h for the careful way. */
int verdict_reach(void);

#endif
