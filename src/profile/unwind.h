#ifndef PROFILE_UNWIND_H
#define PROFILE_UNWIND_H

/*
 * From the registers and the copied stack of a sample to its callchain, for code of any
 * architecture on any host. Each frame is left by its call frame information, compiled into rules
 * that stay in a cache of fixed size; where there is none, by the return address that the
 * architecture's calls leave, checked against the call that must stand before it, or by the frame
 * pointer. A stack that cannot be unwound to its end costs frames, never the sample, and is counted
 * by the reason.
 */

#include "data/sample.h"
#include "profile/code.h"
#include "profile/process.h"

#define UNWIND_DEPTH_MAX 1024 /* frames */

enum unwind_stop {
	UNWIND_COMPLETE,    /* the first function of the thread was reached */
	UNWIND_NO_STACK,    /* the sample has no registers or no stack: was in no user code */
	UNWIND_NO_IMAGE,    /* an address outside every mapping */
	UNWIND_NO_CFI,	    /* nothing tells where the caller is */
	UNWIND_BAD_CFI,	    /* what tells it cannot be read */
	UNWIND_COPY_END,    /* the caller's frame is outside of what was copied */
	UNWIND_NO_GROWTH,   /* the caller's frame would not be above */
	UNWIND_NO_REGISTER, /* a register that is needed is not known */
	UNWIND_DEEP,	    /* more frames than were asked for */
	UNWIND_STOPS,
};

struct unwinder {
	struct processes *processes;
	struct codes codes;
	const struct arch *arch;
	uint64_t stops[UNWIND_STOPS]; /* samples by how their stack ended */
	uint64_t frames;	      /* found in all */
	uint64_t rules_made;	      /* from call frame information; the rest was in the cache */
	struct stack_rest *rest; /* of the sample's stack, where not all of it is read; or NULL */
	bool calls; /* chains tell where the call is, one byte less than where it returns to */

	/* its own */
	uint32_t generation;
	struct unwind_mapping *mappings;
	struct unwind_rule *rules;
	uint64_t *words;
	struct cfi_row *row;
};

/* `options` (where files are) must stay. False: the arena is full. */
bool unwind_init(struct unwinder *unwinder, struct arena *arena, struct processes *processes,
	const struct resolve_options *options, const struct arch *arch);

/* Closes the files. */
void unwind_end(struct unwinder *unwinder);

/* A mapping was told of since the last sample. */
void unwind_changed(struct unwinder *unwinder);

/*
 * Gives `sample` (with user_regs and user_stack) a chain of at most `depth` user frames behind the
 * kernel part it has; the words are the unwinder's and hold until the next call. `time_ns` is as
 * processes_tell() has it.
 */
enum unwind_stop unwind_sample(
	struct unwinder *unwinder, struct sample *sample, uint64_t time_ns, uint32_t depth);

/* "the caller's frame is outside of the copied stack": one phrase for people. */
const char *unwind_text(enum unwind_stop stop);

#endif
