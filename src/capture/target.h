#ifndef CAPTURE_TARGET_H
#define CAPTURE_TARGET_H

/*
 * What is looked at: a command to run, processes with all their threads, threads, CPUs, or the
 * whole system; resolved into the lists of threads and CPUs that events are opened on.
 */

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* As asked for on the command line; strings are lists ("1,5" or "0-3"), NULL where not given. */
struct target_wish {
	const char *pids;
	const char *tids;
	const char *cpus;
	bool system_wide; /* -a */
	bool per_cpu;	  /* tasks are opened once per CPU too: rings with inheritance need it */
	char *const *command; /* argv, NULL-terminated, or NULL */
};

struct target {
	uint32_t thread_count;
	int32_t *threads; /* one -1: every thread (system wide) */
	uint32_t cpu_count;
	int32_t *cpus; /* one -1: every CPU */
	bool system_wide;
	bool waits;   /* the command's child is there but has not run yet */
	pid_t child;  /* of the command, or 0 */
	int go_fd;    /* target_go writes here */
	int error_fd; /* exec's errno comes from here */
};

struct target_fault {
	enum {
		TARGET_FINE,
		TARGET_BAD_LIST,   /* text is no list of numbers */
		TARGET_NO_PROCESS, /* text names no running process */
		TARGET_NO_CPU,	   /* text names a CPU that is not online */
		TARGET_MIXED,	   /* -p or -t together with -a */
		TARGET_FULL,	   /* the arena is full */
		TARGET_NO_FORK,	   /* the command's process could not be made (error) */
	} kind;
	const char *text;
	int error;
};

/* Fills `target`; lists lie in the arena. A command is forked but does not run before target_go.
 * 0, or -1 and why in `fault`. */
int target_open(struct target *target, struct arena *arena, const struct target_wish *wish,
	struct target_fault *fault);

/* Lets the command run. 0, or the errno of its exec (its process then ends with 126 or 127). */
int target_go(struct target *target);

/* The same without waiting for the exec, whose end would disturb what is counted; and its errno
 * (0: it went well), to be asked when the command has ended. */
int target_release(struct target *target);
int target_exec_error(struct target *target);

/* Whether the command has ended, to be asked after its SIGCHLD: then its wait(2) status and what it
 * used (NULL: not wanted), and `child` is 0. One whose end cannot be had has ended, with status 0.
 */
bool target_ended(struct target *target, int *status, struct rusage *used);

/* One line for a person about what went wrong. */
void target_explain(const struct target_fault *fault, char *to, size_t cap);

#endif
