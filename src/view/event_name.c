#include "view/event_name.h"

#include "capture/event_table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Of the two names of these perf shows the alias. */
static bool is_shown_by_alias(const struct event_symbol *s)
{
	return s->type == PERF_TYPE_HARDWARE &&
	       (s->config == PERF_COUNT_HW_CPU_CYCLES ||
		       s->config == PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
}

static const char *symbol_name(const struct perf_event_attr *attr)
{
	for (const struct event_symbol *s = event_symbols; s->name; s++)
		if (s->type == attr->type && s->config == attr->config && !s->tool)
			return is_shown_by_alias(s) && s->alias ? s->alias : s->name;
	return NULL;
}

static bool cache_name(char *to, size_t cap, const struct perf_event_attr *attr)
{
	uint64_t config;
	int at = 0;

	while (attr->type == PERF_TYPE_HW_CACHE && event_cache_next(&at, to, cap, &config))
		if (config == attr->config)
			return true;
	return false;
}

static void base_name(char *to, size_t cap, const struct perf_event_attr *attr)
{
	static const char *const types[] = { "unknown-hardware", "unknown-software",
		"unknown tracepoint", "unknown-cache", "raw", "breakpoint" };
	const char *name = symbol_name(attr);

	if (name)
		snprintf(to, cap, "%s", name);
	else if (!cache_name(to, cap, attr) && attr->type < sizeof(types) / sizeof(*types))
		snprintf(to, cap, "%s %#" PRIx64, types[attr->type], attr->config);
	else if (attr->type >= sizeof(types) / sizeof(*types))
		snprintf(to, cap, "type %" PRIu32 " config %#" PRIx64, attr->type, attr->config);
}

/* Levels are told once one is left out; guest and host where they are not as usual. */
void event_name(char *to, size_t cap, const struct perf_event_attr *attr)
{
	const uint64_t levels =
		PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_USER | PERF_ATTR_EXCLUDE_HV;
	uint64_t f = attr->flags, precise = f >> PERF_ATTR_PRECISE_IP_SHIFT & 3;
	bool told = f & levels || precise, guest_out = f & PERF_ATTR_EXCLUDE_GUEST;
	char how[12] = ":";

	if (f & levels) {
		strcat(how, f & PERF_ATTR_EXCLUDE_KERNEL ? "" : "k");
		strcat(how, f & PERF_ATTR_EXCLUDE_USER ? "" : "u");
		strcat(how, f & PERF_ATTR_EXCLUDE_HV ? "" : "h");
	}
	strncat(how, "ppp", precise);
	if (f & PERF_ATTR_EXCLUDE_HOST || guest_out == told) {
		strcat(how, f & PERF_ATTR_EXCLUDE_HOST ? "" : "H");
		strcat(how, guest_out ? "" : "G");
	}
	base_name(to, cap, attr);
	if (how[1])
		snprintf(to + strlen(to), cap - strlen(to), "%s", how);
}
