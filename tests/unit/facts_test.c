#include "access/facts.h"

#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void sysctls_are_numbers_or_absurd(void **state)
{
	(void)state;
	assert_true(fact_is(facts_sysctl("-1\n", INT_MIN, INT_MAX), -1));
	assert_true(fact_is(facts_sysctl("516", 0, INT_MAX), 516));
	assert_int_equal(facts_sysctl("", 0, INT_MAX).state, FACT_ABSURD);
	assert_int_equal(facts_sysctl("two\n", 0, INT_MAX).state, FACT_ABSURD);
	assert_int_equal(facts_sysctl("2two\n", 0, INT_MAX).state, FACT_ABSURD);
	assert_int_equal(facts_sysctl("-5\n", 0, INT_MAX).state, FACT_ABSURD);
	assert_int_equal(facts_sysctl("99999999999\n", 0, INT_MAX).state, FACT_ABSURD);
	assert_int_equal(
		facts_sysctl("99999999999999999999999\n", 0, INT64_MAX).state, FACT_ABSURD);
}

static void unknown_facts_say_why(void **state)
{
	(void)state;
	assert_string_equal(fact_reason((struct fact){ .state = FACT_DENIED }), "may not be read");
	assert_string_equal(fact_reason(FACT_OF(1)), "");
	assert_false(fact_is((struct fact){ 0 }, 0));
}

static void releases(void **state)
{
	(void)state;
	assert_true(fact_is(facts_kernel("6.12.117"), KERNEL(6, 12, 117)));
	assert_true(fact_is(facts_kernel("5.10.0-32-cloud-amd64"), KERNEL(5, 10, 0)));
	assert_true(fact_is(facts_kernel("6.1"), KERNEL(6, 1, 0)));
	assert_true(fact_is(facts_kernel("6.18-rc3"), KERNEL(6, 18, 0)));
	assert_true(KERNEL(5, 10, 240) > KERNEL(5, 9, 65535));
	assert_int_equal(facts_kernel("").state, FACT_ABSURD);
	assert_int_equal(facts_kernel("unknown").state, FACT_ABSURD);
	assert_int_equal(facts_kernel("6.").state, FACT_ABSURD);
}

static struct facts maker(const char *release, const char *version, const char *signature)
{
	static struct facts facts;

	memset(&facts, 0, sizeof(facts));
	snprintf(facts.release, sizeof(facts.release), "%s", release);
	snprintf(facts.version, sizeof(facts.version), "%s", version);
	facts_maker(&facts, signature);
	return facts;
}

static void makers_hide_the_release_elsewhere(void **state)
{
	struct facts debian = maker(
		"6.1.0-37-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)", "");
	struct facts sid =
		maker("7.2.13+deb14-cloud-arm64", "#1 SMP Debian 7.2.13-1 (2026-11-02)", "");
	struct facts ubuntu = maker("6.8.0-60-generic", "#63-Ubuntu SMP PREEMPT_DYNAMIC",
		"Ubuntu 6.8.0-60.63-generic 6.8.12");
	struct facts other = maker("6.18.44", "#1 SMP", "");

	(void)state;
	assert_true(fact_is(debian.gate, GATE_DEBIAN));
	assert_true(fact_is(debian.kernel, KERNEL(6, 1, 140)));
	assert_string_equal(debian.base, "6.1.140");
	assert_true(fact_is(sid.kernel, KERNEL(7, 2, 13)));
	assert_true(fact_is(ubuntu.gate, GATE_UBUNTU));
	assert_true(fact_is(ubuntu.kernel, KERNEL(6, 8, 12)));
	assert_false(fact_known(other.gate));
	assert_true(fact_is(other.kernel, KERNEL(6, 18, 44)));
}

static void lockdown_is_what_stands_in_brackets(void **state)
{
	(void)state;
	assert_true(fact_is(facts_lockdown("[none] integrity confidentiality\n"), LOCKDOWN_NONE));
	assert_true(fact_is(
		facts_lockdown("none integrity [confidentiality]\n"), LOCKDOWN_CONFIDENTIALITY));
	assert_int_equal(facts_lockdown("none integrity\n").state, FACT_ABSURD);
}

static struct limits limits_of(int64_t mlock_kb, int64_t cpus, int64_t memlock_kb)
{
	return (struct limits){ .paranoid = FACT_OF(2),
		.mlock_kb = FACT_OF(mlock_kb),
		.cpus_online = FACT_OF(cpus),
		.memlock_kb = FACT_OF(memlock_kb),
		.page_kb = 4 };
}

/* The specification's own example: eight cores and 516 KiB give 4128 KiB. */
static void ring_memory_is_counted_as_the_specification_does(void **state)
{
	struct limits limits = limits_of(516, 8, 0);

	(void)state;
	assert_true(fact_is(facts_ring_kb(&limits), 4128));
	limits = limits_of(516, 8, 64);
	assert_true(fact_is(facts_ring_kb(&limits), 4192));
	limits = limits_of(518, 2, 3); /* whole pages only */
	assert_true(fact_is(facts_ring_kb(&limits), 1032));
	limits.cpus_online = (struct fact){ .state = FACT_ABSENT };
	assert_int_equal(facts_ring_kb(&limits).state, FACT_ABSENT);
	limits.unlimited_rings = true;
	assert_true(fact_is(facts_ring_kb(&limits), FACT_UNLIMITED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysctls_are_numbers_or_absurd),
		cmocka_unit_test(unknown_facts_say_why),
		cmocka_unit_test(releases),
		cmocka_unit_test(makers_hide_the_release_elsewhere),
		cmocka_unit_test(lockdown_is_what_stands_in_brackets),
		cmocka_unit_test(ring_memory_is_counted_as_the_specification_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
