#include "data/loss.h"

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
	sum->samples += loss->samples;
	sum->lost += loss->lost;
	sum->lost_by_pmu += loss->lost_by_pmu;
	sum->throttled += loss->throttled;
	sum->throttled_ns += loss->throttled_ns;
	sum->cut += loss->cut;
	sum->dropped += loss->dropped;
	sum->counted += loss->counted;
	sum->periods += loss->periods;
}

bool loss_any(const struct loss *loss)
{
	return loss->lost || loss->lost_by_pmu || loss->throttled || loss->cut || loss->dropped;
}

uint32_t loss_max_stack(const struct perf_event_attr *attr)
{
	return attr->sample_max_stack ? attr->sample_max_stack : LOSS_MAX_STACK;
}
