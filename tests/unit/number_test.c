#include "base/number.h"

#include "unit.h"

#include <errno.h>
#include <math.h>

typedef int parse_of(const char *text, uint64_t *value);

static const struct {
	parse_of *parse;
	const char *text;
	int status;
	uint64_t value;
} rows[] = {
	{ number_u64, "0", 0, 0 },
	{ number_u64, "18446744073709551615", 0, UINT64_MAX },
	{ number_u64, "18446744073709551616", -ERANGE, 0 },
	{ number_u64, "0x1f", 0, 31 },
	{ number_u64, "010", 0, 8 },
	{ number_u64, "", -EINVAL, 0 },
	{ number_u64, " 1", -EINVAL, 0 },
	{ number_u64, "-1", -EINVAL, 0 },
	{ number_u64, "+1", -EINVAL, 0 },
	{ number_u64, "1x", -EINVAL, 0 },
	{ number_bytes, "17", 0, 17 },
	{ number_bytes, "17B", 0, 17 },
	{ number_bytes, "512k", 0, 512 << 10 },
	{ number_bytes, "3M", 0, 3 << 20 },
	{ number_bytes, "2G", 0, 2ull << 30 },
	{ number_bytes, "17179869183G", 0, 17179869183ull << 30 },
	{ number_bytes, "17179869184G", -ERANGE, 0 },
	{ number_bytes, "1T", -EINVAL, 0 },
	{ number_bytes, "1MB", -EINVAL, 0 },
	{ number_bytes, "M", -EINVAL, 0 },
	{ number_seconds, "2", 0, 2000000000 },
	{ number_seconds, "0.25", 0, 250000000 },
	{ number_seconds, "1.000000001", 0, 1000000001 },
	{ number_seconds, "1.0000000019", 0, 1000000001 },
	{ number_seconds, "010", 0, 10000000000 },
	{ number_seconds, ".5", -EINVAL, 0 },
	{ number_seconds, "1e3", -EINVAL, 0 },
	{ number_seconds, "18446744073709551615", -ERANGE, 0 },
	{ number_seconds, "1s", -EINVAL, 0 },
};

static void numbers_as_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t value = 0;
		int status = rows[i].parse(rows[i].text, &value);

		if (status != rows[i].status || (!status && value != rows[i].value))
			fail_msg("'%s': %d, %llu", rows[i].text, status, (unsigned long long)value);
	}
}

static int list(const char *text, uint32_t *values, int cap)
{
	struct number_range range = { 0 };
	int count = 0, status;

	while ((status = number_list_next(&text, &range, &values[count])) == 1)
		if (++count == cap)
			break;
	return status < 0 ? status : count;
}

static void lists_give_each_number_in_turn(void **state)
{
	uint32_t v[16];

	(void)state;
	assert_int_equal(list("0-3,5\n", v, 16), 5);
	assert_int_equal(v[0], 0);
	assert_int_equal(v[3], 3);
	assert_int_equal(v[4], 5);
	assert_int_equal(list("", v, 16), 0);
	assert_int_equal(list("7", v, 16), 1);
	assert_int_equal(list("2147483647", v, 16), 1);
	assert_int_equal(list("0-2147483647", v, 16), 16);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = { "a", "1,,2", "1-", "3-1", "-1", "1;2", "2147483648",
		"99999999999999999999" };
	uint32_t v[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(list(bad[i], v, 16), -EINVAL);
}

static void decimals_with_fraction_and_power(void **state)
{
	static const struct {
		const char *text;
		double value;
		const char *rest;
	} good[] = {
		{ "0", 0, "" },
		{ "12.5%", 12.5, "%" },
		{ "-3.", -3, "" },
		{ ".25", .25, "" },
		{ "6.103515625e-5", 6.103515625e-5, "" },
		{ "2.3283064365386962890625e-10", 0x1p-32, "" },
		{ "1e3x", 1000, "x" },
		{ "7e", 7, "e" },
		{ "100000000000000000000000", 1e23, "" },
		{ "1e-999999999999999999999999", 0, "" },
	};
	static const char *const bad[] = { "", ".", "-", "x1", "e5" };
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *at = good[i].text;

		assert_int_equal(number_decimal(&at, &value), 0);
		if (fabs(value - good[i].value) > 1e-14 * fabs(good[i].value))
			fail_msg("'%s' is %g", good[i].text, value);
		assert_string_equal(at, good[i].rest);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *at = bad[i];

		assert_int_equal(number_decimal(&at, &value), -EINVAL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_as_people_write_them),
		cmocka_unit_test(lists_give_each_number_in_turn),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(decimals_with_fraction_and_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
