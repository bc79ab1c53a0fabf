#include "cmd/record_stacks.h"

#include "base/message.h"
#include "data/record.h"
#include "data/sample.h"
#include "profile/unwind.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HURRIED_FULL 13 /* sixteenths of a ring: from here on stacks are cut */
#define HURRIED_DEPTH 32
#define LATE_FULL 15
#define LATE_DEPTH 4
#define RENEW_SAMPLES 65536 /* at the most one new beginning in so many */

static struct record_stacks own;
static struct arena tables;
static struct images images;
static struct processes processes;
static struct unwinder unwinder;
static const struct resolve_options files;
static uint64_t samples, renewed_at, renewals, shortened, unread;

void record_stacks_stored(struct perf_event_attr *stored, const struct perf_event_attr *opened)
{
	*stored = *opened;
	stored->sample_type &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	stored->flags &= ~(uint64_t)PERF_ATTR_EXCLUDE_CALLCHAIN_USER;
	stored->sample_regs_user = 0;
	stored->sample_stack_user = 0;
	stored->sample_max_stack = UNWIND_DEPTH_MAX; /* deeper ones are cut, and are known by it */
}

static bool begin_tables(void)
{
	uint64_t stops[UNWIND_STOPS];

	memcpy(stops, unwinder.stops, sizeof(stops));
	images_init(&images, &tables);
	processes_init(&processes, &tables, &images);
	if (!unwind_init(&unwinder, &tables, &processes, &files, arch_host))
		return false;
	memcpy(unwinder.stops, stops, sizeof(stops));
	/* readers that take a chain's addresses as they are then name the caller even where it
	 * ends with the call */
	unwinder.calls = true;
	return true;
}

int record_stacks_begin(const struct record_stacks *stacks, struct arena *arena)
{
	own = *stacks;
	tables.size = (arena->size - arena->used) / 4 * 3;
	tables.base = arena_take(arena, 1, tables.size);
	return tables.base && begin_tables() ? 0 : -ENOMEM;
}

static void tell(const struct perf_event_header *header)
{
	struct record record;

	if (record_decode(&record, header, &own.events->at[own.sideband].attr) == RECORD_SHORT)
		return;
	processes_tell(&processes, &record, record.id.time_ns);
	unwind_changed(&unwinder);
}

void record_stacks_tell(const void *records, size_t size)
{
	const uint8_t *at = records;

	while (size >= sizeof(struct perf_event_header)) {
		const struct perf_event_header *header = (const void *)at;

		if (header->size < sizeof(*header) || header->size > size)
			return;
		tell(header);
		at += header->size;
		size -= header->size;
	}
}

static int tell_again(void *context, const void *records, size_t size)
{
	(void)context;
	record_stacks_tell(records, size);
	return 0;
}

/* Full of processes that are gone: what runs now is asked for anew. */
static void renew(void)
{
	struct target everything = { .system_wide = true };

	if (renewals && samples - renewed_at < RENEW_SAMPLES)
		return;
	renewals++;
	renewed_at = samples;
	unwind_end(&unwinder);
	arena_back(&tables, 0);
	tables.refused = 0;
	begin_tables();
	own.synthesize->emit = tell_again;
	synthesize_tasks(own.synthesize, &everything);
}

static void on_sideband(void *context, const struct perf_event_header *record)
{
	(void)context;
	tell(record);
	if (tables.refused)
		renew();
}

/* All samples begin with their event's id. */
static const struct perf_event_attr *attr_of(const struct perf_event_header *record)
{
	uint64_t id = ((const uint64_t *)(const void *)record)[1];

	for (int i = 0; i < own.events->count; i++)
		for (uint32_t k = 0; k < own.written[i].id_count; k++)
			if (own.written[i].ids[k] == id)
				return &own.events->at[i].attr;
	return NULL;
}

static uint8_t *put(uint8_t *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

/* The record with `chain` in place of its own, without registers and stack. */
static size_t store(const struct perf_event_header *record, const struct sample *s,
	uint64_t old_count, void *to)
{
	const uint64_t *old = s->chain_place, *behind = s->user_part.at + s->user_part.count;
	const uint8_t *end = (const uint8_t *)record + record->size;
	struct perf_event_header header = *record;
	uint8_t *at = (uint8_t *)to + sizeof(header);
	uint64_t count = s->chain.count, room;
	size_t before = (size_t)(old - (const uint64_t *)(const void *)(record + 1)) * 8;
	size_t between = (size_t)(s->user_part.at - (old + 1 + old_count)) * 8;
	size_t after = (size_t)(end - (const uint8_t *)behind);

	room = (RECORD_MAX - sizeof(header) - before - between - after) / 8 - 1;
	if (count > room)
		count = room;
	at = put(at, record + 1, before);
	at = put(at, &count, sizeof(count));
	at = put(at, s->chain.at, count * 8);
	at = put(at, old + 1 + old_count, between);
	at = put(at, behind, after);
	header.size = (uint16_t)(at - (uint8_t *)to);
	memcpy(to, &header, sizeof(header));
	return header.size;
}

static size_t on_sample(
	void *context, const struct perf_event_header *record, unsigned full, void *to)
{
	const struct perf_event_attr *attr = attr_of(record);
	uint32_t depth = full >= LATE_FULL	? LATE_DEPTH
			 : full >= HURRIED_FULL ? HURRIED_DEPTH
						: UNWIND_DEPTH_MAX;
	struct sample s;
	uint64_t old_count;

	(void)context;
	if (!attr || !(attr->sample_type & PERF_SAMPLE_STACK_USER))
		return 0;
	samples++;
	if (sample_decode(&s, record, attr) == SAMPLE_SHORT) {
		unread++;
		return 0;
	}
	old_count = s.chain.count;
	if (unwind_sample(&unwinder, &s, s.time_ns, depth) == UNWIND_DEEP &&
		depth < UNWIND_DEPTH_MAX)
		shortened++;
	return store(record, &s, old_count, to);
}

const struct recorder_rewrite record_stacks_rewrite = { on_sideband, on_sample, NULL };

void record_stacks_summary(bool verbose)
{
	uint64_t cut = 0;

	for (int i = 0; i < UNWIND_STOPS; i++) {
		if (i != UNWIND_COMPLETE && i != UNWIND_NO_STACK)
			cut += unwinder.stops[i];
		if (verbose && unwinder.stops[i])
			message("stacks: %" PRIu64 " %s", unwinder.stops[i], unwind_text(i));
	}
	if (cut && !verbose)
		message("%" PRIu64 " of %" PRIu64 " stacks end early; -v tells why", cut, samples);
	if (unread)
		message("%" PRIu64 " samples could not be taken apart; they have no user stack",
			unread);
	if (unwinder.codes.dropped)
		message("%" PRIu64 " files to unwind stacks by found no room; give more --memory",
			unwinder.codes.dropped);
	if (shortened)
		message("%" PRIu64 " stacks were cut to keep up", shortened);
	if (renewals)
		message("the tables of mappings were full and begun anew %" PRIu64
			" times; give more with --memory",
			renewals);
	unwind_end(&unwinder);
}
