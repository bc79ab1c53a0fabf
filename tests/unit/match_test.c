#include "unit.h"

#include "profile/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_reserve(&arena, 16 << 20);
}

/* The rules of match.h said the slow way. */
static bool better(const struct match_symbol *new, const struct match_symbol *old)
{
	size_t a = strspn(new->name, "_"), b = strspn(old->name, "_");

	if (new->start != old->start)
		return new->start > old->start;
	if (!new->size != !old->size)
		return new->size;
	if (!new->size)
		return true;
	if (new->rank != old->rank)
		return new->rank > old->rank;
	return a != b ? a < b : strlen(new->name) > strlen(old->name);
}

static bool covers(const struct match_symbol *all, int count, int which, uint64_t address)
{
	const struct match_symbol *s = all + which;
	bool last = true;

	if (address < s->start)
		return false;
	if (s->size)
		return address - s->start < s->size;
	for (int i = 0; i < count; i++) {
		last = last && all[i].start <= s->start;
		if (all[i].start > s->start && all[i].start <= address)
			return false;
	}
	return !last || address < ((s->start + 4095) & ~4095ull) + 4096;
}

static const char *slowly(const struct match_symbol *all, int count, uint64_t address)
{
	const struct match_symbol *best = NULL;

	for (int i = 0; i < count; i++)
		if (covers(all, count, i, address) && (!best || better(all + i, best)))
			best = all + i;
	return best ? best->name : NULL;
}

static void check(const struct match_symbol *all, int count, const uint64_t *address, int places)
{
	struct match match;
	static int marks[64];

	assert_true(match_init(&match, &arena, (uint32_t)places, NULL, NULL));
	for (int i = 0; i < places; i++)
		match_add(&match, address[i], &marks[i]);
	assert_true(match_sort(&match));
	for (int i = 0; i < count; i++)
		match_offer(&match, all + i);
	match_finish(&match);
	for (uint32_t i = 0; i < match.count; i++) {
		const char *name = slowly(all, count, match.address[i]);
		const struct match_found *found = match.spot[i].sized;

		assert_true(!i || match.address[i - 1] <= match.address[i]);
		assert_int_equal(address[(int *)match.spot[i].place - marks], match.address[i]);
		assert_string_equal(found ? found->name : "none", name ? name : "none");
	}
	arena_back(&arena, 0);
}

/* Small worlds of few starts, so that symbols nest, overlap and tie in every way. One start never
 * has both a sized and an unsized symbol: perf's answer there depends on their order. */
static void agrees_with_slow_search(void **state)
{
	static char names[24][16];
	struct match_symbol all[24];
	uint64_t address[40];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		int count = rand() % 24, places = 1 + rand() % 40;
		uint64_t base = round & 1 ? 0xffffffff81000000ull : 1;
		int step = round & 2 ? 1 : 700;

		for (int i = 0; i < count; i++) {
			snprintf(names[i], sizeof(names[i]), "%.*ss%d", rand() % 3, "__",
				rand() % 12);
			all[i] = (struct match_symbol){
				.start = base + (uint64_t)(rand() % 20 * step),
				.name = names[i],
				.rank = (uint8_t)(rand() % 3),
			};
			all[i].size = all[i].start / (uint64_t)step % 3
					      ? (uint64_t)(1 + rand() % (4 * step))
					      : 0;
		}
		for (int i = 0; i < places; i++)
			address[i] = base + (uint64_t)(rand() % (24 * step));
		check(all, count, address, places);
	}
}

static void edges_of_the_address_space(void **state)
{
	const struct match_symbol all[] = {
		{ .start = 0, .size = 1, .name = "zero" },
		{ .start = 1, .size = UINT64_MAX, .name = "all" },
		{ .start = UINT64_MAX - 1, .size = 1, .name = "end" },
	};
	const uint64_t address[] = { 0, 1, UINT64_MAX - 2, UINT64_MAX - 1 };

	(void)state;
	check(all, 3, address, 4);
}

static int name_of(void *from, uint64_t name_at, char *to, size_t cap)
{
	return snprintf(to, cap, "%s", ((const char **)from)[name_at]);
}

static void asks_for_names_only_on_ties(void **state)
{
	const char *names[] = { "short", "the_longer_name", NULL };
	struct match match;

	(void)state;
	assert_true(match_init(&match, &arena, 1, name_of, names));
	match_add(&match, 0x1008, NULL);
	assert_true(match_sort(&match));
	match_offer(&match, &(struct match_symbol){ .start = 0x1000, .size = 16, .name_at = 0 });
	/* name 2 would crash if it were asked for */
	match_offer(&match, &(struct match_symbol){ .start = 0xf00, .size = 900, .name_at = 2 });
	match_offer(&match, &(struct match_symbol){ .start = 0x1000, .size = 16, .name_at = 1 });
	match_finish(&match);
	assert_int_equal(match.spot[0].sized->name_at, 1);
	arena_back(&arena, 0);
}

static void full_arena_is_counted(void **state)
{
	struct arena small;
	struct match match;
	char name[1024];

	(void)state;
	assert_int_equal(arena_reserve(&small, 4096), 0);
	assert_false(match_init(&match, &small, 4096, NULL, NULL));
	arena_back(&small, 0);
	assert_true(match_init(&match, &small, 8, NULL, NULL));
	for (uint64_t i = 0; i < 9; i++)
		match_add(&match, i * 16, NULL);
	assert_int_equal(match.count, 8);
	assert_true(match_sort(&match));
	memset(name, 'x', sizeof(name));
	name[1000] = 0;
	for (uint64_t i = 0; i < 8; i++)
		match_offer(&match,
			&(struct match_symbol){ .start = i * 16, .size = 16, .name = name });
	match_finish(&match);
	assert_non_null(match.spot[0].sized);
	assert_null(match.spot[7].sized);
	assert_in_range(match.dropped, 1, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_slow_search),
		cmocka_unit_test(edges_of_the_address_space),
		cmocka_unit_test(asks_for_names_only_on_ties),
		cmocka_unit_test(full_arena_is_counted),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
