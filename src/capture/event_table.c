#include "capture/event_table.h"

#include "data/abi.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HW(name, alias, config)                                                                    \
	{                                                                                          \
		PERF_TYPE_HARDWARE, PERF_COUNT_HW_##config, 0, name, alias                         \
	}
#define SW(name, alias, config)                                                                    \
	{                                                                                          \
		PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config, 0, name, alias                         \
	}
#define TOOL(name, tool)                                                                           \
	{                                                                                          \
		PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY, EVENT_TOOL_##tool, name, NULL             \
	}

const struct event_symbol event_symbols[] = {
	HW("branch-instructions", "branches", BRANCH_INSTRUCTIONS),
	HW("branch-misses", NULL, BRANCH_MISSES),
	HW("bus-cycles", NULL, BUS_CYCLES),
	HW("cache-misses", NULL, CACHE_MISSES),
	HW("cache-references", NULL, CACHE_REFERENCES),
	HW("cpu-cycles", "cycles", CPU_CYCLES),
	HW("instructions", NULL, INSTRUCTIONS),
	HW("ref-cycles", NULL, REF_CPU_CYCLES),
	HW("stalled-cycles-backend", "idle-cycles-backend", STALLED_CYCLES_BACKEND),
	HW("stalled-cycles-frontend", "idle-cycles-frontend", STALLED_CYCLES_FRONTEND),
	SW("alignment-faults", NULL, ALIGNMENT_FAULTS),
	SW("bpf-output", NULL, BPF_OUTPUT),
	SW("cgroup-switches", NULL, CGROUP_SWITCHES),
	SW("context-switches", "cs", CONTEXT_SWITCHES),
	SW("cpu-clock", NULL, CPU_CLOCK),
	SW("cpu-migrations", "migrations", CPU_MIGRATIONS),
	SW("dummy", NULL, DUMMY),
	SW("emulation-faults", NULL, EMULATION_FAULTS),
	SW("major-faults", NULL, PAGE_FAULTS_MAJ),
	SW("minor-faults", NULL, PAGE_FAULTS_MIN),
	SW("page-faults", "faults", PAGE_FAULTS),
	SW("task-clock", NULL, TASK_CLOCK),
	TOOL("duration_time", DURATION_TIME),
	TOOL("user_time", USER_TIME),
	TOOL("system_time", SYSTEM_TIME),
	{ 0, 0, 0, NULL, NULL },
};

static bool is(const char *word, const char *name, size_t length)
{
	return word && strlen(word) == length && !memcmp(word, name, length);
}

const struct event_symbol *event_symbol_find(const char *name, size_t length)
{
	for (const struct event_symbol *s = event_symbols; s->name; s++)
		if (is(s->name, name, length) || is(s->alias, name, length))
			return s;
	return NULL;
}

/* Spellings in one string, the shown one first; `ops` are the bits of the operations it has. */
struct spelling {
	const char *words;
	uint8_t ops;
};

enum {
	LOAD = 1,
	STORE = 2,
	PREFETCH = 4
};

static const struct spelling caches[] = {
	{ "L1-dcache\0L1-d\0L1d\0L1-data\0", LOAD | STORE | PREFETCH },
	{ "L1-icache\0L1-i\0L1i\0L1-instruction\0", LOAD | PREFETCH },
	{ "LLC\0L2\0", LOAD | STORE | PREFETCH },
	{ "dTLB\0d-TLB\0Data-TLB\0", LOAD | STORE | PREFETCH },
	{ "iTLB\0i-TLB\0Instruction-TLB\0", LOAD },
	{ "branch\0branches\0bpu\0btb\0bpc\0", LOAD },
	{ "node\0", LOAD | STORE | PREFETCH },
};

static const struct spelling ops[] = {
	{ "load\0loads\0read\0", 0 },
	{ "store\0stores\0write\0", 0 },
	{ "prefetch\0prefetches\0speculative-read\0speculative-load\0", 0 },
};

static const struct spelling results[] = {
	{ "refs\0Reference\0ops\0access\0", 0 },
	{ "misses\0miss\0", 0 },
};

enum {
	CACHES = sizeof(caches) / sizeof(caches[0]),
	OPS = 3,
	RESULTS = 2
};

/* The row whose longest spelling `*name` starts with, up to its end or a '-'; moves past both. */
static int take(const struct spelling *table, int rows, const char **name, size_t *length)
{
	size_t best = 0;
	int found = -1;

	for (int row = 0; row < rows; row++)
		for (const char *w = table[row].words; *w; w += strlen(w) + 1) {
			size_t size = strlen(w);

			if (size > best && size <= *length && !strncasecmp(w, *name, size) &&
				(size == *length || (*name)[size] == '-')) {
				best = size;
				found = row;
			}
		}
	if (found >= 0 && best < *length)
		best++;
	*name += best;
	*length -= best;
	return found;
}

bool event_cache_find(const char *name, size_t length, uint64_t *config)
{
	int cache, op = -1, result = -1;

	if (!length || name[length - 1] == '-')
		return false;
	cache = take(caches, CACHES, &name, &length);
	if (cache < 0)
		return false;
	for (int part = 0; part < 2 && length; part++) {
		if (op < 0 && (op = take(ops, OPS, &name, &length)) >= 0)
			continue;
		if (result < 0)
			result = take(results, RESULTS, &name, &length);
	}
	op = op < 0 ? 0 : op;
	result = result < 0 ? 0 : result;
	if (length || !(caches[cache].ops & 1u << op))
		return false;
	*config = (uint64_t)cache | (uint64_t)op << 8 | (uint64_t)result << 16;
	return true;
}

bool event_cache_next(int *at, char *to, size_t cap, uint64_t *config)
{
	for (; *at < CACHES * OPS * RESULTS; ++*at) {
		int cache = *at / (OPS * RESULTS), op = *at / RESULTS % OPS, miss = *at % RESULTS;
		const char *words = ops[op].words;

		if (!(caches[cache].ops & 1u << op))
			continue;
		snprintf(to, cap, "%s-%s%s", caches[cache].words,
			miss ? words : words + strlen(words) + 1, miss ? "-misses" : "");
		*config = (uint64_t)cache | (uint64_t)op << 8 | (uint64_t)miss << 16;
		++*at;
		return true;
	}
	return false;
}
