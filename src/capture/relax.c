#include "capture/relax.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PRECISE_MASK PERF_ATTR_PRECISE_IP(3)

static bool less_precise(struct event *event)
{
	if (!event->precise_most || !(event->attr.flags & PRECISE_MASK))
		return false;
	event->attr.flags -= PERF_ATTR_PRECISE_IP(1);
	return true;
}

/* Excluding guests is the default, not the user's will, and PMUs that exclude nothing refuse it. */
static bool with_guests(struct event *event)
{
	if (event->guest_given || !(event->attr.flags & PERF_ATTR_EXCLUDE_GUEST))
		return false;
	event->attr.flags &= ~(uint64_t)PERF_ATTR_EXCLUDE_GUEST;
	return true;
}

static bool user_only(struct event *event)
{
	const uint64_t kernel = PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV;
	size_t length = strlen(event->name);
	bool modified = event->attr.type != PERF_TYPE_TRACEPOINT && strchr(event->name, ':');

	if (event->levels_given || event->attr.flags & PERF_ATTR_EXCLUDE_KERNEL)
		return false;
	event->attr.flags |= kernel | PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL;
	snprintf(event->name + length, sizeof(event->name) - length, "%s", modified ? "u" : ":u");
	return true;
}

static bool cpu_clock(struct event *event)
{
	if (event->attr.type != PERF_TYPE_HARDWARE ||
		event->attr.config != PERF_COUNT_HW_CPU_CYCLES)
		return false;
	event->attr.type = PERF_TYPE_SOFTWARE;
	event->attr.config = PERF_COUNT_SW_CPU_CLOCK;
	event->attr.flags &= ~PRECISE_MASK;
	event->precise_most = false;
	strcpy(event->name, "cpu-clock");
	return true;
}

const char *relax_event(struct event *event, int error, bool may_replace)
{
	bool absent = error == ENOENT || error == EOPNOTSUPP || error == EINVAL ||
		      error == ENODEV || error == ENXIO;

	if (absent && less_precise(event))
		return "";
	if (error == EINVAL && with_guests(event))
		return "";
	if ((error == EACCES || error == EPERM) && user_only(event))
		return "the kernel part is not permitted here: user space only (see perfbox check)";
	if (absent && may_replace && cpu_clock(event))
		return "no hardware counter for cycles here: cpu-clock instead";
	return NULL;
}
