#include "data/loss.h"

#include <stddef.h>

void loss_throttle(struct loss *loss, uint64_t time_ns)
{
	loss->throttled++;
	if (!loss->throttled_at_ns)
		loss->throttled_at_ns = time_ns;
}

void loss_unthrottle(struct loss *loss, uint64_t time_ns)
{
	if (loss->throttled_at_ns && time_ns > loss->throttled_at_ns)
		loss->throttled_ns += time_ns - loss->throttled_at_ns;
	loss->throttled_at_ns = 0;
}

void loss_add(struct loss *sum, const struct loss *loss)
{
	uint64_t *to = &sum->samples;
	const uint64_t *from = &loss->samples;

	for (size_t i = 0; i < offsetof(struct loss, throttled_at_ns) / sizeof(*to); i++)
		to[i] += from[i];
}

bool loss_any(const struct loss *loss)
{
	return loss->lost || loss->lost_by_pmu || loss->throttled || loss->cut;
}

uint32_t loss_max_stack(const struct perf_event_attr *attr)
{
	return attr->sample_max_stack ? attr->sample_max_stack : LOSS_MAX_STACK;
}
