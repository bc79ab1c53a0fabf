#include "profile/callgraph.h"
#include "profile/recording.h"
#include "view/header_text.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define MEMORY (24u << 20)

static struct arena arena;
static struct out out;

/* A tree's sums must be those of its events. */
static void check_sums(const struct recording *r)
{
	uint64_t samples = 0, chosen = r->no_room;

	for (uint32_t i = 0; i < r->reader->attr_count; i++)
		samples += r->event[i].samples;
	for (uint32_t i = 0; i < r->tree.count; i++)
		chosen += r->tree.node[i].samples;
	if (samples != chosen)
		abort();
}

static void show(struct recording *r)
{
	size_t mark = arena.used;
	struct callgraph graph;
	struct hist hist;

	if (!tree_merge(&r->tree, &arena) || !hist_make(&hist, &arena, &r->tree, 0, 7))
		return;
	hist_sort(&hist, true);
	if (callgraph_init(&graph, &arena, &hist))
		for (uint32_t i = 0; i < hist.count && i < 8; i++)
			callgraph_make(&graph, i, i & 1, i & 2, 1);
	arena_back(&arena, mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct resolve_options files = { .symfs = "/nonexistent" };
	struct recording_choice choice = { .separate = 1 };
	static struct recording recording;
	static struct reader reader;
	int fd = memfd_create("fuzz", 0);

	if (!arena.base && arena_reserve(&arena, MEMORY))
		abort();
	arena.used = 0;
	madvise(arena.base, arena.size, MADV_DONTNEED);
	if (write(fd, bytes, size) != (ssize_t)size)
		abort();
	if (reader_open(&reader, fd, &arena) == READER_OK &&
		recording_init(&recording, &reader, &arena)) {
		out_begin(&out, -1);
		header_text(&out, &reader, 0);
		recording_sideband(&recording);
		if (!recording_unwind(&recording, &files))
			recording.unwinder = NULL;
		recording_samples(&recording, &choice);
		check_sums(&recording);
		show(&recording);
	}
	reader_close(&reader);
	return 0;
}
