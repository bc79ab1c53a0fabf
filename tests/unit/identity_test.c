#include "access/identity.h"

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void a_status_file(void **state)
{
	static const char status[] = "Name:\ta\\nb\\\\c\nUmask:\t0022\nTgid:\t7\nPid:\t8\n"
				     "Uid:\t1000\t1001\t1002\t1003\nGid:\t5\t6\t7\t8\n"
				     "Groups:\t1 2 \nCapInh:\t0000004000000000\n"
				     "CapPrm:\t0000004000000001\nCapEff:\t0000000000000001\n"
				     "CapBnd:\t000001ffffffffff\nCapAmb:\t0000004000000000\n"
				     "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
	struct identity who;

	(void)state;
	assert_int_equal(identity_parse(status, &who), 0);
	assert_string_equal(who.name, "a\nb\\c");
	assert_int_equal(who.pid, 8);
	assert_int_equal(who.thread_group, 7);
	assert_true(who.ruid == 1000 && who.euid == 1001 && who.suid == 1002);
	assert_true(who.rgid == 5 && who.egid == 6 && who.sgid == 7);
	assert_true(who.caps.inheritable == 0x4000000000 && who.caps.effective == 1);
	assert_true(who.caps.permitted == 0x4000000001 && who.caps.bounding == 0x1ffffffffff);
	assert_true(who.caps.ambient == 0x4000000000);
	assert_true(who.no_new_privs == 1 && who.seccomp == 2);
	assert_int_equal(who.known, IDENTITY_UIDS | IDENTITY_GIDS | IDENTITY_CAPS |
					    IDENTITY_NO_NEW_PRIVS | IDENTITY_SECCOMP);
	assert_true(identity_privileged(&who));
}

/* A name may hold anything, but the kernel escapes newlines in it: lines begin after real ones. */
static void a_name_is_no_line(void **state)
{
	struct identity who;

	(void)state;
	assert_int_equal(identity_parse("Name:\tUid:\\nUid:\t0 0 0\nUid:\t9\t9\t9\t9\n", &who), 0);
	assert_int_equal(who.ruid, 9);
	assert_false(identity_privileged(&who));
}

static void what_is_missing_is_not_known(void **state)
{
	struct identity who;

	(void)state;
	assert_int_equal(identity_parse("", &who), -EINVAL);
	assert_int_equal(identity_parse("Name:\tx\nUid:\tq\nCapEff", &who), -EINVAL);
	assert_int_equal(identity_parse("CapEff:\t1\nSeccomp:\t0", &who), 0);
	assert_int_equal(who.known, IDENTITY_SECCOMP);
}

static void a_name_too_long_is_cut(void **state)
{
	char text[300] = "Name:\t";
	struct identity who;

	(void)state;
	memset(text + 6, 'x', 200);
	strcpy(text + 206, "\nSeccomp:\t0\n");
	assert_int_equal(identity_parse(text, &who), 0);
	assert_int_equal(strlen(who.name), sizeof(who.name) - 1);
}

static void the_caller(void **state)
{
	struct identity who;
	struct caps caps;

	(void)state;
	assert_int_equal(identity_read(0, &who), 0);
	assert_int_equal(who.pid, getpid());
	assert_true(who.ruid == getuid());
	assert_int_equal(caps_self(&caps), 0);
	assert_true(caps.bounding == who.caps.bounding && caps.permitted == who.caps.permitted);
	assert_int_equal(identity_read(0x7fffffff, &who), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_file),
		cmocka_unit_test(a_name_is_no_line),
		cmocka_unit_test(what_is_missing_is_not_known),
		cmocka_unit_test(a_name_too_long_is_cut),
		cmocka_unit_test(the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
