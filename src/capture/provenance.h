#ifndef CAPTURE_PROVENANCE_H
#define CAPTURE_PROVENANCE_H

/*
 * Where, on what and how a recording was made, as perf.data's feature sections tell it. Read from
 * uname(2), procfs and sysfs; what cannot be read is left out.
 */

#include "base/arena.h"
#include "capture/event.h"
#include "capture/session.h"
#include "data/writer.h"

struct provenance {
	const struct writer_event *events;
	uint32_t event_count;
	const struct event_list *groups; /* for GROUP_DESC */
	char *const *command_line;	 /* argv of perfbox, NULL-terminated */
	uint64_t first_ns, last_ns;	 /* times of samples; 0: none */
	uint64_t branches;		 /* some event has a branch stack */
};

/* Gives every section to the writer; the bodies lie in the arena. A full arena leaves the rest out;
 * returns how many were left out. */
uint32_t provenance_write(
	const struct provenance *provenance, struct writer *writer, struct arena *arena);

#endif
