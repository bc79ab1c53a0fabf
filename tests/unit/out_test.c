#include "base/out.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct out out;
static char got[65536];

static int begin(void **state)
{
	(void)state;
	out_begin(&out, memfd_create("out", 0));
	return out.fd < 0;
}

static int end(void **state)
{
	(void)state;
	return close(out.fd);
}

static const char *written(void)
{
	ssize_t n;

	assert_int_equal(out_flush(&out), 0);
	n = pread(out.fd, got, sizeof(got) - 1, 0);
	assert_true(n >= 0);
	got[n] = 0;
	return got;
}

static void numbers(void **state)
{
	(void)state;
	out_u64(&out, 0);
	out_char(&out, ' ');
	out_u64(&out, UINT64_MAX);
	out_char(&out, ' ');
	out_hex(&out, 0xbeef, 8);
	out_char(&out, ' ');
	out_hex(&out, UINT64_MAX, 1);
	out_char(&out, ' ');
	out_hex(&out, 0, 0);
	assert_string_equal(written(), "0 18446744073709551615 0000beef ffffffffffffffff 0");
}

static void columns_pad_on_either_side(void **state)
{
	(void)state;
	out_column(&out, "ab", 4);
	out_column(&out, "ab", -4);
	out_column(&out, "long\n", 2);
	out_fill(&out, '.', -3);
	assert_string_equal(written(), "ab    ablong\\x0a");
}

static void outside_text_is_escaped_for_its_place(void **state)
{
	(void)state;
	out_text(&out, "\033c");
	out_json(&out, "\"\n");
	out_xml(&out, "<");
	assert_string_equal(written(), "\\x1bc\"\\\"\\u000a\"&lt;");
}

static void more_than_the_buffer_arrives_whole(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++)
		out_printf(&out, "%07d\n", i);
	assert_int_equal(strlen(written()), 32000);
	assert_memory_equal(got + 31992, "0003999\n", 8);
}

static void the_first_error_sticks(void **state)
{
	static struct out full;

	(void)state;
	out_begin(&full, open("/dev/full", O_WRONLY));
	for (int i = 0; i < 3; i++)
		out_fill(&full, 'x', sizeof(full.buffer));
	assert_int_equal(out_flush(&full), -ENOSPC);
	close(full.fd);
	out_string(&full, "after");
	assert_int_equal(out_flush(&full), -ENOSPC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers, begin, end),
		cmocka_unit_test_setup_teardown(columns_pad_on_either_side, begin, end),
		cmocka_unit_test_setup_teardown(outside_text_is_escaped_for_its_place, begin, end),
		cmocka_unit_test_setup_teardown(more_than_the_buffer_arrives_whole, begin, end),
		cmocka_unit_test(the_first_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
