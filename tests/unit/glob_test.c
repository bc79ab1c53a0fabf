#include "base/glob.h"

#include "unit.h"

#include <fnmatch.h>

/* The C library's own matcher is the oracle. */
static void every_pair_is_as_fnmatch_says(void **state)
{
	static const char *const patterns[] = { "", "*", "?", "a", "a*", "*a", "*a*", "a*b*c", "**",
		"a?c", "[a-c]*", "[!a-c]*", "[]x]", "[a-]", "*[0-9]", "sched_*", "*_exit",
		"sys_*_open*", "[abc", "a[", "*?", "?*?", "[!x]", "*ab*ab" };
	static const char *const texts[] = { "", "a", "b", "-", "]", "ab", "abc", "aXbYc", "aabbcc",
		"x9", "sched_switch", "sched_process_exit", "sys_enter_openat", "[abc", "a[",
		"abab", "aababab", "x" };

	(void)state;
	for (size_t p = 0; p < sizeof(patterns) / sizeof(*patterns); p++)
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			if (glob_match(patterns[p], texts[t]) !=
				!fnmatch(patterns[p], texts[t], FNM_NOESCAPE))
				fail_msg("'%s' and '%s'", patterns[p], texts[t]);
}

static void many_stars_take_no_time(void **state)
{
	(void)state;
	assert_false(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_as_fnmatch_says),
		cmocka_unit_test(many_stars_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
