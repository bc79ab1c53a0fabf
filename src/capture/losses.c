#include "capture/losses.h"

#include <errno.h>
#include <unistd.h>

#define BEFORE_PERIOD                                                                              \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
		PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU)

/* Where a sample has what is counted, as words after its header's; 0: it has none. */
struct losses_event {
	uint64_t first_id;
	uint64_t period; /* where it is the same for all */
	uint32_t period_word, chain_word;
	uint32_t max_stack;
};

static void lay_out(struct losses_event *e, const struct perf_event_attr *attr)
{
	uint32_t word = 1 + (uint32_t)__builtin_popcountll(attr->sample_type & BEFORE_PERIOD);

	e->period = attr->sample_period;
	e->max_stack = loss_max_stack(attr);
	if (attr->sample_type & PERF_SAMPLE_PERIOD)
		e->period_word = word++;
	if (attr->sample_type & PERF_SAMPLE_CALLCHAIN && !(attr->sample_type & PERF_SAMPLE_READ))
		e->chain_word = word;
}

static void find_first_id(struct losses_event *e, const struct session *session, int event)
{
	const struct target *target = session->target;

	e->first_id = UINT64_MAX;
	for (uint32_t cpu = 0; cpu < target->cpu_count; cpu++)
		for (uint32_t thread = 0; thread < target->thread_count; thread++) {
			int fd = session_fd(session, event, cpu, thread);

			if (fd >= 0 && !session_id(fd, &e->first_id))
				return;
		}
}

int losses_begin(struct losses *losses, struct arena *arena, const struct session *session)
{
	int events = session->events->count;

	*losses = (struct losses){ .session = session };
	losses->event = arena_array(arena, struct losses_event, (size_t)events);
	losses->at = arena_array(arena, struct loss, (size_t)events * session->target->cpu_count);
	if (!losses->event || !losses->at)
		return -ENOMEM;
	for (int i = 0; i < events; i++) {
		lay_out(&losses->event[i], &session->events->at[i].attr);
		find_first_id(&losses->event[i], session, i);
	}
	return 0;
}

int losses_event(const struct losses *losses, uint64_t id)
{
	int event = losses->session->events->count - 1;

	while (event > 0 && losses->event[event].first_id > id)
		event--;
	return event;
}

struct loss *losses_at(const struct losses *losses, int event, uint32_t cpu)
{
	return &losses->at[(size_t)event * losses->session->target->cpu_count + cpu];
}

static bool is_cut(const struct losses_event *e, const struct ring *ring, uint64_t at)
{
	uint64_t word = at + 8 * e->chain_word, count = ring_word(ring, word), frames = 0;

	if (count < e->max_stack)
		return false;
	for (uint64_t i = 1; i <= count; i++)
		frames += loss_is_frame(ring_word(ring, word + 8 * i));
	return frames >= e->max_stack;
}

static void take_sample(struct losses *losses, const struct ring *ring, uint64_t at, uint32_t cpu)
{
	int event = losses_event(losses, ring_word(ring, at + 8));
	const struct losses_event *e = &losses->event[event];
	struct loss *loss = losses_at(losses, event, cpu);

	loss->samples++;
	loss->periods += e->period_word ? ring_word(ring, at + 8 * e->period_word) : e->period;
	if (e->chain_word && is_cut(e, ring, at))
		loss->cut++;
}

void losses_take(
	struct losses *losses, const struct ring *ring, uint64_t at, uint64_t header, uint32_t cpu)
{
	uint32_t type = (uint32_t)header;
	uint64_t first = ring_word(ring, at + 8), id_at = at + 16; /* as THROTTLE has it */
	struct loss *loss;

	if (type == PERF_RECORD_SAMPLE)
		take_sample(losses, ring, at, cpu);
	if (type != PERF_RECORD_LOST && type != PERF_RECORD_LOST_SAMPLES &&
		type != PERF_RECORD_THROTTLE && type != PERF_RECORD_UNTHROTTLE)
		return;
	if (type == PERF_RECORD_LOST)
		id_at = at + 8;
	if (type == PERF_RECORD_LOST_SAMPLES)
		id_at = at + (header >> 48) - 8;
	loss = losses_at(losses, losses_event(losses, ring_word(ring, id_at)), cpu);
	if (type == PERF_RECORD_LOST)
		loss->lost += ring_word(ring, at + 16);
	else if (type == PERF_RECORD_LOST_SAMPLES)
		loss->lost_by_pmu += first;
	else if (type == PERF_RECORD_THROTTLE)
		loss_throttle(loss, first);
	else
		loss_unthrottle(loss, first);
	losses->throttled += type == PERF_RECORD_THROTTLE;
}

/* The threads' counters of one event on one CPU. False: none tells what it lost. */
static bool read_counters(
	const struct losses *losses, int event, uint32_t cpu, uint64_t *counted, uint64_t *lost)
{
	const struct session *session = losses->session;
	bool tells = session->events->at[event].attr.read_format & PERF_FORMAT_LOST;

	for (uint32_t thread = 0; thread < session->target->thread_count; thread++) {
		uint64_t told[3] = { 0 }; /* value, id, lost */
		int fd = session_fd(session, event, cpu, thread);

		if (fd < 0 || read(fd, told, sizeof(told)) <= 0)
			continue;
		*counted += told[0];
		*lost += told[2];
	}
	return tells;
}

void losses_read(struct losses *losses, uint64_t last_ns)
{
	for (int event = 0; event < losses->session->events->count; event++)
		for (uint32_t cpu = 0; cpu < losses->session->target->cpu_count; cpu++) {
			struct loss *loss = losses_at(losses, event, cpu);
			uint64_t counted = 0, lost = 0;

			if (read_counters(losses, event, cpu, &counted, &lost))
				loss->lost = lost;
			loss->counted = counted;
			if (last_ns)
				loss_unthrottle(loss, last_ns);
		}
}

static bool is_clock(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE &&
	       (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
		       attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

enum losses_sum losses_sum(const struct perf_event_attr *attr)
{
	if (is_clock(attr))
		return LOSSES_CLOCK;
	if (attr->flags & PERF_ATTR_FREQ)
		return LOSSES_FREQUENCY;
	return attr->sample_period == 1 ? LOSSES_EXACT : LOSSES_PERIOD;
}
