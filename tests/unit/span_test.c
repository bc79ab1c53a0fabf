#include "base/span.h"

#include "unit.h"

static void reads_little_endian_unaligned(void **state)
{
	static const uint8_t bytes[] = { 9, 1, 2, 3, 4, 5, 6, 7, 8, 0x34, 0x12, 0x78, 0x56, 0x34,
		0x12 };
	struct span s = span_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(span_u8(&s), 9);
	assert_true(span_u64(&s) == 0x0807060504030201u);
	assert_int_equal(span_u16(&s), 0x1234);
	assert_int_equal(span_u32(&s), 0x12345678);
	assert_false(s.bad);
	assert_int_equal(span_left(&s), 0);
}

static void past_the_end_is_zero_for_good(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff };
	struct span s = span_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(span_u32(&s), 0);
	assert_true(s.bad);
	assert_int_equal(span_u8(&s), 0);
	assert_null(span_take(&s, 1));
}

static void a_size_near_the_limit_does_not_wrap(void **state)
{
	static const uint8_t bytes[8];
	struct span s = span_of(bytes, sizeof(bytes));

	(void)state;
	assert_null(span_take(&s, SIZE_MAX));
	assert_true(s.bad);
}

static void sub_is_bounded_by_itself(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct span s = span_of(bytes, sizeof(bytes));
	struct span sub = span_sub(&s, 2);

	(void)state;
	assert_int_equal(span_u16(&sub), 0x0201);
	assert_int_equal(span_u8(&sub), 0);
	assert_true(sub.bad);
	assert_false(s.bad);
	assert_int_equal(span_u8(&s), 3);
	assert_true(span_sub(&s, 2).bad);
	assert_true(s.bad);
}

static void strings_end_inside(void **state)
{
	struct span s = span_of("ab\0cd", 5);

	(void)state;
	assert_string_equal(span_string(&s), "ab");
	assert_null(span_string(&s));
	assert_true(s.bad);
}

static void an_empty_span_has_no_string(void **state)
{
	struct span s = span_of("", 0);

	(void)state;
	assert_null(span_string(&s));
	assert_true(s.bad);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_little_endian_unaligned),
		cmocka_unit_test(past_the_end_is_zero_for_good),
		cmocka_unit_test(a_size_near_the_limit_does_not_wrap),
		cmocka_unit_test(sub_is_bounded_by_itself),
		cmocka_unit_test(strings_end_inside),
		cmocka_unit_test(an_empty_span_has_no_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
