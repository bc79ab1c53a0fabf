#include "base/escape.h"

#include "unit.h"

#include <string.h>

static char to[256];

static const char *text(const char *from)
{
	size_t size = escape_text(to, sizeof(to), from, 0);

	assert_int_equal(size, strlen(to));
	return to;
}

static const char *json(const char *from)
{
	size_t size = escape_json(to, sizeof(to), from);

	assert_int_equal(size, strlen(to));
	return to;
}

static const char *xml(const char *from)
{
	size_t size = escape_xml(to, sizeof(to), from);

	assert_int_equal(size, strlen(to));
	return to;
}

static void control_bytes_never_reach_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(text("a\033[2Jb\n\t\r\177"), "a\\x1b[2Jb\\x0a\\x09\\x0d\\x7f");
	assert_string_equal(text("\xc2\x9b"
				 "31m"),
		"\\x9b31m");
	assert_string_equal(text("\x9b"
				 "31m"),
		"\\x9b31m");
	escape_text(to, sizeof(to), "a\nb\t", ESCAPE_KEEP_NEWLINE);
	assert_string_equal(to, "a\nb\\x09");
}

static void good_utf8_passes_and_bad_does_not(void **state)
{
	static const char *const bad[] = { "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80",
		"\xff" };

	(void)state;
	assert_string_equal(text("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e"),
		"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(escape_utf8_length(bad[i]), 0);
		assert_int_equal(strlen(text(bad[i])), 4 * strlen(bad[i]));
	}
}

static void json_strings_are_json(void **state)
{
	(void)state;
	assert_string_equal(json("a\"b\\c\n\001"), "a\\\"b\\\\c\\u000a\\u0001");
	assert_string_equal(json("x\xffy"), "x\xef\xbf\xbdy");
}

static void xml_text_is_xml(void **state)
{
	(void)state;
	assert_string_equal(
		xml("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
	assert_string_equal(xml("\001\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(xml("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbc"),
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbc");
}

static void cut_between_escapes_and_always_ended(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < 12; cap++) {
		size_t size = escape_text(to, cap, "ab\001\002", 0);

		assert_int_equal(size, strlen(to));
		assert_true(size < cap);
		assert_int_equal(size, cap <= 3 ? cap - 1 : cap <= 6 ? 2 : cap <= 10 ? 6 : 10);
	}
	assert_int_equal(escape_text(to, 3, "a\xc3\xa9", 0), 1);
	assert_int_equal(escape_text(NULL, 0, "ab", 0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_bytes_never_reach_a_terminal),
		cmocka_unit_test(good_utf8_passes_and_bad_does_not),
		cmocka_unit_test(json_strings_are_json),
		cmocka_unit_test(xml_text_is_xml),
		cmocka_unit_test(cut_between_escapes_and_always_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
