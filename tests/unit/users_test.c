#include "access/users.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct users with(const char *passwd, const char *group, const char *nsswitch)
{
	return (struct users){ .passwd = span_of(passwd, strlen(passwd)),
		.group = span_of(group, strlen(group)),
		.nsswitch = span_of(nsswitch, strlen(nsswitch)) };
}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "half:x:1\n"
			     "minus:x:-1:5::/:\n"
			     "huge:x:4294967295:5::/:\n"
			     "wide:x:99999999999999999999:5::/:\n"
			     "+nis::::::\n"
			     "#comment:x:7:7::/:/bin/sh\n"
			     ":x:7:7::/:/bin/sh\n"
			     "top:x:4294967294:0::/:/bin/sh\n"
			     "ann:x:1000:1000:Ann,,,:/home/ann:/bin/ash\n"
			     "ann:x:1001:1001::/second:/bin/ash\n"
			     "last:x:9:9::/:";

static void users_are_found_by_name_and_number(void **state)
{
	struct users users = with(passwd, "", "");
	struct user user;

	(void)state;
	assert_true(user_find(&users, "ann", &user));
	assert_int_equal(user.uid, 1000);
	assert_string_equal(user.home, "/home/ann");
	assert_string_equal(user.shell, "/bin/ash");
	assert_true(user_find_id(&users, 1001, &user));
	assert_string_equal(user.home, "/second");
	assert_true(user_find(&users, "top", &user));
	assert_true(user_find(&users, "last", &user));
	assert_string_equal(user.shell, "");
}

static void malformed_lines_are_no_users(void **state)
{
	static const char *const none[] = { "half", "minus", "huge", "wide", "+nis", "#comment", "",
		"an", "ann " };
	struct users users = with(passwd, "", "");
	struct user user;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(user_find(&users, none[i], &user));
	users.malformed = 0;
	assert_false(user_find_id(&users, 7, &user));
	assert_int_equal(users.malformed, 8);
}

static void a_field_too_long_is_not_cut(void **state)
{
	char line[USER_TEXT_BYTES + 64];
	struct users users;
	struct user user;

	(void)state;
	memset(line, 'a', sizeof(line));
	strcpy(line + USER_TEXT_BYTES, ":x:1:1::/:/bin/sh\n");
	users = with(line, "", "");
	assert_false(user_find_id(&users, 1, &user));
	users = with(line + 1, "", "");
	assert_true(user_find_id(&users, 1, &user));
	assert_int_equal(strlen(user.name), USER_TEXT_BYTES - 1);
}

static void a_nul_hides_nothing(void **state)
{
	static const char text[] = "root\0x:x:5:5::/:/bin/sh\n";
	struct users users = { .passwd = span_of(text, sizeof(text) - 1) };
	struct user user;

	(void)state;
	assert_false(user_find(&users, "root", &user));
}

static const char group[] = "root:x:0:\n"
			    "ann:x:1000:\n"
			    "perf_users:x:105:bob,ann,,carol\n"
			    "bad:x:y:ann\n"
			    "wheel:x:10:ann";

static void groups_and_their_members(void **state)
{
	struct users users = with(passwd, group, "");
	char name[USER_TEXT_BYTES];
	struct group found;

	(void)state;
	assert_true(group_find(&users, "perf_users", &found));
	assert_int_equal(found.gid, 105);
	assert_true(group_next_member(&found, name));
	assert_string_equal(name, "bob");
	assert_true(group_next_member(&found, name));
	assert_true(group_next_member(&found, name));
	assert_string_equal(name, "carol");
	assert_false(group_next_member(&found, name));
	assert_true(group_find_id(&users, 10, &found));
	assert_string_equal(found.name, "wheel");
	assert_false(group_find(&users, "bad", &found));
}

static void all_groups_of_a_user(void **state)
{
	struct users users = with(passwd, group, "");
	struct user user;
	gid_t list[3];

	(void)state;
	assert_true(user_find(&users, "ann", &user));
	assert_int_equal(user_groups(&users, &user, list, 3), 3);
	assert_int_equal(list[0], 1000);
	assert_int_equal(list[1], 105);
	assert_int_equal(list[2], 10);
	assert_int_equal(user_groups(&users, &user, list, 2), -E2BIG);
}

static void directory_services_are_noticed(void **state)
{
	static const struct {
		const char *text;
		bool elsewhere;
	} files[] = {
		{ "", false },
		{ "passwd: files systemd\n", false },
		{ "group: ldap\npasswd:\tfiles\n", false },
		{ "passwd:\t\tfiles\tsss\n", true },
		{ "passwd: files [NOTFOUND=return] ldap # x", true },
		{ "passwd: files [NOTFOUND = return]\n", true },
		{ "passwd: files # ldap\n", false },
		{ "passwd", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct users users = with("", "", files[i].text);

		assert_int_equal(users_elsewhere(&users, "passwd"), files[i].elsewhere);
	}
}

static void write_file(const char *dir, const char *name, size_t size)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fputs("ann:x:1000:1000::/:/bin/sh\n", file);
	for (size_t i = 0; i < size; i++)
		fputc('#', file);
	fclose(file);
}

static void files_are_read_in_fixed_memory(void **state)
{
	char dir[] = "/tmp/users_testXXXXXX", path[256];
	struct arena arena = { 0 };
	struct users users;
	struct user user;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(arena_reserve(&arena, 16384), 0);
	assert_int_equal(users_load(&users, dir, &arena), 0);
	assert_false(user_find(&users, "ann", &user));
	write_file(dir, "passwd", 100);
	assert_int_equal(users_load(&users, dir, &arena), 0);
	assert_true(user_find(&users, "ann", &user));
	assert_true(arena.used < 256);
	write_file(dir, "passwd", 9000);
	assert_int_equal(users_load(&users, dir, &arena), -EFBIG);
	snprintf(path, sizeof(path), "%s/passwd", dir);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(users_load(&users, dir, &arena), 0);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_found_by_name_and_number),
		cmocka_unit_test(malformed_lines_are_no_users),
		cmocka_unit_test(a_field_too_long_is_not_cut),
		cmocka_unit_test(a_nul_hides_nothing),
		cmocka_unit_test(groups_and_their_members),
		cmocka_unit_test(all_groups_of_a_user),
		cmocka_unit_test(directory_services_are_noticed),
		cmocka_unit_test(files_are_read_in_fixed_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
