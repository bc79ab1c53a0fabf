#include "unit.h"

#include "data/record.h"
#include "data/sample.h"

#include <string.h>

static const struct perf_event_attr attr = {
	.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_CPU |
		       PERF_SAMPLE_STREAM_ID,
	.flags = PERF_ATTR_SAMPLE_ID_ALL,
};
static _Alignas(8) char bytes[8192];
static struct perf_event_header *const header = (void *)bytes;
static struct record got;

static struct record make(uint32_t type)
{
	return (struct record){ .type = type,
		.id = { .pid = 1, .tid = 2, .time_ns = 3, .id = 4, .stream_id = 5, .cpu = 6 } };
}

static void write_and_read(const struct record *r)
{
	size_t size = record_encode(bytes, sizeof(bytes), r, &attr);

	assert_int_not_equal(size, 0);
	assert_int_equal(size % 8, 0);
	assert_int_equal(size, header->size);
	assert_int_equal(record_decode(&got, header, &attr), RECORD_OK);
	assert_memory_equal(&got.id, &r->id, sizeof(got.id));
}

static void mappings_come_back(void **state)
{
	static const uint8_t build_id[20] = "0123456789abcdefghij";
	struct record r = make(PERF_RECORD_MMAP2);

	(void)state;
	r.mmap = (struct record_mmap){ .pid = 7,
		.tid = 8,
		.start = 0x400000,
		.size = 0x1000,
		.pgoff = 0x2000,
		.major = 8,
		.minor = 1,
		.inode = 99,
		.prot = 5,
		.flags = 2,
		.path = "/bin/with spaces" };
	write_and_read(&r);
	assert_int_equal(got.mmap.inode, 99);
	assert_int_equal(got.mmap.pgoff, 0x2000);
	assert_int_equal(got.mmap.prot, 5);
	assert_string_equal(got.mmap.path, "/bin/with spaces");
	assert_null(got.mmap.build_id);
	r.mmap.build_id = build_id;
	r.mmap.build_id_size = 20;
	write_and_read(&r);
	assert_int_equal(got.mmap.build_id_size, 20);
	assert_memory_equal(got.mmap.build_id, build_id, 20);
	assert_int_equal(got.mmap.inode, 0);
	assert_string_equal(got.mmap.path, "/bin/with spaces");
}

static void names_and_tasks_come_back(void **state)
{
	struct record r = make(PERF_RECORD_COMM);

	(void)state;
	r.comm = (struct record_comm){ .pid = 7, .tid = 8, .name = "exactly8", .exec = true };
	write_and_read(&r);
	assert_string_equal(got.comm.name, "exactly8");
	assert_true(got.comm.exec);
	r = make(PERF_RECORD_FORK);
	r.task = (struct record_task){ 7, 1, 9, 2, 55 };
	write_and_read(&r);
	assert_int_equal(got.task.parent_tid, 2);
	assert_int_equal(got.task.time_ns, 55);
}

static void every_cut_is_told(void **state)
{
	struct record r = make(PERF_RECORD_MMAP2);
	size_t whole;

	(void)state;
	r.mmap.path = "1234567";
	whole = record_encode(bytes, sizeof(bytes), &r, &attr);
	for (size_t size = 0; size < whole; size++) {
		header->size = (uint16_t)size;
		assert_int_equal(record_decode(&got, header, &attr), RECORD_SHORT);
	}
}

static void an_endless_string_is_short(void **state)
{
	struct {
		struct perf_event_header h;
		uint32_t pid, tid;
		char name[8];
	} comm = { { PERF_RECORD_COMM, 0, sizeof(comm) }, 1, 1, "endless!" };

	(void)state;
	assert_int_equal(record_decode(&got, (void *)&comm, NULL), RECORD_SHORT);
}

static void no_room_writes_nothing(void **state)
{
	struct record r = make(PERF_RECORD_COMM);
	size_t whole;

	(void)state;
	r.comm.name = "name";
	whole = record_encode(bytes, sizeof(bytes), &r, &attr);
	memset(bytes, 0x5a, sizeof(bytes));
	for (size_t cap = 0; cap < whole; cap++)
		assert_int_equal(record_encode(bytes, cap, &r, &attr), 0);
	assert_int_equal(bytes[whole], 0x5a);
	assert_int_equal(
		record_encode(bytes, sizeof(bytes), &(struct record){ .type = 9 }, &attr), 0);
}

static void losses_are_read(void **state)
{
	struct {
		struct perf_event_header h;
		uint64_t id, lost;
	} lost = { { PERF_RECORD_LOST, 0, sizeof(lost) }, 4, 17 };

	(void)state;
	assert_int_equal(record_decode(&got, (void *)&lost, NULL), RECORD_OK);
	assert_int_equal(got.lost.count, 17);
	assert_int_equal(got.id.cpu, SAMPLE_NO_CPU);
}

static void unknown_types_are_other(void **state)
{
	struct perf_event_header future = { 60, 0, 8 };

	(void)state;
	assert_int_equal(record_decode(&got, &future, NULL), RECORD_OTHER);
	assert_null(record_name(60));
	assert_string_equal(record_name(PERF_RECORD_COMPRESSED2), "COMPRESSED2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_come_back),
		cmocka_unit_test(names_and_tasks_come_back),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(an_endless_string_is_short),
		cmocka_unit_test(no_room_writes_nothing),
		cmocka_unit_test(losses_are_read),
		cmocka_unit_test(unknown_types_are_other),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
