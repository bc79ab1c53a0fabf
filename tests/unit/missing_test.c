#include "profile/missing.h"

#include "data/sample.h"

#include "unit.h"

#include <string.h>

static struct arena arena;

static void begin(struct missing *m)
{
	if (!arena.base)
		assert_int_equal(arena_reserve(&arena, 4 << 20), 0);
	arena_back(&arena, 0);
	assert_true(missing_init(m, &arena));
}

static void tell(struct missing *m, uint32_t type, uint64_t id, uint32_t cpu, uint64_t value)
{
	struct perf_event_header header = { .type = type, .size = sizeof(header) };
	struct record record = { .type = type, .id = { .id = id, .cpu = cpu } };

	if (type == PERF_RECORD_THROTTLE || type == PERF_RECORD_UNTHROTTLE)
		record.throttle = (struct record_throttle){ value, id, id };
	else
		record.lost = (struct record_lost){ id, value };
	missing_tell(m, &record, id < 100 ? 0 : 1, &header);
}

static void lost_samples_are_counted_once(void **state)
{
	struct missing m;

	(void)state;
	begin(&m);
	tell(&m, PERF_RECORD_LOST, 7, 0, 5);
	tell(&m, PERF_RECORD_LOST, 107, 1, 5);
	tell(&m, PERF_RECORD_LOST_SAMPLES, 7, 0, 10);
	missing_settle(&m, 0);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.row[0].loss.lost, 10);
	assert_int_equal(m.row[0].event, 0);
}

static void without_them_rings_tell(void **state)
{
	struct missing m;

	(void)state;
	begin(&m);
	tell(&m, PERF_RECORD_LOST, 107, 1, 5);
	tell(&m, PERF_RECORD_LOST, 108, 1, 6);
	tell(&m, PERF_RECORD_LOST, 7, 1, 1);
	missing_settle(&m, 0);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.row[0].loss.lost, 1);
	assert_int_equal(m.row[1].loss.lost, 11);
	assert_int_equal(m.row[1].cpu, 1);
}

static void throttled_time(void **state)
{
	struct missing m;

	(void)state;
	begin(&m);
	tell(&m, PERF_RECORD_THROTTLE, 7, 0, 1000);
	tell(&m, PERF_RECORD_UNTHROTTLE, 7, 0, 1500);
	tell(&m, PERF_RECORD_UNTHROTTLE, 7, 0, 1700);
	tell(&m, PERF_RECORD_THROTTLE, 7, 0, 2000);
	tell(&m, PERF_RECORD_THROTTLE, 7, 0, 2100);
	missing_settle(&m, 2300);
	assert_int_equal(m.row[0].loss.throttled, 3);
	assert_int_equal(m.row[0].loss.throttled_ns, 800);
}

/* An ID_INDEX tells the CPU, also when it says of more entries than it has. */
static void the_index_names_cpus(void **state)
{
	struct {
		struct perf_event_header header;
		uint64_t count, entry[4];
	} index = { { PERF_RECORD_ID_INDEX, 0, sizeof(index) }, UINT64_MAX, { 7, 0, 3, 0 } };
	struct record record = { .type = PERF_RECORD_ID_INDEX };
	struct missing m;

	(void)state;
	begin(&m);
	tell(&m, PERF_RECORD_LOST, 7, SAMPLE_NO_CPU, 5);
	tell(&m, PERF_RECORD_LOST, 8, SAMPLE_NO_CPU, 5);
	missing_tell(&m, &record, -1, &index.header);
	missing_settle(&m, 0);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.row[0].cpu, -1);
	assert_int_equal(m.row[1].cpu, 3);
}

static void too_many_are_lumped(void **state)
{
	struct missing m;
	uint64_t sum = 0;

	(void)state;
	begin(&m);
	for (uint32_t id = 1; id <= 5000; id++)
		tell(&m, PERF_RECORD_LOST, id, id, 1);
	missing_settle(&m, 0);
	assert_true(m.count < MISSING_ROWS);
	for (uint32_t i = 0; i < m.count; i++)
		sum += m.row[i].loss.lost;
	assert_int_equal(sum, 5000);
	assert_int_equal(m.row[0].event, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_samples_are_counted_once),
		cmocka_unit_test(without_them_rings_tell),
		cmocka_unit_test(throttled_time),
		cmocka_unit_test(the_index_names_cpus),
		cmocka_unit_test(too_many_are_lumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
