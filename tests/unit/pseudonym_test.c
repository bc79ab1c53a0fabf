#include "unit.h"

#include "data/pseudonym.h"

#include <string.h>

#define PIDS (1u << 22)

static uint8_t seen[PIDS / 8];

/* The vectors of the algorithm's authors: key 00..0f, message 00..(n-1). */
static void the_hash_is_siphash(void **state)
{
	struct pseudonym p = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 }, { { 0, 0 } } };
	uint8_t message[15];

	(void)state;
	for (int i = 0; i < 15; i++)
		message[i] = (uint8_t)i;
	assert_int_equal(pseudonym_hash(&p, message, 15), 0xa129ca6149be45e5);
	assert_int_equal(pseudonym_hash(&p, message, 8), 0x93f5f5799a932462);
	assert_int_equal(pseudonym_hash(&p, message, 0), 0x726fdb47dd0e0e31);
}

static void two_processes_never_become_one(void **state)
{
	static struct pseudonym p;

	(void)state;
	pseudonym_key(&p, "a key", 5);
	for (uint32_t pid = 1; pid < PIDS; pid += 7) {
		uint32_t to = pseudonym_pid(&p, pid);

		assert_in_range(to, 1, PIDS - 1);
		assert_false(seen[to / 8] >> to % 8 & 1);
		seen[to / 8] |= (uint8_t)(1u << to % 8);
		assert_int_equal(pseudonym_pid(&p, pid), to);
	}
	assert_int_equal(pseudonym_pid(&p, 0), 0);
	assert_int_equal(pseudonym_pid(&p, UINT32_MAX), UINT32_MAX);
	assert_in_range(pseudonym_pid(&p, PIDS), PIDS, (1u << 31) - 1);
}

static void keys_matter(void **state)
{
	static struct pseudonym a, b, c;
	char x[PSEUDONYM_TEXT_MAX], y[PSEUDONYM_TEXT_MAX];

	(void)state;
	pseudonym_key(&a, "key 1", 5);
	pseudonym_key(&b, "key 2", 5);
	pseudonym_key(&c, "key 1", 5);
	pseudonym_path(&a, x, "/usr/bin/secret");
	pseudonym_path(&b, y, "/usr/bin/secret");
	assert_string_not_equal(x, y);
	pseudonym_path(&c, y, "/usr/bin/secret");
	assert_string_equal(x, y);
	assert_int_equal(pseudonym_random(&a), 0);
	assert_int_equal(pseudonym_random(&b), 0);
	assert_memory_not_equal(a.key, b.key, sizeof(a.key));
}

static void what_is_public_stays(void **state)
{
	static struct pseudonym p;
	char to[PSEUDONYM_TEXT_MAX];

	(void)state;
	for (const char *const *path = (const char *const[]){ "[vdso]", "[kernel.kallsyms]_text",
		     "//anon", "[kernel.kallsyms]", NULL };
		*path; path++) {
		assert_int_equal(pseudonym_path(&p, to, *path), strlen(*path));
		assert_string_equal(to, *path);
	}
	pseudonym_path(&p, to, "[kernel.kallsyms]secret");
	assert_null(strstr(to, "secret"));
	pseudonym_path(&p, to, "[module]");
	assert_true(to[0] == '[' && to[strlen(to) - 1] == ']' && !strstr(to, "module"));
	pseudonym_path(&p, to, "/lib/modules/x.ko.xz");
	assert_string_equal(to + strlen(to) - 3, ".ko");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash),
		cmocka_unit_test(two_processes_never_become_one),
		cmocka_unit_test(keys_matter),
		cmocka_unit_test(what_is_public_stays),
	};

	return cmocka_run_group_tests_name("pseudonym", tests, NULL, NULL);
}
