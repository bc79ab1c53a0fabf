#ifndef CMD_RECORD_STACKS_H
#define CMD_RECORD_STACKS_H

/*
 * record --call-graph dwarf: joins what is captured with who can unwind it. Samples come from the
 * rings with registers and a copy of the stack and go to the file with an ordinary callchain; not a
 * byte of the stack, and no register, is stored. When the rings fill faster than stacks can be
 * unwound, stacks get shorter before samples get lost.
 */

#include "base/arena.h"
#include "capture/event.h"
#include "capture/recorder.h"
#include "capture/synthesize.h"
#include "data/writer.h"

struct record_stacks {
	const struct writer_event *written; /* with the ids of their samples */
	const struct event_list *events;    /* as they were opened */
	int sideband;
	struct synthesize *synthesize; /* asked again when the tables are full */
};

/* What the file says of an event whose stacks are unwound. */
void record_stacks_stored(struct perf_event_attr *stored, const struct perf_event_attr *opened);

/* Takes most of what is left of the arena. 0, or -ENOMEM. */
int record_stacks_begin(const struct record_stacks *stacks, struct arena *arena);

/* For recorder_rewrite_begin(). */
extern const struct recorder_rewrite record_stacks_rewrite;

/* Side-band records that were synthesized. */
void record_stacks_tell(const void *records, size_t size);

/* How stacks ended (with -v each reason), and what was cut. Prints. */
void record_stacks_summary(bool verbose);

#endif
