#include "data/writer.h"

#include "base/arena.h"
#include "data/reader.h"

#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
	.size = PERF_ATTR_SIZE_VER5,
	.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP };
static const uint64_t ids[] = { 7, 9 };
static const struct writer_event event = { &attr, ids, 2, "cpu-clock" };

struct sample {
	struct perf_event_header header;
	uint64_t id, ip;
};

static struct sample sample_of(uint64_t ip)
{
	return (struct sample){
		{ PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, sizeof(struct sample) }, 7, ip
	};
}

static int put_sample(struct writer *writer, uint64_t ip)
{
	struct sample sample = sample_of(ip);
	struct iovec parts[] = { { &sample, 8 }, { (char *)&sample + 8, sizeof(sample) - 8 } };

	return writer_records(writer, parts, 2);
}

static int memory_file(void)
{
	int fd = memfd_create("perf.data", 0);

	assert_true(fd >= 0);
	return fd;
}

/* How many samples our reader finds, and how it ends. */
static uint64_t samples_in(int fd, enum reader_status *status)
{
	static struct reader reader;
	static struct arena arena;
	uint64_t count;

	if (!arena.base)
		assert_int_equal(arena_reserve(&arena, 8 << 20), 0);
	arena_back(&arena, 0);
	*status = reader_open(&reader, dup(fd), &arena);
	if (*status)
		return 0;
	while ((*status = reader_next(&reader)) == READER_OK)
		;
	count = reader.counts[PERF_RECORD_SAMPLE];
	reader_close(&reader);
	return count;
}

static void what_is_committed_is_there(void **state)
{
	enum reader_status status;
	struct writer writer = { 0 };
	int fd = memory_file();

	(void)state;
	assert_int_equal(writer_begin(&writer, fd, false, &event, 1), 0);
	assert_int_equal(put_sample(&writer, 1), 0);
	assert_int_equal(put_sample(&writer, 2), 0);
	assert_int_equal(writer_commit(&writer), 0);
	assert_int_equal(put_sample(&writer, 3), 0);
	assert_int_equal(samples_in(fd, &status), 2);
	assert_int_equal(status, READER_END);
	assert_int_equal(writer_finish(&writer), 0);
	assert_int_equal(samples_in(fd, &status), 3);
	close(fd);
}

static void features_lie_behind_in_the_order_of_their_bits(void **state)
{
	static const char high[] = "above", low[] = "below!";
	struct perf_file_section sections[2];
	struct perf_file_header header;
	struct writer writer = { 0 };
	char text[8] = "";
	int fd = memory_file();

	(void)state;
	writer_begin(&writer, fd, false, &event, 1);
	writer_feature(&writer, HEADER_CMDLINE, high, sizeof(high));
	writer_feature(&writer, HEADER_HOSTNAME, low, sizeof(low));
	put_sample(&writer, 1);
	assert_int_equal(writer_finish(&writer), 0);
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	assert_true(header.features[0] == (1u << HEADER_CMDLINE | 1u << HEADER_HOSTNAME));
	assert_int_equal(pread(fd, sections, sizeof(sections),
				 (off_t)(header.data.offset + header.data.size)),
		sizeof(sections));
	assert_int_equal(sections[0].size, sizeof(low));
	assert_int_equal(pread(fd, text, sizeof(text), (off_t)sections[0].offset), sizeof(low) + 1);
	assert_string_equal(text, low);
	assert_int_equal(sections[1].size, sizeof(high));
	close(fd);
}

static void a_stream_reads_as_one(void **state)
{
	enum reader_status status;
	struct writer writer = { 0 };
	int fd = memory_file();

	(void)state;
	assert_int_equal(writer_begin(&writer, fd, true, &event, 1), 0);
	assert_int_equal(writer_feature(&writer, HEADER_TRACING_DATA, "12345", 5), 0);
	assert_int_equal(put_sample(&writer, 1), 0);
	assert_int_equal(writer_finish(&writer), 0);
	assert_int_equal(samples_in(fd, &status), 1);
	assert_int_equal(status, READER_END);
	close(fd);
}

static void a_full_disk_leaves_the_last_commit(void **state)
{
	struct rlimit limit, small;
	enum reader_status status;
	struct writer writer = { 0 };
	int fd = memory_file(), error = 0;
	uint64_t committed = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = (struct rlimit){ 600, limit.rlim_max };
	writer_begin(&writer, fd, false, &event, 1);
	setrlimit(RLIMIT_FSIZE, &small);
	for (uint64_t ip = 1; ip < 100 && !error; ip++) {
		error = put_sample(&writer, ip);
		if (!error && !writer_commit(&writer))
			committed = ip;
	}
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(error, -EFBIG);
	assert_int_equal(writer_finish(&writer), -EFBIG);
	assert_true(committed > 0);
	assert_int_equal(samples_in(fd, &status), committed);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_committed_is_there),
		cmocka_unit_test(features_lie_behind_in_the_order_of_their_bits),
		cmocka_unit_test(a_stream_reads_as_one),
		cmocka_unit_test(a_full_disk_leaves_the_last_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
