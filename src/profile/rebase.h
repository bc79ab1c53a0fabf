#ifndef PROFILE_REBASE_H
#define PROFILE_REBASE_H

/*
 * Addresses as if nothing had been laid out at random: each file gets one place for all processes
 * and all recordings of the same order, the kernel and its modules theirs. What is told of a file
 * (where in it, which build ID) still holds, so symbols are found; where it lay is gone. An address
 * that no mapping explains becomes 0, or REBASE_LOST in the kernel.
 *
 * In two passes over a file: first all records are told, then addresses are asked for, in the order
 * of the file, which decides who lies where.
 */

#include "data/reader.h"
#include "data/scrub.h"
#include "profile/process.h"

#define REBASE_LOST 0xffffffff00000000u

/* An image, or a mapping of no file, and where it lies now. */
struct rebase_slot {
	const void *key; /* NULL: free */
	uint64_t base;
};

struct rebase {
	const struct reader *reader;
	struct images images;
	struct processes processes;
	struct rebase_slot *slots;
	uint32_t slot_mask, slot_count;
	bool timed;
	uint64_t next_user, next_kernel;
	uint64_t lost; /* addresses that became 0 or REBASE_LOST, each place once or more */
	struct rebase_recent *recent;
};

/* False: the arena is too small to begin. */
bool rebase_init(struct rebase *rebase, const struct reader *reader, struct arena *arena);

/* Pass 1: reader->record. */
void rebase_tell(struct rebase *rebase);

/* Pass 2: what data/scrub.h asks for, of a struct rebase. */
void rebase_addresses(
	void *rebase, const struct scrub_owner *owner, uint64_t *at, uint64_t count, bool chain);
uint64_t rebase_mapping(
	void *rebase, const struct scrub_owner *owner, uint64_t start, uint64_t *pgoff);

#endif
