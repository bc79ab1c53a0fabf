#ifndef CMD_GUARD_H
#define CMD_GUARD_H

/*
 * How a command enters its sandbox (access/sandbox.h): what must be opened first is opened, what is
 * missing is said, and with -v what holds then, as /proc/self/status has it.
 */

#include "access/sandbox.h"
#include "data/output.h"
#include "data/reader.h"

#include <stdbool.h>

struct guard {
	unsigned use;	      /* enum sandbox_use */
	const char *output;   /* the file whose directory may still be changed, or NULL */
	const char *symfs;    /* with SANDBOX_OPENS: files below it only; or NULL */
	const char *kallsyms; /* and this one; or NULL */
	struct output *made;  /* discarded where the sandbox cannot be entered; or NULL */
	uint64_t keeps;	      /* capabilities for caller_raise() */
	pid_t child;	      /* may be signalled */
	bool verbose;
};

/* 0, or 1 after a message: nothing from outside may be looked at then. */
int guard_enter(const struct guard *guard);

/* Under sudo a file that was made belongs to who called it, which is said. */
void guard_give(int fd, const char *path);

/* The same, then reader_open(). Does not return where the sandbox cannot be entered. */
enum reader_status guard_reader_open(
	struct reader *reader, int fd, struct arena *arena, const struct guard *guard);

#endif
