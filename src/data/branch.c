#include "data/branch.h"

#include "data/abi.h"

#include <stdio.h>
#include <string.h>

static const struct filter {
	char name[12];
	uint32_t bits;
} filters[] = {
	{ "u", PERF_SAMPLE_BRANCH_USER },
	{ "k", PERF_SAMPLE_BRANCH_KERNEL },
	{ "hv", PERF_SAMPLE_BRANCH_HV },
	{ "any", PERF_SAMPLE_BRANCH_ANY },
	{ "any_call", PERF_SAMPLE_BRANCH_ANY_CALL },
	{ "any_ret", PERF_SAMPLE_BRANCH_ANY_RETURN },
	{ "ind_call", PERF_SAMPLE_BRANCH_IND_CALL },
	{ "abort_tx", PERF_SAMPLE_BRANCH_ABORT_TX },
	{ "in_tx", PERF_SAMPLE_BRANCH_IN_TX },
	{ "no_tx", PERF_SAMPLE_BRANCH_NO_TX },
	{ "cond", PERF_SAMPLE_BRANCH_COND },
	{ "stack", PERF_SAMPLE_BRANCH_CALL_STACK },
	{ "ind_jmp", PERF_SAMPLE_BRANCH_IND_JUMP },
	{ "call", PERF_SAMPLE_BRANCH_CALL },
	{ "no_flags", PERF_SAMPLE_BRANCH_NO_FLAGS },
	{ "no_cycles", PERF_SAMPLE_BRANCH_NO_CYCLES },
	{ "save_type", PERF_SAMPLE_BRANCH_TYPE_SAVE },
	{ "hw_index", PERF_SAMPLE_BRANCH_HW_INDEX },
	{ "priv", PERF_SAMPLE_BRANCH_PRIV_SAVE },
	{ "counter", PERF_SAMPLE_BRANCH_COUNTERS },
};

#define FILTERS (sizeof(filters) / sizeof(*filters))

const char *branch_filter_parse(const char *text, uint64_t *filter)
{
	const uint64_t levels =
		PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV;

	*filter = 0;
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, ","), i = 0;

		while (i < FILTERS &&
			(strlen(filters[i].name) != size || strncmp(filters[i].name, at, size)))
			i++;
		if (i == FILTERS)
			return at;
		*filter |= filters[i].bits;
		at += size + (at[size] == ',');
	}
	/* a privilege level alone chooses every branch in it */
	if (!(*filter & ~levels))
		*filter |= PERF_SAMPLE_BRANCH_ANY;
	return NULL;
}

void branch_filter_names(char *to, size_t cap)
{
	size_t at = 0;

	*to = 0;
	for (size_t i = 0; i < FILTERS && at < cap; i++)
		at += (size_t)snprintf(to + at, cap - at, "%s ", filters[i].name);
}

const char *branch_type(uint64_t flags)
{
	static const char names[][12] = { "", "COND", "UNCOND", "IND", "CALL", "IND_CALL", "RET",
		"SYSCALL", "SYSRET", "COND_CALL", "COND_RET", "ERET", "IRQ", "SERROR", "NO_TX" };
	static const char more[][12] = { "FAULT_ALGN", "FAULT_DATA", "FAULT_INST", "ARCH_1",
		"ARCH_2", "ARCH_3", "ARCH_4", "ARCH_5" };
	unsigned type = flags >> 20 & 15, extended = flags >> 26 & 15;

	if (type < sizeof(names) / sizeof(*names))
		return names[type];
	return extended < sizeof(more) / sizeof(*more) ? more[extended] : "";
}

void branch_text(char *to, size_t cap, uint64_t flags)
{
	static const char *const spec[] = { "-", "SPEC_WRONG_PATH", "NON_SPEC_CORRECT_PATH",
		"SPEC_CORRECT_PATH" };

	snprintf(to, cap, "%c/%c/%c/%u/%s/%s",
		flags & 2   ? 'P'
		: flags & 1 ? 'M'
			    : '-',
		flags & 4 ? 'X' : '-', flags & 8 ? 'A' : '-', branch_cycles(flags),
		branch_type(flags), spec[flags >> 24 & 3]);
}
