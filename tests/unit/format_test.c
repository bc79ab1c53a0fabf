#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vsnprintf(char *restrict to, size_t cap, const char *restrict format, va_list args);

/* vasprintf(3) formats inside the C library: it is the oracle, ours stands behind vsnprintf. */
__attribute__((format(printf, 1, 2))) static void same(const char *format, ...)
{
	char ours[512], *theirs;
	int size, expected;
	va_list args;

	va_start(args, format);
	expected = vasprintf(&theirs, format, args);
	va_end(args);
	va_start(args, format);
	size = vsnprintf(ours, sizeof(ours), format, args);
	va_end(args);
	if (strcmp(ours, theirs) || size != expected)
		fail_msg("%s: '%s', the C library says '%s'", format, ours, theirs);
	free(theirs);
}

static void integers(void **state)
{
	static const long long values[] = { 0, 1, -1, 9, 10, 42, -300, 255, 65536, INT32_MAX,
		INT32_MIN, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		long long v = values[i];

		same("%d %5d %-5d| %05d %+d % d %.3d %8.3d %-8.3d|", (int)v, (int)v, (int)v, (int)v,
			(int)v, (int)v, (int)v, (int)v, (int)v);
		same("%u %x %X %o %#x %08x %#10x %-10x|", (unsigned)v, (unsigned)v, (unsigned)v,
			(unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v);
		same("%lld %llu %llx %ld %lu %zu %zd %jd", v, (unsigned long long)v,
			(unsigned long long)v, (long)v, (unsigned long)v, (size_t)v, (ssize_t)v,
			(intmax_t)v);
		same("%hhd %hhu %hd %hu %.0d|", (signed char)v, (unsigned char)v, (short)v,
			(unsigned short)v, (int)v);
		same("%*d %-*d| %.*d", 12, (int)v, 12, (int)v, 4, (int)v);
	}
}

static void strings(void **state)
{
	(void)state;
	same("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|%.*s|%*s", "word", "word", "word", "word", "word",
		"word", 3, "word", -7, "word");
	same("%c%c%3c%-3c| 100%% %s", 'a', 'b', 'c', 'd', "");
	same("%p", (void *)0x1234abcd);
	same("nothing at all");
	same("%s", "");
}

static void doubles(void **state)
{
	static const double values[] = { 0, -0.0, 0.5, 1.5, 2.5, 0.125, 0.375, 0.1, 0.25, 0.005,
		0.015, 99.995, 0.999999, 9.9999999, 1e-9, 5e-10, 1e-300, DBL_MIN, 123456.789, 1e15,
		1e18, 18446744073709549568.0, -1.005, 3.0517578125e-05, 4294967295.5 };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		for (int decimals = 0; decimals <= 12; decimals++) {
			same("%.*f", decimals, values[i]);
			same("%30.*f|%-30.*f|%030.*f|%+.*f", decimals, values[i], decimals,
				values[i], decimals, values[i], decimals, values[i]);
		}
	same("%f %f", (double)INFINITY, -(double)INFINITY);
	same("%f", 1.0 / 3);
}

static void random_doubles(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double value;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		value = (double)(seed >> 11);
		for (int halvings = (int)(seed >> 3 & 127); halvings; halvings--)
			value /= 2;
		if (value < 0x1p64)
			same("%.*f", (int)(seed % 10), value);
	}
}

static void too_long_is_cut_and_told(void **state)
{
	volatile size_t four = 4, one = 1; /* so that the compiler does not foresee it */
	char text[4] = "zzz";

	(void)state;
	assert_int_equal(snprintf(text, four, "%s%d", "ab", 1234), 6);
	assert_string_equal(text, "ab1");
	assert_int_equal(snprintf(NULL, 0, "%d", 12345), 5);
	assert_int_equal(snprintf(text, one, "x"), 1);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(strings),
		cmocka_unit_test(doubles),
		cmocka_unit_test(random_doubles),
		cmocka_unit_test(too_long_is_cut_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
