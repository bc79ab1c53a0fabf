#include "cmd/cmd.h"

#include "base/arena.h"
#include "base/glob.h"
#include "base/message.h"
#include "base/option.h"
#include "base/out.h"
#include "capture/event_table.h"
#include "capture/pmu.h"
#include "capture/session.h"
#include "capture/tracepoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "Usage: perfbox list [KIND|WORD|GLOB...]\n"
			    "\n"
			    "Names the events that this machine has, for -e of record and stat. "
			    "KIND is one of hw, sw,\n"
			    "cache, pmu, raw, breakpoint, tracepoint, tool; other words pick by "
			    "name (sched, 'sched:*').\n"
			    "\n";

#define ARENA_BYTES (4u << 20)
#define NAMES_MAX 16384

static const struct option options[] = {
	{ OPTION_FLAG, 0, "no-desc", NULL, NULL, NULL, NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

enum kind {
	HW,
	SW,
	CACHE,
	TOOL,
	PMU,
	RAW,
	BREAKPOINT,
	TRACEPOINT,
	KINDS
};

/* Those without a word are found by their names only. */
static const struct {
	const char *word, *long_word, *shown;
} kinds[KINDS] = {
	[HW] = { "hw", "hardware", "Hardware event" },
	[SW] = { "sw", "software", "Software event" },
	[CACHE] = { "cache", "hwcache", "Hardware cache event" },
	[TOOL] = { "tool", "tool", "Tool event" },
	[PMU] = { "pmu", "pmu", "Kernel PMU event" },
	[RAW] = { "", "", "Raw hardware event descriptor" },
	[BREAKPOINT] = { "", "", "Hardware breakpoint" },
	[TRACEPOINT] = { "tracepoint", "tracepoint", "Tracepoint event" },
};

static struct out out;
static struct arena arena;
static char *const *words; /* what is asked for; none: everything */
static unsigned shown, left_out;

static bool matches_word(const char *word, enum kind kind, const char *name)
{
	for (int i = 0; i < KINDS; i++)
		if (!strcmp(word, kinds[i].word) || !strcmp(word, kinds[i].long_word))
			return i == (int)kind;
	if (strpbrk(word, "*?["))
		return glob_match(word, name);
	return strcasestr(name, word);
}

static bool wanted(enum kind kind, const char *name)
{
	if (!*words)
		return true;
	for (char *const *word = words; *word; word++)
		if (matches_word(*word, kind, name))
			return true;
	return false;
}

static void show(enum kind kind, const char *name)
{
	if (!wanted(kind, name))
		return;
	shown++;
	out_string(&out, "  ");
	out_column(&out, name, 50);
	out_printf(&out, " [%s]\n", kinds[kind].shown);
}

/* Whether the kernel knows an event. What it only refuses to this user it knows. */
static bool known(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = { .type = type,
		.size = PERF_ATTR_SIZE_VER5,
		.config = config,
		.flags = PERF_ATTR_DISABLED | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV };
	int fd = session_event_open(&attr, 0, -1, -1);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -EACCES || fd == -EPERM || fd == -EBUSY;
}

static void show_symbols(uint32_t type, bool tools, enum kind kind)
{
	char name[96];

	for (const struct event_symbol *s = event_symbols; s->name; s++) {
		if (s->type != type || !!s->tool != tools)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", s->name, s->alias ? " OR " : "",
			s->alias ? s->alias : "");
		if (wanted(kind, name) && (tools || known(type, s->config)))
			show(kind, name);
	}
}

static void show_caches(void)
{
	uint64_t config;
	char name[64];
	int at = 0;

	while (event_cache_next(&at, name, sizeof(name), &config))
		if (wanted(CACHE, name) && known(PERF_TYPE_HW_CACHE, config))
			show(CACHE, name);
}

/* Names are gathered and sorted: the kernel's order is that of nothing. */
static struct {
	char *at[NAMES_MAX];
	size_t count;
} names;

static void gather(enum kind kind, const char *name)
{
	char *copy;

	if (!wanted(kind, name))
		return;
	copy = names.count < NAMES_MAX ? arena_copy(&arena, name, strlen(name)) : NULL;
	if (copy)
		names.at[names.count++] = copy;
	else
		left_out++;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show_gathered(enum kind kind)
{
	qsort(names.at, names.count, sizeof(names.at[0]), by_name);
	for (size_t i = 0; i < names.count; i++)
		show(kind, names.at[i]);
	names.count = 0;
}

static void gather_pmu(const char *device)
{
	static struct dir dir;
	char path[128], name[256];
	const char *event;
	bool core;

	snprintf(path, sizeof(path), PMU_DEVICES "/%.60s/cpus", device);
	core = !strcmp(device, "cpu") || !access(path, F_OK);
	snprintf(path, sizeof(path), PMU_DEVICES "/%.60s/events", device);
	if (dir_open(&dir, path))
		return;
	while ((event = dir_next(&dir))) {
		if (strchr(event, '.'))
			continue;
		snprintf(name, sizeof(name), "%.80s%s%.60s/%.80s/", core ? event : "",
			core ? " OR " : "", device, event);
		gather(PMU, name);
	}
	dir_close(&dir);
}

static void show_pmus(void)
{
	static struct dir dir;
	const char *device;

	if (dir_open(&dir, PMU_DEVICES))
		return;
	while ((device = dir_next(&dir)))
		gather_pmu(device);
	dir_close(&dir);
	show_gathered(PMU);
}

/* Whether someone would miss tracepoints. */
static bool about_tracepoints(void)
{
	if (!*words)
		return true;
	for (char *const *word = words; *word; word++)
		if (strchr(*word, ':') || !strncmp(*word, "tracepoint", 10))
			return true;
	return false;
}

static void show_tracepoints(void)
{
	static struct tracepoint_walk walk;
	char events[192], full[256];
	const char *name;
	int err = tracepoint_events(events, sizeof(events));

	if (!err)
		err = tracepoint_walk_begin(&walk, events, "*", "*");
	if (err) {
		if (about_tracepoints())
			message("tracepoints are not shown: tracefs %s",
				err == -EACCES
					? "may not be read by this user (/sys/kernel/tracing)"
					: "is not mounted; mount -t tracefs tracefs "
					  "/sys/kernel/tracing");
		return;
	}
	while ((name = tracepoint_walk_next(&walk))) {
		uint64_t id;

		snprintf(full, sizeof(full), "%s:%s", walk.system, name);
		/* ftrace's own events lie there too, but have no id to open them by */
		if (wanted(TRACEPOINT, full) && !tracepoint_id(events, walk.system, name, &id))
			gather(TRACEPOINT, full);
	}
	tracepoint_walk_end(&walk);
	show_gathered(TRACEPOINT);
}

int cmd_list(int argc, char **argv)
{
	int operands = option_parse(argc, argv, options, usage, false);

	if (operands < 0)
		return -operands;
	words = argv;
	if (arena_reserve(&arena, ARENA_BYTES))
		return message_fail("no memory for the names");
	out_begin(&out, STDOUT_FILENO);
	show_symbols(PERF_TYPE_HARDWARE, false, HW);
	show_symbols(PERF_TYPE_SOFTWARE, false, SW);
	show_symbols(PERF_TYPE_SOFTWARE, true, TOOL);
	show_caches();
	show_pmus();
	show(RAW, "rNNN");
	show(RAW, "cpu/t1=v1[,t2=v2,t3 ...]/modifier");
	show(BREAKPOINT, "mem:<addr>[/len][:access]");
	show_tracepoints();
	if (out_flush(&out) && out.error != EPIPE)
		return message_fail("writing failed: %s", strerror(out.error));
	if (left_out)
		return message_fail("%u names did not fit; ask for fewer", left_out);
	return shown || !*words ? 0 : message_fail("no event here matches what was asked");
}
