#include "cmd/sampler.h"

#include "access/caller.h"
#include "access/verdict.h"
#include "base/message.h"
#include "base/number.h"
#include "capture/relax.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DEFAULT_FREQUENCY_HZ 4000

int sampler_events(struct sampler *s, const struct sampler_wish *wish)
{
	struct event_error error;

	for (int i = 0; i < wish->events.count; i++)
		if (event_parse(&s->events, wish->events.at[i], NULL, &error))
			return message_usage("-e %s: %s", wish->events.at[i], error.text);
	if (!s->events.count && !sampling_add_default(&s->events))
		return message_fail("no room for an event");
	return 0;
}

int sampler_target(struct sampler *s, const struct sampler_wish *wish)
{
	struct target_wish target = wish->target;
	struct target_fault fault;
	char text[512];

	target.per_cpu = true;
	if (!target_open(&s->target, s->arena, &target, &fault))
		return 0;
	target_explain(&fault, text, sizeof(text));
	return message_fail("%s", text);
}

/* -F, with max and above clamped to what the kernel allows. */
static int choose_frequency(uint64_t *hz, const char *asked, const struct limits *limits)
{
	int64_t most = fact_or(limits->max_sample_rate, INT64_MAX);
	bool max = asked && !strcmp(asked, "max");

	*hz = DEFAULT_FREQUENCY_HZ;
	if (asked && !max && (number_u64(asked, hz) || !*hz))
		return message_usage(
			"-F %s: is not a number of samples a second; see --help", asked);
	if (max && most == INT64_MAX)
		return message_fail(
			"-F max: the most allowed is not known "
			"(/proc/sys/kernel/perf_event_max_sample_rate: %s); give a number",
			fact_reason(limits->max_sample_rate));
	if (max || *hz > (uint64_t)most) {
		*hz = (uint64_t)most;
		message("sampling at %" PRIu64
			" Hz, the most that perf_event_max_sample_rate allows",
			*hz);
	}
	return 0;
}

int sampler_sampling(struct sampler *s, const struct sampler_wish *wish, struct sampling *sampling,
	const struct limits *limits)
{
	int status = choose_frequency(&sampling->frequency, wish->frequency, limits);

	if (status)
		return status;
	sampling->period = wish->period;
	sampling->inherit = !wish->no_inherit && !s->target.system_wide;
	sampling_apply(&s->events, sampling);
	s->sideband = sampling_add_sideband(&s->events, sampling);
	return s->sideband < 0 ? message_fail("-e: more events than there is room for") : 0;
}

static int plan_rings(
	struct sampler *s, const char *asked, uint32_t pages, const struct limits *limits)
{
	s->budget.page_bytes = limits->page_kb * 1024;
	s->budget.cpus = s->target.cpu_count;
	s->budget.limit_kb = (uint64_t)fact_or(limits->mlock_kb, 516);
	s->budget.unlimited = limits->unlimited_rings;
	if (asked && budget_parse_pages(asked, s->budget.page_bytes, &pages))
		return message_usage(
			"-m %s: is not a number of pages or a size such as 512K", asked);
	budget_plan(&s->budget, pages);
	return 0;
}

static int refused(struct refusal refusal)
{
	char text[2048];

	verdict_explain(text, sizeof(text), &refusal);
	return message_fail_lines(text);
}

static int refused_open(const struct sampler *s, const struct session_fault *fault)
{
	const struct event *event = &s->events.at[fault->event];

	if (fault->error == ENOMEM && !s->session.open)
		return message_fail("the table of descriptors does not fit; give more with "
				    "--memory");
	return refused((struct refusal){ .event = event->name,
		.attr = &event->attr,
		.pid = fault->pid,
		.cpu = fault->cpu,
		.error = fault->error,
		.descriptors =
			(uint64_t)s->events.count * s->target.cpu_count * s->target.thread_count });
}

static int refused_rings(const struct sampler *s, int error)
{
	return refused((struct refusal){ .error = -error,
		.map = true,
		.ring_kb = (s->budget.sample_pages + 1ull) * s->budget.page_bytes / 1024,
		.rings = s->rings.count,
		.pid = s->target.threads[0],
		.cpu = s->target.cpus[0] });
}

/* Opens everything, with less where the kernel does not allow as much. */
static int open_session(struct sampler *s, bool named)
{
	struct session_fault fault;

	while (session_open(&s->session, s->arena, &s->events, &s->target, &fault)) {
		struct event *event = &s->events.at[fault.event];
		const char *less = relax_event(event, fault.error, !named);

		if (!less)
			return refused_open(s, &fault);
		if (*less)
			message("%s: %s", event->name, less);
		session_close(&s->session);
	}
	return 0;
}

/* Descriptors and rings. A ring that is not allowed is tried smaller, with descriptors anew. */
static int open_rings(struct sampler *s, const struct sampler_wish *wish)
{
	uint64_t planned_kb = budget_total_kb(&s->budget);
	int error;

	for (;;) {
		size_t mark = s->arena->used;

		if (open_session(s, wish->events.count))
			return 1;
		error = rings_map(&s->rings, s->arena, &s->session, s->sideband, &s->budget);
		if (error != -EPERM || wish->pages || !budget_halve(&s->budget))
			break;
		session_close(&s->session);
		arena_back(s->arena, mark);
	}
	if (error)
		return refused_rings(s, error);
	if (s->session.lacks_type)
		message("-W: kernels before 5.12 tell one weight of a sample, not three");
	if (budget_total_kb(&s->budget) < planned_kb)
		message("rings of %" PRIu64 " KiB instead of %" PRIu64
			" KiB: other recordings of this user hold the rest",
			budget_total_kb(&s->budget), planned_kb);
	return 0;
}

int sampler_open(struct sampler *s, const struct sampler_wish *wish, uint32_t pages,
	const struct limits *limits)
{
	int status = plan_rings(s, wish->pages, pages, limits);

	if (status)
		return status;
	caller_raise();
	status = open_rings(s, wish);
	caller_lower();
	return status;
}

int sampler_control(const struct sampler *s, unsigned long request)
{
	int error = 0;

	for (int i = 0; i < s->events.count && !error; i++)
		if (i != s->sideband)
			error = session_control(&s->session, i, request);
	return error;
}
