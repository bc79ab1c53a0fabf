#include "capture/event_parser.h"

#include "capture/tracepoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int tracepoint_missing(struct event_parser *p, const char *at, const char *events,
	const char *system, const char *name)
{
	static struct tracepoint_walk walk;
	struct nearest nearest;
	char full[192], text[352];
	const char *found;

	snprintf(full, sizeof(full), "%s:%s", system, name);
	event_fail(p, at, -EINVAL, "no tracepoint %.100s:%.100s here", system, name);
	nearest_begin(&nearest, full, strlen(full));
	if (!tracepoint_walk_begin(&walk, events, "*", "*")) {
		while ((found = tracepoint_walk_next(&walk))) {
			snprintf(text, sizeof(text), "%s:%s", walk.system, found);
			nearest_offer(&nearest, text);
		}
		tracepoint_walk_end(&walk);
	}
	return event_fail_nearest(p, at, &nearest);
}

static int tracepoint_add(
	struct event_parser *p, const char *events, const char *system, const char *name)
{
	struct event *event;
	uint64_t id;
	int err = tracepoint_id(events, system, name, &id);

	if (err)
		return err;
	event = event_new(p, PERF_TYPE_TRACEPOINT, id);
	if (!event)
		return -ENOSPC;
	event->attr.sample_period = 1;
	snprintf(event->name, sizeof(event->name), "%s:%s", system, name);
	return 0;
}

/* Those of a glob; what has no id (ftrace's own events) cannot be opened and is left out. */
static int tracepoint_glob(
	struct event_parser *p, const char *events, const char *system, const char *name)
{
	static struct tracepoint_walk walk;
	int err = tracepoint_walk_begin(&walk, events, system, name);
	const char *found;

	if (err)
		return err;
	while (err != -ENOSPC && (found = tracepoint_walk_next(&walk)))
		err = tracepoint_add(p, events, walk.system, found);
	tracepoint_walk_end(&walk);
	return err == -ENOSPC ? err : 0;
}

static int tracepoint_place(struct event_parser *p, const char *at, char *to, size_t cap)
{
	int err;

	if (p->source.tracepoints) {
		snprintf(to, cap, "%s", p->source.tracepoints);
		return 0;
	}
	err = tracepoint_events(to, cap);
	if (err == -EACCES)
		return event_fail(p, at, err,
			"tracepoints need tracefs, which this user may not read "
			"(/sys/kernel/tracing)");
	if (err)
		return event_fail(p, at, err,
			"tracepoints need tracefs, which is not mounted; "
			"mount -t tracefs tracefs /sys/kernel/tracing");
	return 0;
}

int event_tracepoint(struct event_parser *p, const char *word, size_t length)
{
	char events[192], system[96], name[96];
	const char *at = p->at;
	int err, first = p->list->count;

	while (!event_word_ends(*p->at))
		p->at++;
	if (length >= sizeof(system) || (size_t)(p->at - at) >= sizeof(name) || p->at == at)
		return event_fail(p, word, -EINVAL, "a tracepoint is SYSTEM:NAME");
	snprintf(system, sizeof(system), "%.*s", (int)length, word);
	snprintf(name, sizeof(name), "%.*s", (int)(p->at - at), at);
	err = tracepoint_place(p, word, events, sizeof(events));
	if (err)
		return err;
	if (strpbrk(system, "*?[") || strpbrk(name, "*?["))
		err = tracepoint_glob(p, events, system, name);
	else
		err = tracepoint_add(p, events, system, name);
	if (err == -EACCES || err == -EPERM)
		return event_fail(
			p, word, err, "tracefs keeps its id from this user: %s", strerror(-err));
	if (err == -ENOSPC)
		return err;
	return err || p->list->count == first ? tracepoint_missing(p, word, events, system, name)
					      : 0;
}
