#include "capture/tracepoint.h"

#include "base/glob.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int tracepoint_events(char *to, size_t cap)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	int err = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(to, cap, "%s/events", places[i]);
		if (!access(to, R_OK | X_OK))
			return 0;
		if (errno == EACCES)
			err = -EACCES;
	}
	return err;
}

int tracepoint_id(const char *events, const char *system, const char *name, uint64_t *id)
{
	char path[320];
	int64_t value;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s/%s/id", events, system, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = file_number(path, &value);
	*id = (uint64_t)value;
	return err;
}

int tracepoint_walk_begin(
	struct tracepoint_walk *walk, const char *events, const char *systems, const char *names)
{
	walk->events = events;
	walk->systems = systems;
	walk->names = names;
	walk->inner.fd = -1;
	return dir_open(&walk->outer, events);
}

/* The first file of a matching system's folder; false when there are no more. */
static bool next_system(struct tracepoint_walk *walk)
{
	char path[320];
	const char *system;

	while ((system = dir_next(&walk->outer))) {
		if (!glob_match(walk->systems, system) || strlen(system) >= sizeof(walk->system))
			continue;
		strcpy(walk->system, system);
		snprintf(path, sizeof(path), "%s/%s", walk->events, system);
		if (!dir_open(&walk->inner, path))
			return true;
		walk->inner.fd = -1;
	}
	return false;
}

/* Beside the tracepoints' folders lie the files of the system itself. */
static bool is_control_file(const char *name)
{
	return !strcmp(name, "enable") || !strcmp(name, "filter");
}

const char *tracepoint_walk_next(struct tracepoint_walk *walk)
{
	const char *name;

	for (;;) {
		while (walk->inner.fd >= 0 && (name = dir_next(&walk->inner)))
			if (!is_control_file(name) && glob_match(walk->names, name))
				return name;
		if (walk->inner.fd >= 0)
			dir_close(&walk->inner);
		walk->inner.fd = -1;
		if (!next_system(walk))
			return NULL;
	}
}

void tracepoint_walk_end(struct tracepoint_walk *walk)
{
	if (walk->inner.fd >= 0)
		dir_close(&walk->inner);
	dir_close(&walk->outer);
}
