#include "unit.h"

#include "data/reader.h"
#include "data/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_BYTES (16u << 20)

static struct arena arena;
static struct reader reader;

/* The file under construction. */
static char file[65536];
static size_t size;

static void put(const void *bytes, size_t count)
{
	memcpy(file + size, bytes, count);
	size += count;
}

static void put_u64(uint64_t word)
{
	put(&word, sizeof(word));
}

static void put_record(uint32_t type, const uint64_t *body, size_t words)
{
	struct perf_event_header h = { type, 0, (uint16_t)(sizeof(h) + words * 8) };

	put(&h, sizeof(h));
	if (words)
		put(body, words * 8);
}

static void put_sample(uint64_t ip, uint64_t id)
{
	put_record(PERF_RECORD_SAMPLE, (uint64_t[]){ ip, id }, 2);
}

/* Two events with ids 7 and 8, 9. */
static struct perf_event_attr made_attr(uint64_t config)
{
	return (struct perf_event_attr){ .type = 1,
		.size = sizeof(struct perf_event_attr),
		.config = config,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ID,
		.flags = PERF_ATTR_SAMPLE_ID_ALL };
}

static void put_string(const char *text)
{
	char padded[64] = { 0 };
	uint32_t room = sizeof(padded);

	strcpy(padded, text);
	put(&room, sizeof(room));
	put(padded, room);
}

static void put_names(void)
{
	static const char *const names[] = { "first", "second" };
	uint32_t count = 2, attr_size = sizeof(struct perf_event_attr), none = 0;

	put(&count, 4);
	put(&attr_size, 4);
	for (uint32_t i = 0; i < count; i++) {
		struct perf_event_attr a = made_attr(i);

		put(&a, sizeof(a));
		put(&none, 4);
		put_string(names[i]);
	}
}

static void make_file(void)
{
	struct perf_file_header h = { .magic = PERF_FILE_MAGIC, .size = sizeof(h) };
	struct perf_file_section sections[2];
	size_t ids, table;

	memset(file, 0, sizeof(file));
	size = sizeof(h);
	ids = size;
	put_u64(7), put_u64(8), put_u64(9);
	h.attr_size = sizeof(struct perf_file_attr);
	h.attrs = (struct perf_file_section){ size, 2 * h.attr_size };
	put(&(struct perf_file_attr){ made_attr(0), { ids, 8 } }, h.attr_size);
	put(&(struct perf_file_attr){ made_attr(1), { ids + 8, 16 } }, h.attr_size);
	h.data.offset = size;
	put_sample(0x100, 7);
	put_record(60, (uint64_t[]){ 1, 2, 3 }, 3);
	put_sample(0x200, 9);
	put_record(PERF_RECORD_AUXTRACE, (uint64_t[]){ 32, 0, 0, 0, 0 }, 5);
	size += 32;
	put_sample(0x300, 8);
	h.data.size = size - h.data.offset;
	h.features[0] = 1u << HEADER_HOSTNAME | 1u << HEADER_EVENT_DESC;
	table = size;
	size += sizeof(sections);
	sections[0].offset = size;
	put_string("the host");
	sections[0].size = size - sections[0].offset;
	sections[1].offset = size;
	put_names();
	sections[1].size = size - sections[1].offset;
	memcpy(file + table, sections, sizeof(sections));
	memcpy(file, &h, sizeof(h));
}

static struct perf_file_header *header(void)
{
	return (struct perf_file_header *)(void *)file;
}

static void make_pipe(void)
{
	struct perf_event_attr a = made_attr(0);
	struct perf_event_header h = { PERF_RECORD_HEADER_ATTR, 0, sizeof(h) + sizeof(a) + 8 };
	struct perf_event_header odd = { PERF_RECORD_HEADER_FEATURE, 0, sizeof(h) + 8 + 68 + 3 };

	memset(file, 0, sizeof(file));
	size = 0;
	put(PERF_FILE_MAGIC, 8);
	put_u64(16);
	put(&h, sizeof(h));
	put(&a, sizeof(a));
	put_u64(7);
	put(&odd, sizeof(odd));
	put_u64(HEADER_HOSTNAME);
	put_string("the host");
	size += 3;
	put_sample(0x100, 7);
}

static enum reader_status open_made(size_t bytes)
{
	int fd = memfd_create("made", 0);

	assert_int_equal(write(fd, file, bytes), bytes);
	arena_back(&arena, 0);
	return reader_open(&reader, fd, &arena);
}

static int count_samples(enum reader_status *status)
{
	int samples = 0;

	while ((*status = reader_next(&reader)) == READER_OK) {
		assert_int_equal((uintptr_t)reader.record % 8, 0);
		samples += reader.record->type == PERF_RECORD_SAMPLE;
	}
	return samples;
}

static void a_file_is_read(void **state)
{
	static const int events[] = { 0, 1, 1 };
	enum reader_status status;
	char text[128];
	struct span s;
	int samples = 0;

	(void)state;
	make_file();
	assert_int_equal(open_made(size), READER_OK);
	assert_int_equal(reader.attr_count, 2);
	assert_string_equal(reader.attrs[1].name, "second");
	assert_int_equal(reader.attrs[1].id_count, 2);
	while ((status = reader_next(&reader)) == READER_OK)
		if (reader.record->type == PERF_RECORD_SAMPLE)
			assert_int_equal(reader_event(&reader), events[samples++]);
	assert_int_equal(status, READER_END);
	assert_int_equal(samples, 3);
	assert_int_equal(reader.counts[60], 1);
	assert_int_equal(reader.payload_bytes, 32);
	s = reader_feature(&reader, HEADER_HOSTNAME, text, sizeof(text));
	assert_int_equal(span_u32(&s), 64);
	assert_string_equal((const char *)s.at, "the host");
	reader_rewind(&reader);
	assert_int_equal(count_samples(&status), 3);
	reader_close(&reader);
}

static void a_pipe_is_read(void **state)
{
	enum reader_status status;

	(void)state;
	make_pipe();
	assert_int_equal(open_made(size), READER_OK);
	assert_true(reader.pipe);
	assert_int_equal(reader.attr_count, 1);
	assert_int_equal(reader.features[HEADER_HOSTNAME].size, 71);
	assert_int_equal(count_samples(&status), 1);
	assert_int_equal(status, READER_END);
	reader_close(&reader);
}

static void a_real_pipe_is_kept(void **state)
{
	enum reader_status status;
	int ends[2];

	(void)state;
	make_pipe();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], file, size), size);
	close(ends[1]);
	arena_back(&arena, 0);
	assert_int_equal(reader_open(&reader, ends[0], &arena), READER_OK);
	assert_int_equal(count_samples(&status), 1);
	reader_close(&reader);
}

/* Cut anywhere, it opens with what is whole or says why not; it never reads past what is there. */
static void every_cut_is_survived(void **state)
{
	size_t data_end;
	int most = 0;

	(void)state;
	make_file();
	data_end = header()->data.offset + header()->data.size;
	for (size_t cut = 0; cut < size; cut++) {
		enum reader_status status = open_made(cut);

		if (status == READER_OK) {
			int samples = count_samples(&status);

			assert_true(samples >= most);
			most = samples;
			if (cut < data_end)
				assert_int_equal(status, READER_CUT);
			else
				assert_int_equal(status, READER_END);
			if (cut < size)
				assert_true(reader.notes &
					    (READER_NOTE_DATA_CUT | READER_NOTE_FEATURES_CUT));
		} else {
			assert_true(cut < header()->data.offset);
		}
		reader_close(&reader);
	}
	assert_int_equal(most, 3);
}

static void every_pipe_cut_is_survived(void **state)
{
	(void)state;
	make_pipe();
	for (size_t cut = 0; cut < size; cut++) {
		enum reader_status status = open_made(cut);

		if (status == READER_OK) {
			assert_int_equal(count_samples(&status), 0);
			assert_true(status == READER_CUT || status == READER_END);
		}
		reader_close(&reader);
	}
}

static void an_unfinished_file_is_read_to_its_end(void **state)
{
	enum reader_status status;

	(void)state;
	make_file();
	size = header()->data.offset + header()->data.size;
	header()->data.size = 0;
	assert_int_equal(open_made(size), READER_OK);
	assert_true(reader.notes & READER_NOTE_UNFINISHED);
	assert_int_equal(count_samples(&status), 3);
	assert_int_equal(status, READER_END);
	reader_close(&reader);
}

static enum reader_status open_changed(size_t offset, uint64_t value, size_t bytes)
{
	enum reader_status status;

	make_file();
	memcpy(file + offset, &value, bytes);
	status = open_made(size);
	reader_close(&reader);
	return status;
}

static void what_cannot_be_read_is_named(void **state)
{
	struct {
		const char *magic;
		enum reader_status status;
	} magics[] = {
		{ "2ELIFREP", READER_ENDIAN },
		{ "PERFFILE", READER_ANCIENT },
		{ "\177ELF\2\1\1", READER_FOREIGN },
	};
	uint64_t word;

	(void)state;
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
		memcpy(&word, magics[i].magic, 8);
		assert_int_equal(open_changed(0, word, 8), magics[i].status);
	}
	assert_int_equal(open_made(0), READER_EMPTY);
	reader_close(&reader);
	arena_back(&arena, 0);
	assert_int_equal(reader_open(&reader, open("/", O_RDONLY), &arena), READER_DIRECTORY);
	reader_close(&reader);
	assert_int_equal(reader_open(&reader, open("/dev/zero", O_RDONLY), &arena), READER_FOREIGN);
	reader_close(&reader);
}

static void lies_in_the_header_are_refused(void **state)
{
	(void)state;
	assert_int_equal(open_changed(8, 80, 8), READER_HEADER);
	assert_int_equal(open_changed(16, 40, 8), READER_HEADER);
	assert_int_equal(open_changed(16, 1ull << 40, 8), READER_HEADER);
	assert_int_equal(open_changed(24, UINT64_MAX, 8), READER_HEADER);
	assert_int_equal(open_changed(32, 1ull << 50, 8), READER_HEADER);
	assert_int_equal(open_changed(32, 0, 8), READER_NO_EVENTS);
	assert_int_equal(open_changed(40, 1ull << 60, 8), READER_OK);
}

static enum reader_status end_of_changed(size_t offset, uint32_t type, uint16_t bytes)
{
	struct perf_event_header h = { type, 0, bytes };
	enum reader_status status;

	make_file();
	memcpy(file + header()->data.offset + offset, &h, sizeof(h));
	assert_int_equal(open_made(size), READER_OK);
	count_samples(&status);
	reader_close(&reader);
	return status;
}

static void records_that_cannot_be_end_the_reading(void **state)
{
	(void)state;
	assert_int_equal(end_of_changed(24, 60, 0), READER_BROKEN);
	assert_int_equal(end_of_changed(24, 60, 7), READER_BROKEN);
	assert_int_equal(end_of_changed(24, 60, 65535), READER_CUT);
	assert_int_equal(end_of_changed(24, PERF_RECORD_COMPRESSED, 32), READER_COMPRESSED);
	assert_int_equal(end_of_changed(24, PERF_RECORD_COMPRESSED2, 32), READER_COMPRESSED);
}

static void attrs_of_any_age_are_read(void **state)
{
	(void)state;
	for (size_t bytes = PERF_ATTR_SIZE_VER0; bytes <= 256; bytes += 8) {
		struct perf_file_header h = { .magic = PERF_FILE_MAGIC, .size = sizeof(h) };
		struct perf_event_attr a = made_attr(5);
		char padded[256 + 16] = { 0 };
		struct perf_file_section none = { sizeof(h), 0 };

		memset(file, 0, sizeof(file));
		a.size = (uint32_t)bytes;
		a.sample_type = PERF_SAMPLE_IP;
		memcpy(padded, &a, bytes < sizeof(a) ? bytes : sizeof(a));
		memcpy(padded + bytes, &none, sizeof(none));
		size = sizeof(h);
		h.attr_size = bytes + sizeof(none);
		h.attrs = (struct perf_file_section){ size, h.attr_size };
		put(padded, h.attr_size);
		h.data = (struct perf_file_section){ size, 16 };
		put_record(PERF_RECORD_SAMPLE, (uint64_t[]){ 0x100 }, 1);
		memcpy(file, &h, sizeof(h));
		assert_int_equal(open_made(size), READER_OK);
		assert_int_equal(reader.attrs[0].attr.config, 5);
		assert_int_equal(reader.attrs[0].file_size, bytes);
		assert_int_equal(!!(reader.notes & READER_NOTE_NEWER_ATTR), bytes > sizeof(a));
		assert_int_equal(reader_next(&reader), READER_OK);
		assert_int_equal(reader_event(&reader), 0);
		reader_close(&reader);
	}
}

static void unknown_ids_belong_to_no_event(void **state)
{
	(void)state;
	make_file();
	memcpy(file + header()->data.offset + 16, &(uint64_t){ 99 }, 8);
	assert_int_equal(open_made(size), READER_OK);
	assert_int_equal(reader_next(&reader), READER_OK);
	assert_int_equal(reader_event(&reader), READER_NO_EVENT);
	assert_int_equal(reader_event_of_id(&reader, 8), 1);
	reader_close(&reader);
}

/* The same file with samples of many sizes around the one that is read in parts. */
static void make_large(void)
{
	static uint64_t body[1200];

	for (size_t i = 0; i < 1200; i++)
		body[i] = i * 0x9e3779b97f4a7c15ull;
	make_file();
	size = header()->data.offset;
	body[1] = 7;
	for (size_t words = 509; words < 1200; words += 138) {
		put_record(PERF_RECORD_SAMPLE, body, words);
		put_record(60, body, words % 3);
	}
	header()->data.size = size - header()->data.offset;
	memset(header()->features, 0, sizeof(header()->features));
}

static void expect_parts(uint32_t tail, uint64_t end)
{
	const uint8_t *record = (const void *)reader.record,
		      *is = (uint8_t *)file + reader.record_offset;

	assert_memory_equal(record, is, reader.hole);
	assert_memory_equal(record + reader.hole_end, is + reader.hole_end,
		reader.record->size - reader.hole_end);
	assert_true(
		reader.hole == reader.hole_end || reader.record->size - reader.hole_end == tail);
	for (uint32_t until = 0; until + tail <= reader.record->size; until += 300) {
		assert_true(reader_fill(&reader, until));
		assert_memory_equal(record, is, until);
	}
	assert_true(reader_fill(&reader, reader.hole_end));
	assert_memory_equal(record, is, reader.record->size);
	assert_true(reader.record_offset + reader.record->size <= end);
}

static void large_samples_are_read_in_parts(void **state)
{
	static const uint32_t heads[] = { 8, 64, 1024, 4000 }, tails[] = { 0, 8, 64 };
	enum reader_status status;
	int samples, in_parts;

	(void)state;
	make_large();
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(open_made(size), READER_OK);
		reader_sparse(&reader, heads[i % 4], tails[i / 4]);
		samples = in_parts = 0;
		while ((status = reader_next(&reader)) == READER_OK) {
			samples += reader.record->type == PERF_RECORD_SAMPLE;
			in_parts += reader.hole != reader.hole_end;
			expect_parts(tails[i / 4], size);
		}
		assert_int_equal(status, READER_END);
		assert_int_equal(samples, 6);
		assert_int_equal(in_parts, 5);
		reader_close(&reader);
	}
}

/* A file that is cut ends as it does when all of it is read. */
static void parts_of_a_cut_file_end_alike(void **state)
{
	enum reader_status whole, sparse;

	(void)state;
	make_large();
	for (size_t cut = header()->data.offset; cut < size; cut += 37) {
		int samples;

		assert_int_equal(open_made(cut), READER_OK);
		samples = count_samples(&whole);
		reader_rewind(&reader);
		reader_sparse(&reader, 8, 0);
		assert_int_equal(count_samples(&sparse), samples);
		assert_int_equal(sparse, whole);
		reader_close(&reader);
	}
}

/* One that shrinks under its reader. */
static void what_is_gone_cannot_be_filled(void **state)
{
	(void)state;
	make_large();
	assert_int_equal(open_made(size), READER_OK);
	reader_sparse(&reader, 64, 8);
	while (reader_next(&reader) == READER_OK && reader.hole == reader.hole_end)
		;
	assert_int_equal(ftruncate(reader.fd, (off_t)reader.record_offset + 100), 0);
	assert_false(reader_fill(&reader, 2000));
	assert_int_equal(reader.hole, 64);
	reader_close(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(a_pipe_is_read),
		cmocka_unit_test(a_real_pipe_is_kept),
		cmocka_unit_test(every_cut_is_survived),
		cmocka_unit_test(every_pipe_cut_is_survived),
		cmocka_unit_test(an_unfinished_file_is_read_to_its_end),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(lies_in_the_header_are_refused),
		cmocka_unit_test(records_that_cannot_be_end_the_reading),
		cmocka_unit_test(attrs_of_any_age_are_read),
		cmocka_unit_test(unknown_ids_belong_to_no_event),
		cmocka_unit_test(large_samples_are_read_in_parts),
		cmocka_unit_test(parts_of_a_cut_file_end_alike),
		cmocka_unit_test(what_is_gone_cannot_be_filled),
	};

	if (arena_reserve(&arena, ARENA_BYTES))
		return 1;
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
