#include "base/nearest.h"

#include "unit.h"

#include <string.h>

static void distance_counts_letters(void **state)
{
	static const struct {
		const char *a, *b;
		int distance;
	} rows[] = {
		{ "cycles", "cycles", 0 },
		{ "cycles", "CYCLES", 0 },
		{ "cyclez", "cycles", 1 },
		{ "ycles", "cycles", 1 },
		{ "cyclles", "cycles", 1 },
		{ "cylces", "cycles", 1 },
		{ "", "abc", 3 },
		{ "kitten", "sitting", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(nearest_distance(rows[i].a, strlen(rows[i].a), rows[i].b,
					 strlen(rows[i].b)),
			rows[i].distance);
}

static void the_nearest_come_first_and_once(void **state)
{
	static const char *const names[] = { "cache-misses", "branch-misses", "cache-miss-x",
		"cycles", "cache-misse", "cache-misses", "cache-mixses" };
	struct nearest nearest;

	(void)state;
	nearest_begin(&nearest, "cache-misses!", 12);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		nearest_offer(&nearest, names[i]);
	assert_int_equal(nearest.count, NEAREST_MAX);
	assert_string_equal(nearest.name[0], "cache-misses");
	assert_string_equal(nearest.name[1], "cache-misse");
	assert_string_equal(nearest.name[2], "cache-mixses");
}

static void what_is_far_or_long_is_forgotten(void **state)
{
	char name[300];
	struct nearest nearest;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	nearest_begin(&nearest, name, sizeof(name) - 1);
	nearest_offer(&nearest, name);
	nearest_offer(&nearest, "a");
	assert_int_equal(nearest.count, 0);
	nearest_begin(&nearest, "cycles", 6);
	nearest_offer(&nearest, "instructions");
	nearest_offer(&nearest, name);
	assert_int_equal(nearest.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_letters),
		cmocka_unit_test(the_nearest_come_first_and_once),
		cmocka_unit_test(what_is_far_or_long_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
