#include "base/date.h"

#include "unit.h"

#include <stdio.h>
#include <time.h>

/* The C library of the test build is the oracle: every 11th day and some hours, 1600 to 2600. */
static void dates_are_those_of_the_c_library(void **state)
{
	char date[DATE_MAX], expected[64];

	(void)state;
	for (int64_t seconds = -11676096000; seconds < 19880899200; seconds += 11 * 86400 + 12347) {
		time_t time = (time_t)seconds;
		struct tm tm;

		gmtime_r(&time, &tm);
		strftime(expected, sizeof(expected), "%a %b %e %H:%M:%S %Y", &tm);
		date_text(date, seconds);
		assert_string_equal(date, expected);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_those_of_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
