#include "access/verdict.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static int newlines(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static const struct perf_event_attr cycles = { .type = PERF_TYPE_HARDWARE };

static void every_refusal_fits_in_four_lines(void **state)
{
	char text[2048];

	(void)state;
	for (int error = 1; error < 140; error++)
		for (int kind = 0; kind < 4; kind++) {
			struct refusal refusal = { .event = "cycles",
				.attr = kind & 1 ? NULL : &cycles,
				.pid = kind & 1 ? 0 : -1,
				.cpu = kind & 2 ? 1 : -1,
				.error = error,
				.map = kind & 1,
				.ring_kb = 132,
				.rings = 4,
				.descriptors = kind & 2 ? 4000 : 0 };
			size_t size = verdict_explain(text, sizeof(text), &refusal);

			assert_int_equal(size, strlen(text));
			assert_true(size < sizeof(text) - 1);
			assert_int_equal(newlines(text), 3);
			assert_int_equal(strncmp(text, "cannot ", 7), 0);
			assert_non_null(strstr(text, "\nrefused by "));
			assert_non_null(strstr(text, "\nsmallest fix: "));
			assert_non_null(strstr(text, "\nthe rest: perfbox check"));
		}
}

static void a_small_buffer_cuts_it(void **state)
{
	char text[64];
	struct refusal refusal = { .event = "cycles", .attr = &cycles, .pid = -1, .error = EACCES };

	(void)state;
	for (size_t cap = 1; cap < sizeof(text); cap++) {
		memset(text, 'x', sizeof(text));
		assert_int_equal(verdict_explain(text, cap, &refusal), cap - 1);
		assert_int_equal(text[cap - 1], 0);
		assert_int_equal(text[cap], 'x');
	}
}

static void the_sum_of_ring_memory_is_in_the_line(void **state)
{
	char text[2048];
	struct refusal refusal = {
		.map = true, .error = EPERM, .ring_kb = 516, .rings = 3, .pid = -1, .cpu = -1
	};

	(void)state;
	verdict_explain(text, sizeof(text), &refusal);
	assert_non_null(
		strstr(text, "cannot map 3 rings of 516 KiB: Operation not permitted (EPERM)"));
	assert_non_null(strstr(text, "1548 KiB were wanted"));
}

static struct facts permissive(void)
{
	return (struct facts){ .kernel = FACT_OF(KERNEL(6, 6, 0)),
		.gate = FACT_OF(GATE_NONE),
		.perf_events = FACT_OF(1),
		.reached = FACT_OF(EINVAL),
		.initial_user_ns = FACT_OF(1),
		.seccomp = FACT_OF(0),
		.lockdown = FACT_OF(0),
		.limits.paranoid = FACT_OF(-1),
		.who.known = IDENTITY_CAPS,
		.caps_all = CAP_BIT(41) - 1 };
}

static void what_no_file_foretells_is_blamed_by_elimination(void **state)
{
	struct facts facts = permissive();
	struct request request = { .attr = { .type = PERF_TYPE_SOFTWARE } };

	(void)state;
	assert_int_equal(verdict_blame(&facts, &request, EACCES).layer, LAYER_LSM);
	facts.seccomp = FACT_OF(2);
	assert_int_equal(verdict_blame(&facts, &request, EPERM).layer, LAYER_SECCOMP);
	facts.gate = (struct fact){ .state = FACT_ABSENT };
	facts.limits.paranoid = FACT_OF(3);
	request.attr.flags = PERF_ATTR_EXCLUDE_KERNEL;
	assert_int_equal(verdict_blame(&facts, &request, EACCES).layer, LAYER_GATE);
	assert_int_equal(verdict_blame(&facts, &request, ESRCH).layer, LAYER_TARGET);
	assert_int_equal(verdict_blame(&facts, &request, EBUSY).layer, LAYER_BUSY);
	assert_int_equal(verdict_blame(&facts, &request, EMFILE).layer, LAYER_DESCRIPTORS);
	assert_int_equal(verdict_blame(&facts, &request, 12345).layer, LAYER_UNKNOWN);
}

static void fixes_are_said_in_words(void **state)
{
	struct facts facts = permissive();
	char text[256];

	(void)state;
	assert_int_equal(verdict_fix(text, sizeof(text), &facts, 0), 0);
	verdict_fix(text, sizeof(text), &facts, FIX_PERFMON | FIX_PTRACE);
	assert_string_equal(text, "CAP_PERFMON and CAP_SYS_PTRACE");
	verdict_fix(text, sizeof(text), &facts, FIX_PARANOID_2 | FIX_PERFMON);
	assert_string_equal(
		text, "kernel.perf_event_paranoid 2 and CAP_PERFMON, or CAP_SYS_ADMIN alone");
	facts.caps_all = CAP_BIT(38) - 1;
	verdict_fix(text, sizeof(text), &facts, FIX_ADMIN);
	assert_string_equal(text, "CAP_SYS_ADMIN (this kernel has no CAP_PERFMON)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_fits_in_four_lines),
		cmocka_unit_test(a_small_buffer_cuts_it),
		cmocka_unit_test(the_sum_of_ring_memory_is_in_the_line),
		cmocka_unit_test(what_no_file_foretells_is_blamed_by_elimination),
		cmocka_unit_test(fixes_are_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
