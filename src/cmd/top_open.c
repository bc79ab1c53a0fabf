#include "cmd/top_open.h"

#include "access/facts.h"
#include "access/verdict.h"
#include "base/message.h"
#include "base/number.h"
#include "capture/relax.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FREQUENCY_HZ 4000

static int choose_events(struct top_open *o, const struct top_wish *wish)
{
	struct event_error error;

	for (int i = 0; i < wish->events.count; i++)
		if (event_parse(&o->events, wish->events.at[i], NULL, &error))
			return message_usage("-e %s: %s", wish->events.at[i], error.text);
	if (!o->events.count && !sampling_add_default(&o->events))
		return message_fail("no room for an event");
	return 0;
}

static int choose_target(struct top_open *o, const struct top_wish *wish)
{
	struct target_wish target = wish->target;
	struct target_fault fault;
	char text[512];

	target.per_cpu = true;
	if (!target.pids && !target.tids && !target.cpus)
		target.system_wide = true;
	if (!target_open(&o->target, o->arena, &target, &fault))
		return 0;
	target_explain(&fault, text, sizeof(text));
	return message_fail("%s", text);
}

/* -F, with max and above clamped to what the kernel allows. */
static int choose_frequency(uint64_t *hz, const struct top_wish *wish, const struct limits *limits)
{
	int64_t most = fact_or(limits->max_sample_rate, INT64_MAX);
	bool max = wish->frequency && !strcmp(wish->frequency, "max");

	*hz = DEFAULT_FREQUENCY_HZ;
	if (wish->frequency && !max && (number_u64(wish->frequency, hz) || !*hz))
		return message_usage(
			"-F %s: is not a number of samples a second; see --help", wish->frequency);
	if (max && most == INT64_MAX)
		return message_fail("-F max: the most allowed is not known; give a number");
	if (max || *hz > (uint64_t)most) {
		*hz = (uint64_t)most;
		message("sampling at %" PRIu64
			" Hz, the most that perf_event_max_sample_rate allows",
			*hz);
	}
	return 0;
}

static int choose_sampling(
	struct top_open *o, const struct top_wish *wish, const struct limits *limits)
{
	struct sampling sampling = {
		.period = wish->period,
		.cpu = true,
		.inherit = !wish->no_inherit && !o->target.system_wide,
		.callchain = wish->callchain,
	};
	int status = choose_frequency(&sampling.frequency, wish, limits);

	if (status)
		return status;
	sampling_apply(&o->events, &sampling);
	o->sideband = sampling_add_sideband(&o->events, &sampling);
	return o->sideband < 0 ? message_fail("-e: more events than there is room for") : 0;
}

static int plan_rings(struct top_open *o, const struct top_wish *wish, const struct limits *limits)
{
	uint32_t pages = 0;

	o->budget.page_bytes = limits->page_kb * 1024;
	o->budget.cpus = o->target.cpu_count;
	o->budget.limit_kb = (uint64_t)fact_or(limits->mlock_kb, 516);
	o->budget.unlimited = limits->unlimited_rings;
	if (wish->pages && budget_parse_pages(wish->pages, o->budget.page_bytes, &pages))
		return message_usage(
			"-m %s: is not a number of pages or a size such as 512K", wish->pages);
	budget_plan(&o->budget, pages);
	return 0;
}

static int refused(struct refusal refusal)
{
	char text[2048];

	verdict_explain(text, sizeof(text), &refusal);
	return message_fail("%s", text);
}

/* Opens everything, with less where the kernel does not allow as much. */
static int open_session(struct top_open *o, bool named)
{
	struct session_fault fault;

	while (session_open(&o->session, o->arena, &o->events, &o->target, &fault)) {
		struct event *event = &o->events.at[fault.event];
		const char *less = relax_event(event, fault.error, !named);

		if (!less)
			return refused((struct refusal){ .event = event->name,
				.attr = &event->attr,
				.pid = fault.pid,
				.cpu = fault.cpu,
				.error = fault.error,
				.descriptors = (uint64_t)o->events.count * o->target.cpu_count *
					       o->target.thread_count });
		if (*less)
			message("%s: %s", event->name, less);
		session_close(&o->session);
	}
	return 0;
}

/* Descriptors and rings. A ring that is not allowed is tried smaller, with descriptors anew. */
static int open_rings(struct top_open *o, const struct top_wish *wish)
{
	int error;

	for (;;) {
		size_t mark = o->arena->used;

		if (open_session(o, wish->events.count))
			return 1;
		error = rings_map(&o->rings, o->arena, &o->session, o->sideband, &o->budget);
		if (!error)
			return 0;
		if (error != -EPERM || wish->pages || !budget_halve(&o->budget))
			break;
		session_close(&o->session);
		arena_back(o->arena, mark);
	}
	return refused((struct refusal){ .error = -error,
		.map = true,
		.ring_kb = (o->budget.sample_pages + 1ull) * o->budget.page_bytes / 1024,
		.rings = o->rings.count,
		.pid = o->target.threads[0],
		.cpu = o->target.cpus[0] });
}

static int by_id(const void *left, const void *right)
{
	const struct top_id *a = left, *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static int collect_ids(struct top_open *o)
{
	size_t most = (size_t)o->events.count * o->target.cpu_count * o->target.thread_count;

	o->ids = arena_array(o->arena, struct top_id, most);
	if (!o->ids)
		return message_fail("the table of event ids does not fit; give more with --memory");
	for (int event = 0; event < o->events.count; event++)
		for (uint32_t cpu = 0; cpu < o->target.cpu_count; cpu++)
			for (uint32_t thread = 0; thread < o->target.thread_count; thread++) {
				int fd = session_fd(&o->session, event, cpu, thread);
				struct top_id *id = &o->ids[o->id_count];

				id->event = (uint32_t)event;
				if (event != o->sideband && fd >= 0 && session_id(fd, &id->id))
					o->id_count++;
			}
	qsort(o->ids, o->id_count, sizeof(*o->ids), by_id);
	return 0;
}

int top_event(const struct top_open *open, uint64_t id)
{
	const struct top_id key = { .id = id };
	const struct top_id *found;

	if (open->events.count == 2)
		return 0;
	found = bsearch(&key, open->ids, open->id_count, sizeof(key), by_id);
	return found ? (int)found->event : -1;
}

int top_open(struct top_open *open, const struct top_wish *wish)
{
	struct limits limits;
	int status;

	facts_limits(&limits);
	status = choose_events(open, wish);
	if (!status)
		status = choose_target(open, wish);
	if (!status)
		status = choose_sampling(open, wish, &limits);
	if (!status)
		status = plan_rings(open, wish, &limits);
	if (!status)
		status = open_rings(open, wish);
	return status ? status : collect_ids(open);
}
