#include "capture/tracing.h"

#include "base/file.h"
#include "capture/tracepoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "\x17\x08\x44tracing0.6"

/* "system:name" as its event is called, without modifiers. */
struct name {
	char system[96], name[96];
};

static bool is_tracepoint(const struct event *event)
{
	return event->attr.type == PERF_TYPE_TRACEPOINT;
}

static struct name name_of(const struct event *event)
{
	const char *colon = strchr(event->name, ':');
	struct name name = { "", "" };

	if (colon) {
		snprintf(name.system, sizeof(name.system), "%.*s", (int)(colon - event->name),
			event->name);
		snprintf(name.name, sizeof(name.name), "%.*s", (int)strcspn(colon + 1, ":"),
			colon + 1);
	}
	return name;
}

/* A file with its size before it, in `size_bytes` bytes; one that is not there has none. */
static void put_file(struct body *body, const char *path, size_t size_bytes)
{
	size_t at = body->size;
	uint64_t size = 0;
	ssize_t n;

	body_put(body, &size, size_bytes);
	if (body->full)
		return;
	n = file_slurp(path, (char *)body->bytes + body->size, body->cap - body->size);
	if (n < 0) {
		body->full |= n == -EFBIG;
		return;
	}
	size = (uint64_t)n;
	memcpy(body->bytes + at, &size, size_bytes);
	body->size += size;
}

static void put_text(struct body *body, const char *text)
{
	body_put(body, text, strlen(text) + 1);
}

/* Whether event `index` is the first of its system (with `whole`: of its name) in the list. */
static bool is_first(const struct event_list *events, int index, bool whole)
{
	struct name name = name_of(&events->at[index]);

	for (int i = 0; i < index; i++) {
		struct name other = name_of(&events->at[i]);

		if (is_tracepoint(&events->at[i]) && !strcmp(name.system, other.system) &&
			(!whole || !strcmp(name.name, other.name)))
			return false;
	}
	return is_tracepoint(&events->at[index]);
}

static void put_formats(
	struct body *body, const struct event_list *events, const char *folder, const char *system)
{
	uint32_t count = 0;
	size_t count_at = body->size;

	body_u32(body, 0);
	for (int i = 0; i < events->count; i++) {
		struct name name = name_of(&events->at[i]);
		char path[PATH_MAX];

		if (!is_first(events, i, true) || strcmp(name.system, system))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s/format", folder, name.system, name.name);
		put_file(body, path, sizeof(uint64_t));
		count++;
	}
	if (!body->full)
		memcpy(body->bytes + count_at, &count, sizeof(count));
}

static void put_systems(struct body *body, const struct event_list *events, const char *folder)
{
	uint32_t count = 0;

	for (int i = 0; i < events->count; i++)
		count += is_first(events, i, false);
	body_u32(body, count);
	for (int i = 0; i < events->count; i++)
		if (is_first(events, i, false)) {
			struct name name = name_of(&events->at[i]);

			put_text(body, name.system);
			put_formats(body, events, folder, name.system);
		}
}

bool tracing_put(struct body *body, const struct event_list *events)
{
	static const uint8_t little_endian_longs[] = { 0, sizeof(long) };
	char folder[PATH_MAX - 256], path[PATH_MAX];
	bool any = false;

	for (int i = 0; i < events->count; i++)
		any |= is_tracepoint(&events->at[i]);
	if (!any || tracepoint_events(folder, sizeof(folder)))
		return false;
	body_put(body, MAGIC, sizeof(MAGIC));
	body_put(body, little_endian_longs, sizeof(little_endian_longs));
	body_u32(body, (uint32_t)getpagesize());
	put_text(body, "header_page");
	snprintf(path, sizeof(path), "%s/header_page", folder);
	put_file(body, path, sizeof(uint64_t));
	put_text(body, "header_event");
	snprintf(path, sizeof(path), "%s/header_event", folder);
	put_file(body, path, sizeof(uint64_t));
	body_u32(body, 0); /* formats of ftrace's own events */
	put_systems(body, events, folder);
	body_u32(body, 0); /* kallsyms: readers take it from elsewhere */
	snprintf(path, sizeof(path), "%s/../printk_formats", folder);
	put_file(body, path, sizeof(uint32_t));
	snprintf(path, sizeof(path), "%s/../saved_cmdlines", folder);
	put_file(body, path, sizeof(uint64_t));
	return true;
}
