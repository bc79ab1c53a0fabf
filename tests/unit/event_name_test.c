#include "unit.h"

#include "view/event_name.h"

static const char *named(uint32_t type, uint64_t config, uint64_t flags)
{
	static char text[64];
	struct perf_event_attr attr = { .type = type, .config = config, .flags = flags };

	event_name(text, sizeof(text), &attr);
	return text;
}

/* As perf report shows events of a pipe that names none. */
static void nameless_events_are_named(void **state)
{
	const uint64_t usual = PERF_ATTR_EXCLUDE_GUEST;

	(void)state;
	assert_string_equal(named(PERF_TYPE_HARDWARE, 0, usual), "cycles");
	assert_string_equal(named(PERF_TYPE_HARDWARE, 4, usual), "branches");
	assert_string_equal(named(PERF_TYPE_SOFTWARE, 0, usual), "cpu-clock");
	assert_string_equal(named(PERF_TYPE_SOFTWARE, 9, 0), "dummy:HG");
	assert_string_equal(
		named(PERF_TYPE_HARDWARE, 0, usual | PERF_ATTR_PRECISE_IP(2)), "cycles:ppH");
	assert_string_equal(named(PERF_TYPE_HARDWARE, 1,
				    usual | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV),
		"instructions:uH");
	assert_string_equal(named(PERF_TYPE_HW_CACHE, 0x10000, usual), "L1-dcache-load-misses");
	assert_string_equal(named(PERF_TYPE_RAW, 0x1c2, usual), "raw 0x1c2");
	assert_string_equal(named(77, 5, usual), "type 77 config 0x5");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nameless_events_are_named) };

	return cmocka_run_group_tests_name("event_name", tests, NULL, NULL);
}
