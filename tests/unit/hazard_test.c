#include "access/hazard.h"
#include "access/least.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_5_7 (UINT64_MAX >> (63 - 37))
#define ALL (UINT64_MAX >> (63 - 40))

static struct facts kernel(int64_t version, uint64_t caps_all)
{
	struct facts facts = { .kernel = FACT_OF(version), .caps_all = caps_all };

	facts.who.known = IDENTITY_CAPS;
	facts.who.caps.bounding = caps_all;
	facts.initial_user_ns = FACT_OF(1);
	facts.no_new_privs = FACT_OF(0);
	return facts;
}

static void the_least_depends_on_the_kernel(void **state)
{
	struct facts old = kernel(KERNEL(5, 7, 19), ALL_5_7), first = kernel(KERNEL(5, 8, 0), ALL),
		     now = kernel(KERNEL(5, 9, 0), ALL), unknown = { .caps_all = ALL };

	(void)state;
	assert_true(least_caps(&old) == (CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_PTRACE)));
	assert_true(least_caps(&first) == (CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYS_PTRACE)));
	assert_true(least_caps(&now) == CAP_BIT(CAP_PERFMON));
	assert_true(least_caps(&unknown) == CAP_BIT(CAP_PERFMON));
}

static unsigned found(const struct facts *facts, uint64_t set)
{
	struct hazards hazards = { 0 };

	hazards_of_caller(&hazards, facts, set);
	return hazards.found;
}

static void gates_are_seen_above_their_level(void **state)
{
	struct facts facts = kernel(KERNEL(6, 1, 0), ALL);
	uint64_t perfmon = CAP_BIT(CAP_PERFMON);

	(void)state;
	facts.limits.paranoid = FACT_OF(3);
	assert_int_equal(found(&facts, perfmon), 0);
	facts.gate = FACT_OF(GATE_DEBIAN);
	assert_int_equal(found(&facts, perfmon), HAZARD_GATE);
	assert_int_equal(found(&facts, perfmon | CAP_BIT(CAP_SYS_ADMIN)), 0);
	assert_int_equal(found(&facts, CAP_BIT(CAP_SYSLOG)), 0);
	facts.limits.paranoid = FACT_OF(2);
	assert_int_equal(found(&facts, perfmon), 0);
	facts.gate = FACT_OF(GATE_UBUNTU);
	facts.limits.paranoid = FACT_OF(3);
	assert_int_equal(found(&facts, perfmon), 0);
	facts.limits.paranoid = FACT_OF(4);
	assert_int_equal(found(&facts, perfmon), HAZARD_GATE);
}

static void what_the_caller_is(void **state)
{
	struct facts facts = kernel(KERNEL(6, 1, 0), ALL);

	(void)state;
	facts.who.caps.bounding = 0;
	assert_int_equal(found(&facts, 1), HAZARD_BOUNDING);
	facts.who.known = 0;
	assert_int_equal(found(&facts, 1), 0);
	facts.no_new_privs = FACT_OF(1);
	facts.initial_user_ns = FACT_OF(0);
	assert_int_equal(found(&facts, 1), HAZARD_NO_NEW_PRIVS | HAZARD_USER_NS);
	assert_true(found(&facts, 1ull << 63) & HAZARD_OLD_KERNEL);
}

static void every_hazard_has_its_text(void **state)
{
	(void)state;
	assert_non_null(strstr(hazard_text(HAZARD_NOSUID), "nosuid"));
	assert_non_null(strstr(hazard_text(HAZARD_SCRIPT), "script"));
	assert_non_null(strstr(hazard_text(HAZARD_NO_PROGRAM), "ELF"));
	assert_non_null(strstr(hazard_text(HAZARD_DIR_WRITABLE), "directory"));
	assert_non_null(strstr(hazard_text(HAZARD_ACL), "setfacl"));
	assert_non_null(strstr(hazard_text(HAZARD_NO_NEW_PRIVS), "no_new_privs"));
	assert_non_null(strstr(hazard_text(HAZARD_BOUNDING), "bounding"));
	assert_non_null(strstr(hazard_text(HAZARD_GATE), "perf_event_paranoid"));
	assert_non_null(strstr(hazard_text(HAZARD_OLD_KERNEL), "kernel does not know"));
}

static void a_file_s_kind_and_mode(void **state)
{
	static const struct {
		const char *content;
		mode_t mode;
		unsigned found;
	} files[] = {
		{ "\177ELF", 0750, 0 },
		{ "\177ELF", 0755, HAZARD_EVERYBODY },
		{ "\177ELF", 0640, HAZARD_NO_MODE },
		{ "\177ELF", 0770, HAZARD_FILE_WRITABLE },
		{ "#!/bin/sh", 0750, HAZARD_SCRIPT },
		{ "\177EL", 0750, HAZARD_NO_PROGRAM },
		{ "", 0750, HAZARD_NO_PROGRAM },
	};
	const unsigned looked_at = HAZARD_EVERYBODY | HAZARD_NO_MODE | HAZARD_FILE_WRITABLE |
				   HAZARD_SCRIPT | HAZARD_NO_PROGRAM;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[] = "/tmp/hazard_testXXXXXX";
		int fd = mkstemp(path);
		static struct hazards hazards;

		assert_true(fd >= 0);
		assert_int_equal(write(fd, files[i].content, strlen(files[i].content)),
			strlen(files[i].content));
		assert_int_equal(fchmod(fd, files[i].mode), 0);
		hazards = (struct hazards){ 0 };
		hazards_of_file(&hazards, fd, &(struct filecap){ 0 });
		assert_int_equal(hazards.found & looked_at, files[i].found);
		assert_string_equal(hazards.path, path);
		close(fd);
		unlink(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_depends_on_the_kernel),
		cmocka_unit_test(gates_are_seen_above_their_level),
		cmocka_unit_test(what_the_caller_is),
		cmocka_unit_test(every_hazard_has_its_text),
		cmocka_unit_test(a_file_s_kind_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
