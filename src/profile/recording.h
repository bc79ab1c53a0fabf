#ifndef PROFILE_RECORDING_H
#define PROFILE_RECORDING_H

/*
 * A recording on its way into a call tree, in two passes over the file: side-band records first,
 * into processes and their mappings, then samples in file order, each looked up by its own time.
 * Nothing is queued or sorted, and memory grows with what was seen.
 */

#include "data/reader.h"
#include "data/sample.h"
#include "profile/chain.h"
#include "profile/missing.h"
#include "profile/unwind.h"

/* Which samples count, and how far the tree separates them. Lists end where they say. */
struct recording_choice {
	unsigned separate;	    /* bits 1 << enum hist_key: comm, pid, tid, cpu */
	bool no_callers;	    /* the sampled address only */
	uint64_t from_ns, until_ns; /* times in the clock of the file, until 0: no end */
	const uint8_t *cpus;	    /* bitmap, or NULL: all */
	uint32_t cpu_count;	    /* bits in it */
	/* These leave samples out of the tree but in the event's totals, as perf does. */
	bool (*wanted)(const void *context, const struct sample *sample, const char *comm);
	const void *context;
};

struct recording_event {
	uint64_t samples, weight; /* all of the chosen times and CPUs */
	uint64_t filtered;	  /* of them, not wanted */
	uint64_t cut;		  /* callchains as deep as the kernel walks */
	bool chains;		  /* has callchains */
};

/* A thread's last root: most samples are of one that was just met. */
struct recording_recent {
	uint64_t from_ns, until_ns;
	const char *comm;
	uint32_t pid, tid, cpu, event, node_plus_1;
};

#define RECORDING_RECENT 64

struct recording {
	struct reader *reader;
	struct arena *arena;
	struct images images;
	struct processes processes;
	struct tree tree;
	struct chains chains;
	struct unwinder *unwinder;     /* NULL: no sample has a stack */
	struct stack_rest rest;	       /* of a stack that is read as far as it is looked at */
	struct recording_event *event; /* by the reader's attrs */
	bool timed;		       /* samples have times */
	uint64_t lost;		       /* samples that the kernel could not write */
	struct missing missing;
	uint64_t broken;   /* records and samples too short for their fields */
	uint64_t future;   /* samples that tell more than is known here; it is left out */
	uint64_t orphaned; /* samples of no known event */
	uint64_t no_room;  /* samples whose root found no room */
	uint64_t first_ns, last_ns;
	struct recording_recent recent[RECORDING_RECENT];
};

/* `reader` is open. False: the arena is too small to begin. */
bool recording_init(struct recording *recording, struct reader *reader, struct arena *arena);

/* The same without a call tree, for who shows samples one by one: no pass 2. */
bool recording_init_flat(struct recording *recording, struct reader *reader, struct arena *arena);

/* Pass 1. How reading ended: READER_END, READER_CUT, READER_BROKEN, ... */
enum reader_status recording_sideband(struct recording *recording);

/* Between the passes: samples with registers and stack get their callchains from them. The options
 * must stay. False: the arena is full. */
bool recording_unwind(struct recording *recording, const struct resolve_options *options);

/* Pass 2. */
enum reader_status recording_samples(
	struct recording *recording, const struct recording_choice *choice);

/* Whether the file tells another host than this one. */
bool recording_elsewhere(struct reader *reader);

/* The time that facts and samples go by: a record's own, or its place in the file. */
uint64_t recording_time(const struct recording *recording, uint64_t time_ns);

#endif
