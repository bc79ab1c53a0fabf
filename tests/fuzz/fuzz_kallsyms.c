#include "profile/kallsyms.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool begin(struct match *match, struct arena *arena)
{
	if (!match_init(match, arena, 64, NULL, NULL))
		return false;
	for (uint64_t i = 0; i < 64; i++)
		match_add(match, i * 0x4000000 << (i % 33), NULL);
	return match_sort(match);
}

/* Any bytes as /proc/kallsyms and as /proc/modules. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct lines lines;
	static struct arena arena;
	struct match match[2];
	struct kallsyms_want want[] = { { NULL, match }, { "[m]", match + 1 } };
	struct kallsyms_sum sum;
	const char *name;
	uint64_t address;
	char *line;

	if (!arena.base && arena_reserve(&arena, 1 << 18))
		return 0;
	if (!begin(match, &arena) || !begin(match + 1, &arena))
		abort();
	lines_of(&lines, bytes, size);
	sum = kallsyms_sweep(&lines, want, 2);
	for (int i = 0; i < 2; i++) {
		match_finish(match + i);
		for (uint32_t j = 0; j < match[i].count; j++)
			if (match[i].spot[j].sized && (sum.hidden || !match[i].spot[j].sized->name))
				abort();
	}
	lines_of(&lines, bytes, size);
	kallsyms_find(&lines, "_text");
	lines_of(&lines, bytes, size);
	while ((line = lines_next(&lines)))
		kallsyms_module_line(line, &name, &address);
	arena_back(&arena, 0);
	return 0;
}
