#ifndef PROFILE_SYMBOLIZE_H
#define PROFILE_SYMBOLIZE_H

/*
 * Addresses as numbers of names. Each function that samples met gets a number, its name goes into
 * the file as a KSYMBOL record, and an address becomes the place that the record gives the name.
 * perf takes such names for those of kernel code; so all addresses come to lie in the kernel's
 * half, and samples and callchains in kernel mode. Functions of one name become one; what has no
 * name gets its image's, in brackets.
 *
 * In three passes over a file: all records are told, the addresses of samples collected, and after
 * symbolize_name() asked for again. Memory is the arena's: places that find no room in it are
 * counted in recording.images.dropped, and all of them named "[no room]".
 */

#include "data/pseudonym.h"
#include "data/scrub.h"
#include "profile/recording.h"

struct symbolize {
	struct recording recording;
	struct symbol_number *next, *last; /* to be written */
	struct symbol_number **table;	   /* by name; open addressing */
	uint32_t table_mask;
	uint32_t functions; /* names, those in brackets too */
	uint64_t places, unnamed;
};

/* Pass 1. READER_TOO_MANY: the arena is too small to begin. */
enum reader_status symbolize_begin(
	struct symbolize *symbolize, struct reader *reader, struct arena *arena);

/* Passes 2 and 3 (what data/scrub.h asks for, of a struct symbolize); in pass 2 all become 0. */
void symbolize_addresses(
	void *symbolize, const struct scrub_owner *owner, uint64_t *at, uint64_t count, bool chain);

/* Between them. Images are called by their pseudonyms where there is one. False: no room. */
bool symbolize_name(struct symbolize *symbolize, const struct resolve_options *options,
	const struct pseudonym *pseudonym);

/* Records before all others, written to `to` (RECORD_MAX bytes, on 8) for an event of `attr`: where
 * the kernel is, which perf asks for, and name by name until 0 is returned. */
size_t symbolize_kernel(void *to, const struct perf_event_attr *attr);
size_t symbolize_next(struct symbolize *symbolize, void *to, const struct perf_event_attr *attr);

#endif
