#ifndef PROFILE_LIVE_H
#define PROFILE_LIVE_H

/*
 * What is sampled right now, for as long as one likes, in memory that does not grow: processes,
 * images and a call tree whose weights fade, so that the present outweighs the past. Once the
 * tables are crowded, what still counts is carried over into a second set of tables, and what ended
 * or faded stays behind. Addresses that nothing names are one nameless function per image.
 */

#include "profile/chain.h"
#include "profile/hist.h"
#include "profile/process.h"
#include "profile/resolve.h"
#include "profile/tree.h"

/* One set of tables; the other is empty. Not to be moved: the parts point to each other. */
struct live_room {
	struct arena arena;
	struct images images;
	struct processes processes;
	struct tree tree;
	struct chains chains;
};

struct live {
	struct live_room room[2];
	struct live_room *at; /* the one in use */
	unsigned separate;    /* bits 1 << enum hist_key: pid, tid, cpu; comm always */
	bool callers;	      /* whole callchains, not the sampled address only */
	uint64_t moves;	      /* to the other set of tables */
	uint64_t shrunk;      /* times that small sums were forgotten before a refresh */
	uint32_t waiting;     /* places that have no name yet */
	/* private */
	const struct resolve_options *options;
	uint64_t dropped;    /* by tables that were left behind */
	uint32_t ages;	     /* since the last move */
	size_t moved_bytes;  /* taken right after it */
	uint64_t naming_ns;  /* what the last sweep of symbol tables cost */
	uint64_t name_at_ns; /* when the next one may be */
	uint64_t *total;
	uint32_t *node;
};

/* Takes all that is left of the arena. `options` must stay. False: that is too little. */
bool live_init(struct live *live, struct arena *arena, const struct resolve_options *options);

/* Side-band first, then samples; both as data/record.h and data/sample.h decode them. */
void live_tell(struct live *live, const struct record *record);
void live_sample(struct live *live, uint32_t event, const struct sample *sample);

/* Names what came since the last time, spending little of a CPU on symbol tables in the long run:
 * `live->waiting` tells how many places a later call will name. */
void live_name(struct live *live);

/* One refresh later: weights fade to 7/8, or (zero) to nothing; what weighs next to nothing is
 * forgotten, and more of that where the tree is large. */
void live_age(struct live *live, bool zero);

/* What found no room in any table, ever. */
uint64_t live_dropped(const struct live *live);

/* Whether it is time for live_move(). */
bool live_crowded(const struct live *live);

/* Carries over to the other tables. `tell_all` tells (with live_tell) of all processes that run
 * now. The sums are what they were. To be called right after live_age(). */
void live_move(struct live *live, void (*tell_all)(void));

#endif
