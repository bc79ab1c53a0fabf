#include "base/arena.h"

#include "unit.h"

static void takes_zeroed_aligned_memory(void **state)
{
	struct arena arena;
	char *first, *second;

	(void)state;
	assert_int_equal(arena_reserve(&arena, 65536), 0);
	first = arena_take(&arena, 3, 7);
	second = arena_take(&arena, 1, 1);
	assert_non_null(first);
	assert_int_equal((uintptr_t)first % 16, 0);
	assert_int_equal((uintptr_t)second % 16, 0);
	assert_true(second - first >= 21);
	for (int i = 0; i < 21; i++)
		assert_int_equal(first[i], 0);
}

static void full_is_counted_and_leaves_the_rest_usable(void **state)
{
	struct arena arena;

	(void)state;
	assert_int_equal(arena_reserve(&arena, 65536), 0);
	assert_non_null(arena_take(&arena, 1, 60000));
	assert_null(arena_take(&arena, 1, 6000));
	assert_int_equal(arena.refused, 1);
	assert_non_null(arena_take(&arena, 1, 4000));
}

static void a_product_that_wraps_is_refused(void **state)
{
	struct arena arena;

	(void)state;
	assert_int_equal(arena_reserve(&arena, 65536), 0);
	assert_null(arena_take(&arena, SIZE_MAX / 8 + 2, 8));
	assert_null(arena_take(&arena, 1, SIZE_MAX));
	assert_null(arena_take(&arena, 1, SIZE_MAX - 15));
	assert_int_equal(arena.refused, 3);
	assert_int_equal(arena.used, 0);
}

static void back_gives_zeroes_again(void **state)
{
	struct arena arena;
	size_t mark;
	char *bytes;

	(void)state;
	assert_int_equal(arena_reserve(&arena, 1 << 20), 0);
	assert_non_null(arena_copy(&arena, "keep", 4));
	mark = arena.used;
	bytes = arena_take(&arena, 1, 500000);
	for (int i = 0; i < 500000; i++)
		bytes[i] = 1;
	arena_back(&arena, mark);
	assert_int_equal(arena.used, mark);
	assert_ptr_equal(arena_take(&arena, 1, 500000), bytes);
	for (int i = 0; i < 500000; i++)
		assert_int_equal(bytes[i], 0);
}

static void copies_end_in_nul(void **state)
{
	struct arena arena;

	(void)state;
	assert_int_equal(arena_reserve(&arena, 4096), 0);
	assert_string_equal(arena_copy(&arena, "name and more", 4), "name");
	assert_null(arena_copy(&arena, "x", SIZE_MAX));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_zeroed_aligned_memory),
		cmocka_unit_test(full_is_counted_and_leaves_the_rest_usable),
		cmocka_unit_test(a_product_that_wraps_is_refused),
		cmocka_unit_test(back_gives_zeroes_again),
		cmocka_unit_test(copies_end_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
