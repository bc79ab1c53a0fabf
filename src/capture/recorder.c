#include "capture/recorder.h"

#include "data/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MIN_RECORD_BYTES sizeof(struct perf_event_header)
#define STAGED_BYTES (256 << 10)

static const struct perf_event_header finished_round = { .type = PERF_RECORD_FINISHED_ROUND,
	.size = sizeof(finished_round) };

int recorder_begin(struct recorder *recorder, struct arena *arena, struct rings *rings,
	struct writer *writer, uint64_t sample_type)
{
	const uint64_t before_time = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;

	*recorder = (struct recorder){ .rings = rings, .writer = writer };
	recorder->parts = arena_array(arena, struct iovec, rings->count * 2 + 1);
	if (sample_type & PERF_SAMPLE_TIME)
		recorder->time_word = 1 + (uint32_t)__builtin_popcountll(sample_type & before_time);
	if (!recorder->parts || sideband_begin(&recorder->sideband, arena, rings))
		return -ENOMEM;
	return losses_begin(&recorder->losses, arena, rings->session);
}

static void count_sample(struct recorder *recorder, const struct ring *ring, uint64_t at)
{
	uint64_t time_ns;

	recorder->samples++;
	if (!recorder->time_word)
		return;
	time_ns = ring_word(ring, at + 8 * recorder->time_word);
	if (!recorder->first_ns || time_ns < recorder->first_ns)
		recorder->first_ns = time_ns;
	if (time_ns > recorder->last_ns)
		recorder->last_ns = time_ns;
}

static void count_record(struct recorder *recorder, const struct ring *ring, uint64_t at,
	uint64_t header, uint32_t cpu)
{
	uint32_t type = (uint32_t)header;

	recorder->records++;
	losses_take(&recorder->losses, ring, at, header, cpu);
	if (type == PERF_RECORD_SAMPLE)
		count_sample(recorder, ring, at);
}

/* The header word is type, misc, size from its low end upwards. */
static void count_ring(struct recorder *recorder, const struct ring *ring)
{
	uint32_t cpu = (uint32_t)(ring - recorder->rings->at) / 2;

	for (uint64_t at = ring->tail; at < ring->head;) {
		uint64_t header = ring_word(ring, at);
		uint64_t size = header >> 48;

		/* the kernel does not write such a record; never loop on one */
		if (size < MIN_RECORD_BYTES || size > ring->head - at)
			return;
		count_record(recorder, ring, at, header, cpu);
		at += size;
	}
}

/* The `i`th ring to be written: the side-band's come first. */
static struct ring *written_at(const struct rings *rings, uint32_t i)
{
	uint32_t cpus = rings->count / 2;

	return &rings->at[i < cpus ? i * 2 + 1 : (i - cpus) * 2];
}

/* How many of the first `written` bytes of a round's records are whole records; the samples behind
 * them are dropped. */
static uint64_t whole_bytes(struct recorder *recorder, uint64_t written)
{
	uint64_t whole = 0;
	bool all = true;

	for (uint32_t i = 0; i < recorder->rings->count; i++) {
		const struct ring *ring = written_at(recorder->rings, i);

		for (uint64_t at = ring->tail, size; at < ring->head; at += size) {
			uint64_t header = ring_word(ring, at);

			size = header >> 48;
			if (size < MIN_RECORD_BYTES)
				return whole;
			all = all && whole + size <= written;
			whole += all ? size : 0;
			recorder->dropped += !all && (uint32_t)header == PERF_RECORD_SAMPLE;
		}
	}
	return whole;
}

static void flush(struct recorder *recorder)
{
	struct iovec part = { recorder->staged, recorder->staged_bytes };
	const uint8_t *end = recorder->staged + recorder->staged_bytes;
	bool failed = part.iov_len && writer_records(recorder->writer, &part, 1);

	recorder->staged_bytes = 0;
	for (const uint8_t *at = recorder->staged; failed && at < end;) {
		const struct perf_event_header *record = (const void *)at;

		recorder->dropped += record->type == PERF_RECORD_SAMPLE;
		at += record->size;
	}
}

static void stage(struct recorder *recorder, const struct perf_event_header *record)
{
	if (STAGED_BYTES - recorder->staged_bytes < record->size)
		flush(recorder);
	memcpy(recorder->staged + recorder->staged_bytes, record, record->size);
	recorder->staged_bytes += record->size;
}

static void rewrite_record(struct recorder *recorder, const struct perf_event_header *record,
	unsigned full, bool sideband)
{
	const struct recorder_rewrite *r = recorder->rewrite;
	size_t size = 0;

	if (sideband)
		r->sideband(r->context, record);
	if (sideband || record->type != PERF_RECORD_SAMPLE) {
		stage(recorder, record);
		return;
	}
	if (STAGED_BYTES - recorder->staged_bytes < RECORD_MAX)
		flush(recorder);
	size = r->sample(r->context, record, full, recorder->staged + recorder->staged_bytes);
	recorder->staged_bytes += size;
	if (!size)
		stage(recorder, record);
}

/* Memory goes back to the kernel as soon as its record is stored: stacks fill a ring quickly. */
static void rewrite_ring(struct recorder *recorder, struct ring *ring, bool sideband)
{
	uint64_t until = ring->head;
	unsigned full = ring->latest ? 0 : (unsigned)((until - ring->tail) * 16 / ring->size);

	count_ring(recorder, ring);
	while (ring->tail < until) {
		uint64_t size = ring_word(ring, ring->tail) >> 48;

		if (size < MIN_RECORD_BYTES || size > until - ring->tail)
			size = until - ring->tail;
		else
			rewrite_record(recorder,
				ring_record(ring, ring->tail, size, recorder->sideband.whole), full,
				sideband);
		ring->head = ring->tail + size;
		ring_end(ring);
	}
}

/* Takes what the rings hold, side-band last: then it tells of all that happened before the samples.
 * The bytes. Of rings that keep the latest, samples are taken only when they are asked for. */
static uint64_t begin_round(struct recorder *recorder)
{
	struct rings *rings = recorder->rings;
	uint64_t waiting = 0;

	recorder->full = false;
	for (uint32_t sideband = 0; sideband < 2; sideband++)
		for (uint32_t i = sideband; i < rings->count; i += 2)
			if (rings->at[i].page && (!rings->latest || sideband != recorder->dumps))
				waiting += ring_begin(&rings->at[i]);
	return waiting;
}

/* Keeps of what is waiting, in the order in which it is written, the whole records that have room,
 * and leaves the rest in the rings. */
static void keep_whole(struct recorder *recorder, uint64_t room)
{
	for (uint32_t i = 0; i < recorder->rings->count; i++) {
		struct ring *ring = written_at(recorder->rings, i);
		uint64_t at = ring->tail, size;

		for (; at < ring->head; at += size, room -= size) {
			size = ring_word(ring, at) >> 48;
			if (size < MIN_RECORD_BYTES)
				size = ring->head - at;
			if (size > room)
				break;
		}
		if (at < ring->head) {
			recorder->full = true;
			room = 0;
		}
		ring->head = at;
	}
}

static int rewrite_round(struct recorder *recorder)
{
	struct rings *rings = recorder->rings;

	for (uint32_t sideband = 2; sideband--;)
		for (uint32_t i = sideband; i < rings->count; i += 2)
			if (rings->at[i].page)
				rewrite_ring(recorder, &rings->at[i], sideband);
	stage(recorder, &finished_round);
	flush(recorder);
	recorder->full =
		recorder->limit_bytes && recorder->writer->data_size >= recorder->limit_bytes;
	writer_commit(recorder->writer);
	return recorder->writer->error;
}

int recorder_rewrite_begin(
	struct recorder *recorder, struct arena *arena, const struct recorder_rewrite *rewrite)
{
	recorder->rewrite = rewrite;
	recorder->staged = arena_take(arena, 1, STAGED_BYTES);
	return recorder->staged ? 0 : -ENOMEM;
}

static int write_round(struct recorder *recorder)
{
	struct perf_event_header round = finished_round;
	struct rings *rings = recorder->rings;
	int count = 0;

	for (uint32_t i = 0; i < rings->count; i++) {
		count_ring(recorder, written_at(rings, i));
		count += ring_pieces(written_at(rings, i), recorder->parts + count);
	}
	recorder->parts[count++] = (struct iovec){ &round, sizeof(round) };
	if (writer_records(recorder->writer, recorder->parts, count))
		writer_keep(recorder->writer, whole_bytes(recorder, recorder->writer->partial));
	else
		writer_commit(recorder->writer);
	for (uint32_t i = 0; i < rings->count; i++)
		if (rings->at[i].page)
			ring_end(&rings->at[i]);
	return recorder->writer->error;
}

/* While only the latest is kept nothing is written. */
static int drop_round(struct recorder *recorder)
{
	for (uint32_t i = 1; i < recorder->rings->count; i += 2)
		if (recorder->rings->at[i].page) {
			count_ring(recorder, &recorder->rings->at[i]);
			ring_end(&recorder->rings->at[i]);
		}
	return 0;
}

int recorder_dump(struct recorder *recorder)
{
	int status;

	recorder->dumps = true;
	status = recorder_round(recorder);
	recorder->dumps = false;
	return status;
}

int recorder_round(struct recorder *recorder)
{
	uint64_t waiting = begin_round(recorder), limit = recorder->limit_bytes;
	uint64_t written = recorder->writer->data_size;
	bool latest = recorder->rings->latest;

	if (!waiting)
		return recorder->writer->error;
	recorder->rounds++;
	if (limit && !recorder->rewrite && !latest && written + waiting > limit)
		keep_whole(recorder, limit > written ? limit - written : 0);
	sideband_round(&recorder->sideband);
	if (latest && !recorder->dumps)
		return drop_round(recorder);
	return recorder->rewrite ? rewrite_round(recorder) : write_round(recorder);
}
