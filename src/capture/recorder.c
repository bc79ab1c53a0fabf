#include "capture/recorder.h"

#include <errno.h>
#include <unistd.h>

#define MIN_RECORD_BYTES sizeof(struct perf_event_header)

int recorder_begin(struct recorder *recorder, struct arena *arena, struct rings *rings,
	struct writer *writer, uint64_t sample_type)
{
	const uint64_t before_time = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;

	*recorder = (struct recorder){ .rings = rings, .writer = writer };
	recorder->parts = arena_array(arena, struct iovec, rings->count * 2 + 1);
	if (sample_type & PERF_SAMPLE_TIME)
		recorder->time_word = 1 + (uint32_t)__builtin_popcountll(sample_type & before_time);
	return recorder->parts ? 0 : -ENOMEM;
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
	uint32_t type, bool sideband)
{
	recorder->records++;
	if (type == PERF_RECORD_SAMPLE)
		count_sample(recorder, ring, at);
	else if (type == PERF_RECORD_LOST && sideband)
		recorder->lost_sideband += ring_word(ring, at + 16);
	else if (type == PERF_RECORD_LOST)
		recorder->lost += ring_word(ring, at + 16);
	else if (type == PERF_RECORD_LOST_SAMPLES)
		recorder->lost_samples += ring_word(ring, at + 8);
	else if (type == PERF_RECORD_THROTTLE)
		recorder->throttled++;
}

/* The header word is type, misc, size from its low end upwards. */
static void count_ring(struct recorder *recorder, const struct ring *ring, bool sideband)
{
	for (uint64_t at = ring->tail; at < ring->head;) {
		uint64_t header = ring_word(ring, at);
		uint64_t size = header >> 48;

		/* the kernel does not write such a record; never loop on one */
		if (size < MIN_RECORD_BYTES || size > ring->head - at)
			return;
		count_record(recorder, ring, at, (uint32_t)header, sideband);
		at += size;
	}
}

/* How many of the first `written` bytes of a round's records are whole records. */
static uint64_t whole_bytes(const struct rings *rings, uint64_t written)
{
	uint64_t whole = 0;

	for (uint32_t i = 0; i < rings->count; i++) {
		const struct ring *ring = &rings->at[i];

		for (uint64_t at = ring->tail; at < ring->head;) {
			uint64_t size = ring_word(ring, at) >> 48;

			if (size < MIN_RECORD_BYTES || whole + size > written)
				return whole;
			whole += size;
			at += size;
		}
	}
	return whole;
}

int recorder_round(struct recorder *recorder)
{
	struct perf_event_header round = { .type = PERF_RECORD_FINISHED_ROUND,
		.size = sizeof(round) };
	struct rings *rings = recorder->rings;
	int count = 0;

	for (uint32_t i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->at[i];

		if (!ring->page || !ring_begin(ring))
			continue;
		count_ring(recorder, ring, i & 1);
		count += ring_pieces(ring, recorder->parts + count);
	}
	if (!count)
		return 0;
	recorder->rounds++;
	recorder->parts[count++] = (struct iovec){ &round, sizeof(round) };
	if (writer_records(recorder->writer, recorder->parts, count))
		writer_keep(recorder->writer, whole_bytes(rings, recorder->writer->partial));
	else
		writer_commit(recorder->writer);
	for (uint32_t i = 0; i < rings->count; i++)
		if (rings->at[i].page)
			ring_end(&rings->at[i]);
	return recorder->writer->error;
}

uint64_t recorder_lost_of(const struct recorder *recorder, int event)
{
	const struct session *session = recorder->rings->session;
	const struct target *target = session->target;
	const uint64_t format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	uint64_t lost = 0;

	if (session->events->at[event].attr.read_format != format)
		return 0;
	for (uint32_t cpu = 0; cpu < target->cpu_count; cpu++)
		for (uint32_t thread = 0; thread < target->thread_count; thread++) {
			uint64_t read_out[3]; /* value, id, lost */
			int fd = session_fd(session, event, cpu, thread);

			if (fd >= 0 && read(fd, read_out, sizeof(read_out)) == sizeof(read_out))
				lost += read_out[2];
		}
	return lost;
}
