#include "data/tracing.h"
#include "view/script_trace.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The first byte says where the section ends and a record of each of its events begins. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct out nowhere = { .fd = -1, .error = EBADF };
	static struct arena arena;
	static struct processes processes;
	static struct images images;
	static struct chains chains;
	static struct script script;
	size_t cut = size ? size - 1 - (size - 1) * bytes[0] / 512 : 0;
	struct tracing tracing;

	if (!size || (!arena.base && arena_reserve(&arena, 16u << 20)))
		return 0;
	images_init(&images, &arena);
	processes_init(&processes, &arena, &images);
	if (chains_init(&chains, &arena, &processes, &images, NULL) &&
		script_init(&script, &nowhere, &chains, &arena)) {
		tracing_parse(&tracing, span_of(bytes + 1, cut), &arena);
		for (struct tracing_event *e = tracing.events; e; e = e->next) {
			struct sample s = { .raw = { bytes + 1 + cut, size - 1 - cut } };

			script_trace(&script, &tracing, &nowhere, e->id, &s, 0);
		}
	}
	arena_back(&arena, 0);
	return 0;
}
