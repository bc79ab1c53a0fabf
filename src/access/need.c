#include "access/need.h"

#include <string.h>

#define OP(name) ((uint64_t)1 << OP_##name)
#define CAP_BPF 39

static const struct need needs[] = {
	{ "stat", "count events of own programs", OP(COUNT_USER), OP(COUNT_USER) | OP(COUNT_KERNEL),
		0 },
	{ "record", "sample own programs", OP(SAMPLE_USER), OP(SAMPLE_USER) | OP(SAMPLE_KERNEL),
		0 },
	{ "top", "live view of the whole system", OP(SYSTEM_USER),
		OP(SYSTEM_USER) | OP(SYSTEM_KERNEL) | OP(KALLSYMS), 0 },
	{ "system-wide", "any command with -a", OP(SYSTEM_USER),
		OP(SYSTEM_USER) | OP(SYSTEM_KERNEL), 0 },
	{ "kernel", "the kernel's part, with names", OP(SAMPLE_KERNEL),
		OP(SAMPLE_KERNEL) | OP(KALLSYMS), 0 },
	{ "attach", "processes of other users (-p)", OP(PROCESS_OWN),
		OP(PROCESS_OWN) | OP(PROCESS_OTHER), 0 },
	{ "trace", "tracepoints with their data", OP(TRACEPOINT_COUNT),
		OP(TRACEPOINT_COUNT) | OP(TRACEPOINT_RAW), 0 },
	{ "sched", "scheduler tracepoints, system wide", OP(TRACEPOINT_RAW) | OP(SYSTEM_KERNEL),
		OP(TRACEPOINT_RAW) | OP(SYSTEM_KERNEL), 0 },
	{ "probe", "kprobes and uprobes", OP(KPROBE), OP(KPROBE) | OP(UPROBE), 0 },
	{ "mem", "data addresses", OP(HARDWARE_USER), OP(HARDWARE_USER) | OP(PHYSICAL), 0 },
	{ "lbr", "branch stacks", OP(BRANCH_USER), OP(BRANCH_USER) | OP(BRANCH_KERNEL), 0 },
	{ "pt", "AUX traces (Intel PT, Arm SPE)", OP(AUX), OP(AUX), 0 },
	{ "rr", "hardware counters and context switches of own tasks",
		OP(HARDWARE_USER) | OP(SWITCH_COUNT) | OP(PROCESS_OWN),
		OP(HARDWARE_USER) | OP(SWITCH_COUNT) | OP(PROCESS_OWN), 0 },
	{ "perf", "all that perf's daily commands do", OP(COUNT_USER) | OP(SAMPLE_USER),
		OP(COUNT_KERNEL) | OP(SAMPLE_KERNEL) | OP(HARDWARE_KERNEL) | OP(SYSTEM_KERNEL) |
			OP(PROCESS_OTHER) | OP(TRACEPOINT_RAW) | OP(KALLSYMS),
		0 },
	{ "async-profiler", "samples of own JVMs, with the kernel",
		OP(SAMPLE_USER) | OP(PROCESS_OWN),
		OP(SAMPLE_USER) | OP(PROCESS_OWN) | OP(SAMPLE_KERNEL) | OP(KALLSYMS), 0 },
	{ "bpftrace-profile", "timed samples of the whole system into BPF",
		OP(SYSTEM_KERNEL) | OP(KALLSYMS), OP(SYSTEM_KERNEL) | OP(KALLSYMS),
		CAP_BIT(CAP_BPF) | CAP_BIT(CAP_PERFMON) },
};

#define NEEDS (int)(sizeof(needs) / sizeof(*needs))

const struct need *need_at(int index)
{
	return index < NEEDS ? &needs[index] : NULL;
}

const struct need *need_find(const char *name)
{
	for (int i = 0; i < NEEDS; i++)
		if (!strcmp(needs[i].name, name))
			return &needs[i];
	return NULL;
}

static uint64_t caps_missing(const struct facts *facts, uint64_t wanted)
{
	uint64_t missing = 0;

	for (unsigned i = 0; i < CAP_BITS; i++)
		if (wanted & CAP_BIT(i) && !facts_capable(facts, i))
			missing |= CAP_BIT(i);
	return facts_capable(facts, CAP_SYS_ADMIN) ? 0 : missing;
}

enum need_answer need_met(const struct need *need, const struct survey *survey, uint64_t *missing,
	uint64_t *missing_caps)
{
	uint64_t works = 0;

	for (int i = 0; i < OPERATIONS; i++)
		works |= (uint64_t)row_works(&survey->rows[i]) << i;
	*missing = (need->full | need->least) & ~works;
	*missing_caps = caps_missing(&survey->facts, need->caps);
	if (need->least & ~works || *missing_caps)
		return NEED_NO;
	return *missing ? NEED_PARTLY : NEED_YES;
}

const char *need_answer_word(enum need_answer answer)
{
	static const char *const words[] = { "yes", "partly", "no" };

	return words[answer];
}
