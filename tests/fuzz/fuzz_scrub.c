#include "data/scrub.h"
#include "profile/rebase.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define MEMORY (24u << 20)

static struct arena arena;
static struct scrub scrub;
static struct contents before, after;

static struct rebase rebase;

static void tell(struct reader *reader)
{
	if (!rebase_init(&rebase, reader, &arena))
		abort();
	while (reader_next(reader) == READER_OK)
		rebase_tell(&rebase);
}

/* What is left must read as the attr that was made for it says, and hold nothing that is above. */
static void check(const struct reader *reader, const struct perf_event_header *h)
{
	static struct reader made;
	static struct reader_attr attrs[64];

	made = *reader;
	made.record = h;
	made.payload = 0;
	made.attrs = attrs;
	for (uint32_t i = 0; i < reader->attr_count && i < 64; i++) {
		attrs[i] = reader->attrs[i];
		attrs[i].attr = scrub_attr(&scrub, &reader->attrs[i].attr);
	}
	if (reader->attr_count !=
		1) /* ids lie elsewhere now: the reader would have to be opened anew */
		return;
	contents_add(&after, &made);
	if (after.broken.count)
		abort();
	for (int i = scrub.most + 1; i < CATEGORY_UNKNOWN; i++)
		if (after.category[i].count)
			abort();
}

static void scrub_all(struct reader *reader, enum category most, bool anonymize)
{
	static const struct scrub_rebase addresses = { &rebase, rebase_addresses, rebase_mapping };
	static _Alignas(8) char to[RECORD_MAX];
	size_t written;

	memset(&scrub, 0, sizeof(scrub));
	scrub_begin(&scrub, most, anonymize);
	pseudonym_key(&scrub.pseudonym, "key", 3);
	scrub.rebase = anonymize ? &addresses : NULL;
	memset(&after, 0, sizeof(after));
	reader_rewind(reader);
	contents_begin(&before, reader);
	while (reader_next(reader) == READER_OK) {
		contents_add(&before, reader);
		scrub_time(reader);
		written = scrub_record(&scrub, to, reader);
		if (written > sizeof(to) || written % 8)
			abort();
		if (written)
			check(reader, (void *)to);
	}
	for (unsigned i = 0; i < HEADER_FEATURES; i++) {
		static char section[8192], room[16384];
		struct body body = { .bytes = (void *)room, .cap = sizeof(room) };

		if (reader->features[i].offset)
			scrub_section(&scrub, &body, i,
				reader_feature(reader, (int)i, section, sizeof(section)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct reader reader;
	int fd = memfd_create("fuzz", 0);

	if (!arena.base && arena_reserve(&arena, MEMORY))
		abort();
	arena.used = 0;
	madvise(arena.base, arena.size, MADV_DONTNEED);
	if (write(fd, bytes, size) != (ssize_t)size)
		abort();
	if (reader_open(&reader, fd, &arena) == READER_OK) {
		tell(&reader);
		scrub_all(&reader, CATEGORY_COUNTS, false);
		scrub_all(&reader, CATEGORY_SYSTEM, false);
		scrub_all(&reader, CATEGORY_UNKNOWN, true);
	}
	reader_close(&reader);
	return 0;
}
