#ifndef DATA_SCRUB_H
#define DATA_SCRUB_H

/*
 * Records and sections of a perf.data file made to tell less. Input is not trusted; what does not
 * hold together is left out and counted. Hardware traces are always left out: what is kept of them
 * would be found by places in the old file.
 *
 * Anonymous are then: host and command line, paths, process names and ids, cgroups; times count
 * from the first record. Symbolized are addresses: see profile/symbolize.h, which has to write the
 * names; mappings go. Event names, kernel release, hardware and build IDs stay. What cannot be
 * renamed is left out: anything above code addresses, and records or sections of free text.
 */

#include "data/body.h"
#include "data/category.h"
#include "data/contents.h"
#include "data/pseudonym.h"
#include "data/reader.h"

/* Whose addresses a record has, as recorded. */
struct scrub_owner {
	uint64_t time_ns;
	uint32_t pid;
	uint8_t mode; /* PERF_RECORD_MISC_*, where the addresses do not tell it themselves */
};

/* Gives addresses other ones. */
struct scrub_rebase {
	void *context;
	/* A callchain (with its PERF_CONTEXT_* markers) or addresses that stand for themselves. */
	void (*addresses)(void *context, const struct scrub_owner *owner, uint64_t *at,
		uint64_t count, bool chain);
	/* The same for a mapping's start; `pgoff` may change too. */
	uint64_t (*mapping)(
		void *context, const struct scrub_owner *owner, uint64_t start, uint64_t *pgoff);
};

struct scrub {
	/* what to take away: bits, and true for a record type */
	enum category most;
	uint64_t fields, sections;
	bool record[RECORD_TYPES]; /* unknown types always go */
	bool anonymize, symbolize;
	uint64_t first_ns; /* scrub_time() of all records is not less, where anonymous */
	struct pseudonym pseudonym;
	const struct scrub_rebase *rebase; /* or NULL: addresses stay */

	struct sample_layout layout;
	struct contents removed; /* fields, records (samples as a whole), sections, broken, rest */
	uint64_t renamed;	 /* texts */
};

/* Takes away what is above `most`; `fields` and so on may be added to afterwards. */
void scrub_begin(struct scrub *scrub, enum category most, bool anonymize, bool symbolize);

/* The attr that describes what is left, for the output. */
struct perf_event_attr scrub_attr(const struct scrub *scrub, const struct perf_event_attr *attr);

/* When reader->record was written, 0 where it does not tell. */
uint64_t scrub_time(const struct reader *reader);

/* Writes what is left of reader->record to `to` (RECORD_MAX bytes, on 8). Its size; 0: nothing. */
size_t scrub_record(struct scrub *scrub, void *to, const struct reader *reader);

/* Writes what is left of a section to `body`; false where that is nothing. EVENT_DESC is not for
 * here: attrs change. */
bool scrub_section(struct scrub *scrub, struct body *body, unsigned feature, struct span section);

#endif
