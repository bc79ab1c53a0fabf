#include "capture/procmaps.h"

#include "unit.h"

#include <sys/mman.h>

static void a_line_is_all_its_fields(void **state)
{
	struct procmap map;

	(void)state;
	assert_true(procmap_parse(&map, "55d0c000-55d1f000 r-xp 0001b000 fe:01 247489        "
					"             /usr/bin/a b (deleted)"));
	assert_true(map.start == 0x55d0c000 && map.end == 0x55d1f000);
	assert_true(map.page_offset == 0x1b000 && map.inode == 247489);
	assert_true(map.major == 0xfe && map.minor == 1);
	assert_int_equal(map.protection, PROT_READ | PROT_EXEC);
	assert_int_equal(map.flags, MAP_PRIVATE);
	assert_string_equal(map.path, "/usr/bin/a b (deleted)");
}

static void anonymous_has_no_path(void **state)
{
	struct procmap map;

	(void)state;
	assert_true(procmap_parse(&map, "7f00-7fff rw-s 00000000 00:00 0 "));
	assert_string_equal(map.path, "");
	assert_int_equal(map.flags, MAP_SHARED);
	assert_int_equal(map.protection, PROT_READ | PROT_WRITE);
}

static void what_is_no_such_line_is_refused(void **state)
{
	static const char *const lines[] = { "", "x", "1-2", "1-2 r-xp", "2-1 r-xp 0 0:0 0 ",
		"1-2 rwqp 0 00:00 0 ", "1-2 r-xz 0 00:00 0 ", "-2 r-xp 0 00:00 0 ",
		"1-2 r-xp 0 0000 0 ", "1-2 r-xp 0 00:00 a " };
	struct procmap map;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_false(procmap_parse(&map, lines[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_all_its_fields),
		cmocka_unit_test(anonymous_has_no_path),
		cmocka_unit_test(what_is_no_such_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
