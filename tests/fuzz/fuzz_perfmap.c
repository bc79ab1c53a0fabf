#include "profile/perfmap.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Any bytes as a perf-PID.map: what is found covers its place. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct lines lines;
	static struct arena arena;
	struct match match;

	if (!arena.base && arena_reserve(&arena, 1 << 18))
		return 0;
	if (!match_init(&match, &arena, 64, NULL, NULL))
		abort();
	for (uint64_t i = 0; i < 64; i++)
		match_add(&match, i * 0x101 << (i % 56), NULL);
	if (!match_sort(&match))
		abort();
	lines_of(&lines, bytes, size);
	perfmap_sweep(&lines, &match);
	match_finish(&match);
	for (uint32_t i = 0; i < match.count; i++)
		if (match.spot[i].sized && (match.address[i] < match.spot[i].sized->start ||
						   !memchr(match.spot[i].sized->name, 0, 1024)))
			abort();
	arena_back(&arena, 0);
	return 0;
}
