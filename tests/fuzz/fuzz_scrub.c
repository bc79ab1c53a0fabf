#include "data/scrub.h"
#include "profile/rebase.h"
#include "profile/symbolize.h"

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
static struct symbolize names;

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

static const struct scrub_rebase addresses = { &rebase, rebase_addresses, rebase_mapping };
static const struct scrub_rebase numbers = { &names, symbolize_addresses, NULL };

static void begin(enum category most, bool anonymize, bool symbolize)
{
	memset(&scrub, 0, sizeof(scrub));
	scrub_begin(&scrub, most, anonymize, symbolize);
	pseudonym_key(&scrub.pseudonym, "key", 3);
	scrub.rebase = symbolize ? &numbers : anonymize ? &addresses : NULL;
}

static void scrub_all(struct reader *reader)
{
	static _Alignas(8) char to[RECORD_MAX];
	size_t written;

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

/* No file is named as recorded; all that is written must be, and lie where names do. */
static void symbolize(struct reader *reader)
{
	const struct resolve_options nowhere = { "/nonexistent", "/dev/null", true, false };
	static _Alignas(8) char to[RECORD_MAX];
	size_t size;

	if (symbolize_begin(&names, reader, &arena) == READER_TOO_MANY)
		return;
	begin(CATEGORY_UNKNOWN, reader->file_bytes % 2, true);
	scrub_all(reader);
	if (!symbolize_name(&names, &nowhere, &scrub.pseudonym))
		return;
	scrub_all(reader);
	for (const struct perf_event_attr attr = scrub_attr(&scrub, &reader->attrs->attr);
		(size = symbolize_next(&names, to, &attr));)
		if (size > sizeof(to) || size % 8)
			abort();
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
		begin(CATEGORY_COUNTS, false, false);
		scrub_all(&reader);
		begin(CATEGORY_SYSTEM, false, false);
		scrub_all(&reader);
		begin(CATEGORY_UNKNOWN, true, false);
		scrub_all(&reader);
		symbolize(&reader);
	}
	reader_close(&reader);
	return 0;
}
