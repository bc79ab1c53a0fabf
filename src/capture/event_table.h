#ifndef CAPTURE_EVENT_TABLE_H
#define CAPTURE_EVENT_TABLE_H

/*
 * The events whose names and numbers are the same on every machine: hardware, software, cache and
 * perf's tool events. Names are those `perf list` shows (perf-list(1)); numbers are the ABI's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What perf calls tool events: figures of the run itself, counted without a descriptor. */
enum event_tool {
	EVENT_TOOL_NONE,
	EVENT_TOOL_DURATION_TIME, /* wall clock, ns */
	EVENT_TOOL_USER_TIME,	  /* of the command, ns */
	EVENT_TOOL_SYSTEM_TIME,	  /* of the command, ns */
};

struct event_symbol {
	uint8_t type; /* enum perf_type_id */
	uint8_t config;
	uint8_t tool;	   /* enum event_tool */
	const char *name;  /* as perf shows it */
	const char *alias; /* or NULL */
};

/* Every hardware, software and tool event, grouped by type; ends with a NULL name. */
extern const struct event_symbol event_symbols[];

/* By name or alias of `length` bytes; NULL when there is none. */
const struct event_symbol *event_symbol_find(const char *name, size_t length);

/* "L1-dcache-load-misses" and its like in every spelling perf takes; false when it is none. */
bool event_cache_find(const char *name, size_t length, uint64_t *config);

/* Walks all cache events there are: `*at` starts at 0; the name in `to`; false at the end. */
bool event_cache_next(int *at, char *to, size_t cap, uint64_t *config);

#endif
