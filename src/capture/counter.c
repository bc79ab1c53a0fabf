#include "capture/counter.h"

#include <math.h>
#include <unistd.h>

static uint32_t read_one(int fd, struct counter *sum)
{
	struct counter one;

	if (fd < 0)
		return 0;
	if (read(fd, &one, sizeof(one)) != sizeof(one))
		return 1;
	sum->value += one.value;
	sum->enabled_ns += one.enabled_ns;
	sum->running_ns += one.running_ns;
	return 0;
}

uint32_t counter_read(const struct session *session, int event, int cpu, struct counter *sum)
{
	const struct target *target = session->target;
	uint32_t first = cpu < 0 ? 0 : (uint32_t)cpu, failed = 0;
	uint32_t end = cpu < 0 ? target->cpu_count : first + 1;

	for (uint32_t i = first; i < end; i++)
		for (uint32_t thread = 0; thread < target->thread_count; thread++)
			failed += read_one(session_fd(session, event, i, thread), sum);
	return failed;
}

struct counter counter_since(const struct counter *now, const struct counter *before)
{
	return (struct counter){ now->value - before->value, now->enabled_ns - before->enabled_ns,
		now->running_ns - before->running_ns };
}

double counter_scaled(const struct counter *counter)
{
	if (!counter->running_ns || counter->running_ns >= counter->enabled_ns)
		return (double)counter->value;
	return (double)counter->value * (double)counter->enabled_ns / (double)counter->running_ns;
}

void spread_add(struct spread *spread, double figure)
{
	double before = figure - spread->mean;

	spread->mean += before / ++spread->count;
	spread->squares += before * (figure - spread->mean);
}

double spread_deviation(const struct spread *spread)
{
	if (spread->count < 2)
		return 0;
	return sqrt(spread->squares / (spread->count - 1) / spread->count);
}
