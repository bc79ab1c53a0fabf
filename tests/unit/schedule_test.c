#include "capture/schedule.h"

#include "unit.h"

#include <signal.h>
#include <unistd.h>

static void what_is_due_moves_on(void **state)
{
	uint64_t when = 100;

	(void)state;
	assert_false(schedule_due(&when, 99, 10));
	assert_int_equal(when, 100);
	assert_true(schedule_due(&when, 100, 10));
	assert_int_equal(when, 110);
	/* late by several turns: they are left out, the grid stays */
	assert_true(schedule_due(&when, 145, 10));
	assert_int_equal(when, 150);
	assert_true(schedule_due(&when, 150, 0));
	assert_int_equal(when, 0);
	assert_false(schedule_due(&when, UINT64_MAX, 10));
}

static void the_earliest_is_waited_for(void **state)
{
	uint64_t now = schedule_now_ns();
	struct schedule schedule = { .timeout_ns = now + 60000000000, .alive_ns = now + 1000000 };

	(void)state;
	assert_int_equal(schedule_wait(&schedule), 0);
	assert_true(schedule_now_ns() >= now + 1000000);
}

static void signals_come_first(void **state)
{
	struct schedule schedule = { .enable_ns = 0 };

	(void)state;
	schedule_hold_signals();
	kill(getpid(), SIGTERM);
	assert_int_equal(schedule_wait(&schedule), SIGTERM);
	kill(getpid(), SIGINT);
	schedule.interval_ns = 1;
	assert_int_equal(schedule_wait(&schedule), SIGINT);
	assert_int_equal(schedule_wait(&schedule), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_moves_on),
		cmocka_unit_test(the_earliest_is_waited_for),
		cmocka_unit_test(signals_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
