#include "profile/missing.h"

#include "base/span.h"
#include "data/sample.h"

#include <stdlib.h>
#include <string.h>

#define MOST_USED (MISSING_ROWS / 4 * 3)

bool missing_init(struct missing *missing, struct arena *arena)
{
	*missing =
		(struct missing){ .row = arena_array(arena, struct missing_row, MISSING_ROWS + 1) };
	return missing->row;
}

/* Where the row of an id on a CPU is, or would be. */
static struct missing_row *place_of(const struct missing *m, uint64_t id, int32_t cpu)
{
	uint32_t at = (uint32_t)((id + (uint32_t)cpu * 0x10001u) * 0x9e3779b97f4a7c15u >> 40);
	struct missing_row *row;

	do
		row = &m->row[at++ % MISSING_ROWS];
	while (row->used && (row->id != id || row->cpu != cpu));
	return row;
}

/* When there are too many, all others have the last one. */
static struct missing_row *row_of(struct missing *m, uint64_t id, int32_t cpu, int event)
{
	struct missing_row *row = place_of(m, id, cpu);

	if (row->used)
		return row;
	if (m->count == MOST_USED) {
		row = &m->row[MISSING_ROWS];
		id = 0;
		cpu = event = -1;
	} else {
		m->count++;
	}
	row->id = id;
	row->cpu = cpu;
	row->event = event;
	row->id_cpu = -1;
	row->used = true;
	return row;
}

static void name_cpus(struct missing *m, const struct perf_event_header *from)
{
	struct span s = span_of(from + 1, from->size - sizeof(*from));
	uint64_t count = span_u64(&s);

	while (count-- && span_left(&s) >= 4 * sizeof(uint64_t)) {
		struct missing_row *row = place_of(m, span_u64(&s), -1);

		span_u64(&s); /* the ring's number */
		row->id_cpu = (int32_t)span_u64(&s);
		span_u64(&s); /* the thread */
	}
}

void missing_tell(struct missing *missing, const struct record *record, int event,
	const struct perf_event_header *from)
{
	int32_t cpu = record->id.cpu == SAMPLE_NO_CPU ? -1 : (int32_t)record->id.cpu;
	uint64_t first = record->throttle.time_ns, count = record->lost.count;
	struct missing_row *row;

	if (record->type == PERF_RECORD_ID_INDEX)
		name_cpus(missing, from);
	if (record->type != PERF_RECORD_LOST && record->type != PERF_RECORD_LOST_SAMPLES &&
		record->type != PERF_RECORD_THROTTLE && record->type != PERF_RECORD_UNTHROTTLE)
		return;
	row = row_of(missing, record->id.id, cpu, event);
	if (record->type == PERF_RECORD_LOST) {
		row->in_rings += count;
		missing->in_rings += count;
	} else if (record->type == PERF_RECORD_LOST_SAMPLES) {
		row->loss.lost += count;
		missing->lost += count;
	} else if (record->type == PERF_RECORD_THROTTLE) {
		loss_throttle(&row->loss, first);
	} else {
		loss_unthrottle(&row->loss, first);
	}
}

static int by_event_and_cpu(const void *left, const void *right)
{
	const struct missing_row *a = left, *b = right;

	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	return a->cpu < b->cpu ? -1 : a->cpu > b->cpu;
}

void missing_settle(struct missing *missing, uint64_t last_ns)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i <= MISSING_ROWS; i++) {
		struct missing_row row = missing->row[i];

		loss_unthrottle(&row.loss, last_ns);
		if (row.cpu < 0)
			row.cpu = row.id_cpu;
		if (!missing->lost)
			row.loss.lost = row.in_rings;
		if (loss_any(&row.loss))
			missing->row[count++] = row;
	}
	qsort(missing->row, count, sizeof(*missing->row), by_event_and_cpu);
	missing->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct missing_row *last = &missing->row[missing->count];

		if (missing->count && !by_event_and_cpu(last - 1, &missing->row[i]))
			loss_add(&last[-1].loss, &missing->row[i].loss);
		else
			missing->row[missing->count++] = missing->row[i];
	}
}
