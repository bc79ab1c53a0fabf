#include "cmd/record_loss.h"

#include "base/message.h"
#include "base/out.h"
#include "data/record.h"
#include "view/loss_text.h"

#include <inttypes.h>
#include <unistd.h>

#define INDEX_ENTRIES 128

/* PERF_RECORD_ID_INDEX */
struct id_index {
	struct perf_event_header header;
	uint64_t count;
	struct {
		uint64_t id, index, cpu, tid;
	} at[INDEX_ENTRIES];
};

static void write_index(struct id_index *index, struct writer *writer)
{
	struct iovec part = { index, 16 + index->count * sizeof(*index->at) };

	index->header = (struct perf_event_header){ .type = PERF_RECORD_ID_INDEX,
		.size = (uint16_t)part.iov_len };
	if (index->count)
		writer_records(writer, &part, 1);
	index->count = 0;
}

/* 0: there is none. */
static uint64_t id_of(const struct losses *losses, int event, uint32_t cpu, uint32_t thread)
{
	uint64_t id = 0;

	session_id(session_fd(losses->session, event, cpu, thread), &id);
	return id;
}

static void index_ids(const struct losses *losses, int event, uint32_t cpu, struct id_index *index,
	struct writer *writer)
{
	const struct target *target = losses->session->target;

	for (uint32_t thread = 0; thread < target->thread_count; thread++) {
		uint64_t id = id_of(losses, event, cpu, thread);

		if (!id)
			continue;
		index->at[index->count].id = id;
		index->at[index->count].index = cpu;
		index->at[index->count].cpu = (uint32_t)target->cpus[cpu];
		index->at[index->count].tid = (uint32_t)target->threads[thread];
		if (++index->count == INDEX_ENTRIES)
			write_index(index, writer);
	}
}

static void write_lost(struct recorder *recorder, const struct perf_event_attr *attr, int event,
	uint32_t cpu, struct writer *writer)
{
	const struct losses *losses = &recorder->losses;
	struct loss *loss = losses_at(losses, event, cpu);
	struct record record = { .type = PERF_RECORD_LOST_SAMPLES,
		.id = { .time_ns = recorder->last_ns,
			.cpu = (uint32_t)losses->session->target->cpus[cpu] },
		.lost.count = loss->lost - loss->told };
	_Alignas(8) char bytes[128];
	struct iovec part = { .iov_base = bytes };

	if (!record.lost.count)
		return;
	for (uint32_t thread = 0; !record.id.id && thread < losses->session->target->thread_count;)
		record.id.id = id_of(losses, event, cpu, thread++);
	part.iov_len = record_encode(bytes, sizeof(bytes), &record, attr);
	writer_records(writer, &part, 1);
	loss->told = loss->lost;
}

void record_loss_write(
	struct recorder *recorder, const struct writer_event *events, struct writer *writer)
{
	struct losses *losses = &recorder->losses;
	struct id_index index = { .count = 0 };
	int count = losses->session->events->count;
	uint32_t cpus = losses->session->target->cpu_count;

	losses_read(losses, recorder->last_ns);
	for (int event = 0; event < count; event++)
		for (uint32_t cpu = 0; cpu < cpus; cpu++) {
			if (!loss_any(losses_at(losses, event, cpu)))
				continue;
			write_lost(recorder, events[event].attr, event, cpu, writer);
			index_ids(losses, event, cpu, &index, writer);
		}
	write_index(&index, writer);
}

static struct loss sum_of(const struct losses *losses, int event)
{
	struct loss sum = { .samples = 0 };

	for (uint32_t cpu = 0; cpu < losses->session->target->cpu_count; cpu++)
		loss_add(&sum, losses_at(losses, event, cpu));
	return sum;
}

static void say_event(const struct event *event, const struct loss *sum)
{
	message("%s: %" PRIu64 " lost, throttled %" PRIu64 " times for %" PRIu64 " ms, %" PRIu64
		" callchains cut at %" PRIu32 " frames; -v tells of each CPU",
		event->name, sum->lost + sum->lost_by_pmu, sum->throttled,
		sum->throttled_ns / 1000000, sum->cut, loss_max_stack(&event->attr));
}

/* Counted by the kernel = recorded + lost. */
static void say_sum(const struct event *event, const struct loss *sum)
{
	static const char *const rest[] = {
		[LOSSES_EXACT] = "unexplained",
		[LOSSES_PERIOD] = "left over: less than a period for each task",
		[LOSSES_FREQUENCY] = "of lost samples or left over: periods vary",
		[LOSSES_CLOCK] = "not sampled: clocks count idle time, too",
	};
	enum losses_sum kind = losses_sum(&event->attr);
	uint64_t lost = kind < LOSSES_FREQUENCY ? sum->lost * event->attr.sample_period : 0;

	message("%s: %" PRIu64 " counted = %" PRIu64 " recorded + %" PRIu64 " lost + %" PRId64
		" %s",
		event->name, sum->counted, sum->periods, lost,
		(int64_t)(sum->counted - sum->periods - lost), rest[kind]);
}

static void show_rows(struct out *out, const struct losses *losses, int event)
{
	const struct target *target = losses->session->target;
	const char *name = losses->session->events->at[event].name;
	struct loss sum = sum_of(losses, event);

	loss_text_row(out, name, LOSS_TEXT_SUM, &sum);
	for (uint32_t cpu = 0; cpu < target->cpu_count; cpu++)
		if (loss_any(losses_at(losses, event, cpu)))
			loss_text_row(out, name, target->cpus[cpu], losses_at(losses, event, cpu));
}

void record_loss_summary(const struct recorder *recorder, int verbose)
{
	const struct losses *losses = &recorder->losses;
	const struct event_list *events = losses->session->events;
	static struct out out;

	out_begin(&out, STDERR_FILENO);
	if (verbose)
		loss_text_head(&out);
	for (int i = 0; i < events->count; i++) {
		struct loss sum = sum_of(losses, i);

		if (verbose)
			show_rows(&out, losses, i);
		else if (i != recorder->rings->sideband && loss_any(&sum))
			say_event(&events->at[i], &sum);
	}
	if (verbose)
		out_char(&out, '\n');
	out_flush(&out);
	for (int i = 0; i < events->count && verbose; i++)
		if (i != recorder->rings->sideband) {
			struct loss sum = sum_of(losses, i);

			say_sum(&events->at[i], &sum);
		}
}

uint64_t record_loss_samples(const struct recorder *recorder)
{
	uint64_t lost = 0;

	for (int i = 0; i < recorder->losses.session->events->count; i++) {
		struct loss sum = sum_of(&recorder->losses, i);

		if (i != recorder->rings->sideband)
			lost += sum.lost + sum.lost_by_pmu;
	}
	return lost;
}
