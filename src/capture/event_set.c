#include "capture/event_set.h"

#include "capture/pmu.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add(struct event_list *list, const char *text)
{
	struct event_error error;

	event_parse(list, text, NULL, &error);
}

void event_set_default(struct event_list *list, bool system_wide)
{
	static const char stalled[] = "stalled-cycles-frontend\0stalled-cycles-backend\0";
	char path[128];

	add(list, system_wide ? "cpu-clock" : "task-clock");
	add(list, "context-switches,cpu-migrations,page-faults,cycles");
	for (const char *name = stalled; *name; name += strlen(name) + 1) {
		snprintf(path, sizeof(path), PMU_DEVICES "/cpu/events/%s", name);
		if (!access(path, F_OK))
			add(list, name);
	}
	add(list, "instructions,branches,branch-misses");
}

void event_set_detailed(struct event_list *list, int level)
{
	if (level > 0)
		add(list, "L1-dcache-loads,L1-dcache-load-misses,LLC-loads,LLC-load-misses");
	if (level > 1)
		add(list, "L1-icache-loads,L1-icache-load-misses,dTLB-loads,dTLB-load-misses,"
			  "iTLB-loads,iTLB-load-misses");
	if (level > 2)
		add(list, "L1-dcache-prefetches,L1-dcache-prefetch-misses");
}
