#include "capture/counter.h"

#include "unit.h"

#include <math.h>

static void a_shared_counter_is_extended(void **state)
{
	(void)state;
	assert_true(counter_scaled(&(struct counter){ 50, 100, 25 }) == 200);
	assert_true(counter_scaled(&(struct counter){ 50, 100, 100 }) == 50);
	assert_true(counter_scaled(&(struct counter){ 0, 100, 0 }) == 0);
	/* clocks of CPUs differ by a little: never less than was counted */
	assert_true(counter_scaled(&(struct counter){ 50, 100, 101 }) == 50);
}

static void intervals_add_up(void **state)
{
	const struct counter first = { 10, 20, 5 }, second = { 17, 50, 25 };
	struct counter since = counter_since(&second, &first);

	(void)state;
	assert_int_equal(since.value, 7);
	assert_int_equal(since.enabled_ns, 30);
	assert_int_equal(since.running_ns, 20);
}

/* 2 4 4 4 5 5 7 9: mean 5, variance 32/7, of the mean 32/7/8 */
static void spread_is_mean_and_deviation_of_the_mean(void **state)
{
	static const double figures[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	struct spread spread = { 0 };

	(void)state;
	spread_add(&spread, 3);
	assert_true(spread_deviation(&spread) == 0);
	spread = (struct spread){ 0 };
	for (size_t i = 0; i < 8; i++)
		spread_add(&spread, figures[i]);
	assert_true(fabs(spread.mean - 5) < 1e-12);
	assert_true(fabs(spread_deviation(&spread) - sqrt(32.0 / 7 / 8)) < 1e-12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_counter_is_extended),
		cmocka_unit_test(intervals_add_up),
		cmocka_unit_test(spread_is_mean_and_deviation_of_the_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
