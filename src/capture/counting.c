#include "capture/counting.h"

#include "capture/event_table.h"
#include "capture/relax.h"

#include <errno.h>
#include <string.h>

int counting_begin(struct counting *counting, struct arena *arena, struct event_list *events,
	const struct target *target, bool by_cpu)
{
	*counting = (struct counting){ .events = events,
		.target = target,
		.by_cpu = by_cpu,
		.columns = by_cpu ? target->cpu_count : 1 };
	counting->unsupported = arena_array(arena, bool, (size_t)events->count);
	counting->before =
		arena_array(arena, struct counter, (size_t)events->count * counting->columns);
	return counting->unsupported && counting->before ? 0 : -ENOMEM;
}

static void prepare(struct event *event, bool leads, bool tasks, const struct counting_wish *wish)
{
	uint64_t flags = 0;

	if (wish->user_only)
		flags |= PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV;
	if (wish->kernel_only)
		flags |= PERF_ATTR_EXCLUDE_USER;
	if (wish->inherit && tasks)
		flags |= PERF_ATTR_INHERIT;
	if (leads)
		flags |= PERF_ATTR_DISABLED;
	if (leads && wish->on_exec)
		flags |= PERF_ATTR_ENABLE_ON_EXEC;
	event->attr.flags = (event->attr.flags & ~(uint64_t)PERF_ATTR_FREQ) | flags;
	event->attr.sample_period = 0;
	event->attr.read_format = COUNTER_FORMAT;
}

static bool lacks(int error)
{
	return error == ENOENT || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
	       error == ENXIO || error == ENODEV;
}

/* Breaks up a group that the kernel refuses, where the user allows it (modifier W). */
static bool break_group(struct event_list *events, int index)
{
	uint16_t leader = events->at[index].leader;

	if (!events->at[index].weak || leader == index)
		return false;
	for (int i = leader; i < events->count; i++)
		if (events->at[i].leader == leader)
			events->at[i].leader = (uint16_t)i;
	return true;
}

enum opened {
	OPENED,
	REFUSED,
	AGAIN
};

static enum opened open_event(struct counting *counting, int index,
	const struct counting_wish *wish, const struct counting_told *told)
{
	struct event *event = &counting->events->at[index];
	bool *unsupported = &counting->unsupported[index];
	struct session_fault fault;
	const char *less;

	*unsupported = event->leader != index && counting->unsupported[event->leader];
	if (*unsupported || event->tool)
		return OPENED;
	prepare(event, event->leader == index, !counting->target->system_wide, wish);
	told->opens(event);
	while (session_open_event(&counting->session, index, &fault)) {
		if (fault.error == EINVAL && break_group(counting->events, index))
			return AGAIN;
		less = relax_event(event, fault.error, false);
		if (less && *less)
			told->less(event, less);
		if (less)
			continue;
		*unsupported = lacks(fault.error);
		told->refused(&fault, !*unsupported);
		return *unsupported ? OPENED : REFUSED;
	}
	return OPENED;
}

int counting_open(struct counting *counting, struct arena *arena, const struct counting_wish *wish,
	const struct counting_told *told)
{
	struct event_list *events = counting->events;

	memset(counting->before, 0,
		(size_t)events->count * counting->columns * sizeof(*counting->before));
	if (session_begin(&counting->session, arena, events, counting->target))
		return -ENOMEM;
	for (int i = 0; i < events->count; i++)
		switch (open_event(counting, i, wish, told)) {
		case OPENED:
			break;
		case REFUSED:
			return -1;
		case AGAIN:
			session_close(&counting->session);
			return counting_open(counting, arena, wish, told);
		}
	return 0;
}

/* Whether an event has a figure in a column at all. */
static bool is_here(const struct counting *counting, int index, uint32_t column)
{
	const struct event *event = &counting->events->at[index];

	if (event->adds)
		return false;
	if (event->tool || !counting->by_cpu || counting->unsupported[index])
		return !event->tool || column == 0;
	for (uint32_t thread = 0; thread < counting->target->thread_count; thread++)
		if (session_fd(&counting->session, index, column, thread) >= 0)
			return true;
	return false;
}

static struct counter read_tool(const struct event *event, const struct count_times *times)
{
	uint64_t ns = event->tool == EVENT_TOOL_USER_TIME     ? times->user_ns
		      : event->tool == EVENT_TOOL_SYSTEM_TIME ? times->system_ns
							      : times->wall_ns;

	return (struct counter){ ns, times->wall_ns, times->wall_ns };
}

static struct counter read_all(const struct counting *counting, int index, uint32_t column)
{
	const struct event_list *events = counting->events;
	struct counter sum = { 0, 0, 0 };

	do {
		if (!counting->unsupported[index])
			counter_read(&counting->session, index, counting->by_cpu ? (int)column : -1,
				&sum);
	} while (++index < events->count && events->at[index].adds);
	return sum;
}

enum count_state counting_read(struct counting *counting, int index, uint32_t column,
	const struct count_times *times, struct counter *count)
{
	const struct event *event = &counting->events->at[index];
	struct counter *before = &counting->before[(size_t)index * counting->columns + column], now;

	*count = (struct counter){ 0, 0, 0 };
	if (!is_here(counting, index, column))
		return COUNT_ABSENT;
	if (counting->unsupported[index])
		return COUNT_UNSUPPORTED;
	now = event->tool ? read_tool(event, times) : read_all(counting, index, column);
	*count = counter_since(&now, before);
	*before = now;
	return count->running_ns ? COUNT_DONE : COUNT_NEVER;
}
