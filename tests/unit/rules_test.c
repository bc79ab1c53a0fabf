#include "access/operation.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

/* Facts as a machine would show them: a kernel, a level, what the caller holds. */
static struct facts recorded(int64_t kernel, int paranoid, uint64_t held)
{
	struct facts facts = { .kernel = FACT_OF(kernel),
		.gate = FACT_OF(GATE_NONE),
		.perf_events = FACT_OF(1),
		.reached = FACT_OF(EINVAL),
		.initial_user_ns = FACT_OF(1),
		.seccomp = FACT_OF(0),
		.lockdown = FACT_OF(LOCKDOWN_NONE),
		.kptr_restrict = FACT_OF(0),
		.kallsyms = FACT_OF(1),
		.ftrace = FACT_OF(1),
		.cgroupfs = FACT_OF(1),
		.pmus_known = FACT_OF(3),
		.pmu_count = 3,
		.pmus = { { "cpu", 4, true, true }, { "kprobe", 6, false, false },
			{ "uprobe", 7, false, false } },
		.caps_all = CAP_BIT(kernel < KERNEL(5, 8, 0) ? 38 : 41) - 1 };

	facts.limits.paranoid = FACT_OF(paranoid);
	facts.limits.max_sample_rate = FACT_OF(100000);
	facts.who.known = IDENTITY_UIDS | IDENTITY_GIDS | IDENTITY_CAPS;
	facts.who.ruid = facts.who.euid = facts.who.suid = 1000;
	facts.who.rgid = facts.who.egid = facts.who.sgid = 1000;
	facts.who.caps.effective = facts.who.caps.permitted = held;
	return facts;
}

static const struct identity other_user = { .known = IDENTITY_UIDS | IDENTITY_GIDS | IDENTITY_CAPS,
	.ruid = 1001,
	.euid = 1001,
	.suid = 1001,
	.rgid = 1001,
	.egid = 1001,
	.sgid = 1001 };

static struct request asks(enum operation_id id, const struct facts *facts)
{
	struct request request;

	operation_request(&request, id, facts);
	if (id == OP_PROCESS_OTHER)
		request.task = &other_user;
	if (id == OP_PROCESS_OWN)
		request.task = &facts->who;
	return request;
}

static struct ruling predicted(enum operation_id id, const struct facts *facts)
{
	struct request request = asks(id, facts);

	return rules_open(facts, &request);
}

static unsigned fix(enum operation_id id, const struct facts *facts)
{
	struct request request = asks(id, facts);

	return rules_fix(facts, &request, false);
}

static void refused(enum operation_id id, const struct facts *facts, enum layer layer, int error)
{
	struct ruling ruling = predicted(id, facts);

	if (ruling.outcome != REFUSED || ruling.layer != layer || ruling.error != error)
		fail_msg("%s: outcome %d by %s with %d", operation_at(id)->key, ruling.outcome,
			layer_name(ruling.layer), ruling.error);
}

static void allowed(enum operation_id id, const struct facts *facts)
{
	struct ruling ruling = predicted(id, facts);

	if (ruling.outcome != ALLOWED)
		fail_msg("%s: outcome %d by %s", operation_at(id)->key, ruling.outcome,
			layer_name(ruling.layer));
}

#define PERFMON CAP_BIT(CAP_PERFMON)
#define ADMIN CAP_BIT(CAP_SYS_ADMIN)
#define PTRACE CAP_BIT(CAP_SYS_PTRACE)

static void before_5_8_only_sys_admin_opens(void **state)
{
	struct facts facts = recorded(KERNEL(5, 7, 19), 2, PERFMON);
	struct facts admin = recorded(KERNEL(5, 7, 19), 2, ADMIN);

	(void)state;
	allowed(OP_SAMPLE_USER, &facts);
	refused(OP_SAMPLE_KERNEL, &facts, LAYER_PARANOID, EACCES);
	assert_int_equal(fix(OP_SAMPLE_KERNEL, &facts), FIX_ADMIN);
	allowed(OP_SAMPLE_KERNEL, &admin);
	refused(OP_PROCESS_OTHER, &admin, LAYER_PTRACE, EACCES);
	assert_int_equal(fix(OP_PROCESS_OTHER, &facts), FIX_ADMIN | FIX_PTRACE);
	assert_int_equal(rules_has_perfmon(&facts).value, 0);
	assert_int_equal(rules_uprobe_admin(&facts).value, 1);
}

static void on_5_8_perfmon_does_not_spare_the_ptrace_check(void **state)
{
	struct facts facts = recorded(KERNEL(5, 8, 18), 2, PERFMON);
	struct facts both = recorded(KERNEL(5, 8, 18), 2, PERFMON | PTRACE);

	(void)state;
	allowed(OP_SAMPLE_KERNEL, &facts);
	allowed(OP_SYSTEM_KERNEL, &facts);
	refused(OP_PROCESS_OTHER, &facts, LAYER_PTRACE, EACCES);
	assert_int_equal(fix(OP_PROCESS_OTHER, &facts), FIX_PERFMON | FIX_PTRACE);
	allowed(OP_PROCESS_OTHER, &both);
}

static void from_5_9_on_perfmon_is_enough(void **state)
{
	struct facts facts = recorded(KERNEL(5, 9, 0), 2, PERFMON);
	struct facts none = recorded(KERNEL(5, 9, 0), 2, 0);

	(void)state;
	allowed(OP_PROCESS_OTHER, &facts);
	refused(OP_PROCESS_OTHER, &none, LAYER_PTRACE, EACCES);
	assert_int_equal(fix(OP_PROCESS_OTHER, &none), FIX_PERFMON);
	allowed(OP_PROCESS_OWN, &none);
}

static void each_level_opens_what_the_specification_says(void **state)
{
	struct facts facts = recorded(KERNEL(6, 6, 50), -1, 0);

	(void)state;
	allowed(OP_TRACEPOINT_RAW, &facts);
	facts.limits.paranoid = FACT_OF(0);
	refused(OP_TRACEPOINT_RAW, &facts, LAYER_PARANOID, EPERM);
	allowed(OP_SYSTEM_KERNEL, &facts);
	facts.limits.paranoid = FACT_OF(1);
	refused(OP_SYSTEM_USER, &facts, LAYER_PARANOID, EACCES);
	allowed(OP_SAMPLE_KERNEL, &facts);
	facts.limits.paranoid = FACT_OF(2);
	refused(OP_COUNT_KERNEL, &facts, LAYER_PARANOID, EACCES);
	refused(OP_PHYSICAL, &facts, LAYER_PARANOID, EACCES);
	allowed(OP_COUNT_USER, &facts);
	facts.limits.paranoid = FACT_OF(4); /* a kernel without a gate */
	allowed(OP_COUNT_USER, &facts);
}

static void debians_gate_wants_sys_admin_above_2(void **state)
{
	struct facts facts = recorded(KERNEL(6, 1, 140), 3, PERFMON);
	struct facts none = recorded(KERNEL(6, 1, 140), 3, 0);

	(void)state;
	facts.gate = none.gate = FACT_OF(GATE_DEBIAN);
	refused(OP_COUNT_USER, &facts, LAYER_GATE, EACCES);
	assert_int_equal(fix(OP_COUNT_USER, &facts), FIX_PARANOID_2);
	assert_int_equal(fix(OP_SAMPLE_KERNEL, &none), FIX_PARANOID_2 | FIX_PERFMON);
	facts.who.caps.effective = ADMIN;
	allowed(OP_SAMPLE_KERNEL, &facts);
}

static void ubuntus_gate_starts_at_4_and_may_take_perfmon(void **state)
{
	struct facts facts = recorded(KERNEL(6, 8, 12), 3, 0);

	(void)state;
	facts.gate = FACT_OF(GATE_UBUNTU);
	allowed(OP_COUNT_USER, &facts);
	facts.limits.paranoid = FACT_OF(4);
	refused(OP_COUNT_USER, &facts, LAYER_GATE, EACCES);
	facts.who.caps.effective = PERFMON;
	assert_int_equal(predicted(OP_COUNT_USER, &facts).outcome, UNKNOWN);
}

static void an_unknown_makers_gate_is_no_guess(void **state)
{
	struct facts facts = recorded(KERNEL(6, 8, 12), 3, 0);

	(void)state;
	facts.gate = (struct fact){ .state = FACT_ABSENT };
	assert_int_equal(predicted(OP_COUNT_USER, &facts).outcome, UNKNOWN);
	facts.limits.paranoid = FACT_OF(2);
	allowed(OP_COUNT_USER, &facts);
}

static void an_unreadable_level_is_no_guess(void **state)
{
	struct facts facts = recorded(KERNEL(6, 8, 12), 0, 0);

	(void)state;
	facts.limits.paranoid = (struct fact){ .state = FACT_ABSURD };
	assert_int_equal(predicted(OP_SAMPLE_KERNEL, &facts).outcome, UNKNOWN);
	facts.who.caps.effective = PERFMON; /* it does not depend on the level */
	allowed(OP_SAMPLE_KERNEL, &facts);
}

static void root_of_a_user_namespace_is_told_so(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 2, CAP_BIT(41) - 1);

	(void)state;
	facts.initial_user_ns = FACT_OF(0);
	refused(OP_SAMPLE_KERNEL, &facts, LAYER_USER_NS, EACCES);
	assert_int_equal(fix(OP_SAMPLE_KERNEL, &facts), FIX_INITIAL_NS | FIX_PERFMON);
	facts.initial_user_ns = (struct fact){ .state = FACT_ABSENT };
	assert_int_equal(predicted(OP_SAMPLE_KERNEL, &facts).outcome, UNKNOWN);
}

static void a_filter_answers_first(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 4, PERFMON);

	(void)state;
	facts.reached = FACT_OF(EPERM);
	refused(OP_COUNT_USER, &facts, LAYER_SECCOMP, EPERM);
	facts.reached = FACT_OF(-1);
	refused(OP_KPROBE, &facts, LAYER_SECCOMP, -1);
	facts.limits.paranoid = FACT_OF(2);
	assert_int_equal(fix(OP_SAMPLE_KERNEL, &facts), FIX_SECCOMP);
}

static void a_kernel_without_perf_is_told_so(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 2, ADMIN);

	(void)state;
	facts.perf_events = FACT_OF(0);
	facts.reached = FACT_OF(ENOSYS);
	refused(OP_COUNT_USER, &facts, LAYER_KERNEL, ENOSYS);
	assert_int_equal(fix(OP_COUNT_USER, &facts), 0);
}

static void uprobes_follow_the_releases_that_changed(void **state)
{
	static const struct {
		int64_t kernel;
		int admin;
	} cases[] = { { KERNEL(5, 8, 0), 0 }, { KERNEL(5, 10, 239), 0 }, { KERNEL(5, 10, 240), 1 },
		{ KERNEL(5, 19, 0), 0 }, { KERNEL(6, 1, 145), 0 }, { KERNEL(6, 1, 146), 1 },
		{ KERNEL(6, 12, 38), 0 }, { KERNEL(6, 12, 39), 1 }, { KERNEL(6, 14, 9), 0 },
		{ KERNEL(6, 15, 6), 0 }, { KERNEL(6, 16, 0), 1 }, { KERNEL(7, 2, 0), 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct facts facts = recorded(cases[i].kernel, 2, PERFMON);

		assert_int_equal(rules_uprobe_admin(&facts).value, cases[i].admin);
		if (cases[i].admin)
			refused(OP_UPROBE, &facts, LAYER_CAPABILITY, EACCES);
		else
			allowed(OP_UPROBE, &facts);
	}
}

static void call_chains_of_the_kernel_follow_the_releases(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 107), 2, 0);

	(void)state;
	allowed(OP_CHAIN_KERNEL, &facts);
	facts.kernel = FACT_OF(KERNEL(6, 12, 113));
	refused(OP_CHAIN_KERNEL, &facts, LAYER_PARANOID, EACCES);
	facts.kernel = FACT_OF(KERNEL(7, 2, 13));
	refused(OP_CHAIN_KERNEL, &facts, LAYER_PARANOID, EACCES);
	refused(OP_TEXT_POKE, &facts, LAYER_PARANOID, EACCES);
	facts.kernel = FACT_OF(KERNEL(6, 18, 60)); /* nobody has looked */
	assert_int_equal(predicted(OP_CHAIN_KERNEL, &facts).outcome, UNKNOWN);
	facts.kernel = FACT_OF(KERNEL(5, 4, 0));
	allowed(OP_CHAIN_KERNEL, &facts);
}

static void capabilities_that_no_level_replaces(void **state)
{
	struct facts facts = recorded(KERNEL(6, 6, 120), -1, 0);

	(void)state;
	refused(OP_NAMESPACES, &facts, LAYER_CAPABILITY, EACCES);
	refused(OP_KPROBE, &facts, LAYER_CAPABILITY, EACCES);
	refused(OP_BREAKPOINT_KERNEL, &facts, LAYER_CAPABILITY, EPERM);
	assert_int_equal(fix(OP_BREAKPOINT_KERNEL, &facts), FIX_ADMIN);
	facts.who.caps.effective = PERFMON;
	allowed(OP_NAMESPACES, &facts);
	refused(OP_BREAKPOINT_KERNEL, &facts, LAYER_CAPABILITY, EPERM);
}

static void hardware_that_is_missing_cannot_be_granted(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 2, 0);

	(void)state;
	allowed(OP_HARDWARE_USER, &facts);
	allowed(OP_BRANCH_USER, &facts);
	facts.pmus[0].branches = false;
	refused(OP_BRANCH_USER, &facts, LAYER_HARDWARE, EOPNOTSUPP);
	facts.pmus[0].cpu = false;
	refused(OP_HARDWARE_USER, &facts, LAYER_HARDWARE, ENOENT);
	refused(OP_HARDWARE_KERNEL, &facts, LAYER_PARANOID, EACCES);
	assert_int_equal(fix(OP_HARDWARE_KERNEL, &facts), 0);
	facts.pmus_known = (struct fact){ .state = FACT_ABSENT };
	assert_int_equal(predicted(OP_HARDWARE_USER, &facts).outcome, UNKNOWN);
}

static void lockdown_takes_registers_from_root_too(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 2, CAP_BIT(41) - 1);

	(void)state;
	facts.lockdown = FACT_OF(LOCKDOWN_INTEGRITY);
	allowed(OP_REGISTERS, &facts);
	facts.lockdown = FACT_OF(LOCKDOWN_CONFIDENTIALITY);
	refused(OP_REGISTERS, &facts, LAYER_LOCKDOWN, EPERM);
	assert_int_equal(fix(OP_REGISTERS, &facts), FIX_NO_LOCKDOWN);
}

static void a_hidden_or_more_capable_task_is_foreign(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 2, 0);
	struct identity task = facts.who;
	struct request request = asks(OP_PROCESS_OWN, &facts);

	(void)state;
	request.task = &task;
	assert_int_equal(rules_open(&facts, &request).outcome, ALLOWED);
	task.caps.permitted = PERFMON;
	assert_int_equal(rules_open(&facts, &request).layer, LAYER_PTRACE);
	task.caps.permitted = 0;
	request.hidden = true;
	assert_int_equal(rules_open(&facts, &request).layer, LAYER_PTRACE);
	request.task = NULL;
	assert_int_equal(rules_open(&facts, &request).outcome, UNKNOWN);
}

static void addresses_of_the_kernel(void **state)
{
	struct facts facts = recorded(KERNEL(6, 12, 50), 1, 0);

	(void)state;
	assert_int_equal(rules_kallsyms(&facts).outcome, ALLOWED);
	facts.limits.paranoid = FACT_OF(2);
	assert_int_equal(rules_kallsyms(&facts).layer, LAYER_PARANOID);
	assert_int_equal(rules_fix_kallsyms(&facts), FIX_SYSLOG);
	facts.kptr_restrict = FACT_OF(1);
	assert_int_equal(rules_kallsyms(&facts).layer, LAYER_KPTR);
	facts.kptr_restrict = FACT_OF(2);
	assert_int_equal(rules_fix_kallsyms(&facts), FIX_SYSLOG | FIX_KPTR);
	facts.kptr_restrict = (struct fact){ .state = FACT_DENIED };
	assert_int_equal(rules_kallsyms(&facts).outcome, UNKNOWN);
}

static void every_fix_opens_what_it_is_for(void **state)
{
	static const uint64_t held[] = { 0, PERFMON, ADMIN, PERFMON | PTRACE };
	static const int64_t kernels[] = { KERNEL(5, 4, 0), KERNEL(5, 8, 0), KERNEL(6, 12, 120) };

	(void)state;
	for (int level = -1; level <= 4; level++)
		for (int k = 0; k < 3; k++)
			for (int h = 0; h < 4; h++)
				for (int id = 0; id < OP_KALLSYMS; id++) {
					struct facts facts = recorded(kernels[k], level, held[h]);
					struct request request;
					bool refuses, hopeless;

					facts.gate = FACT_OF(GATE_DEBIAN);
					request = asks(id, &facts);
					refuses = rules_open(&facts, &request).outcome == REFUSED;
					hopeless =
						rules_beyond(&facts, &request).outcome != ALLOWED;
					assert_int_equal(rules_fix(&facts, &request, false) != 0,
						refuses && !hopeless);
				}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_5_8_only_sys_admin_opens),
		cmocka_unit_test(on_5_8_perfmon_does_not_spare_the_ptrace_check),
		cmocka_unit_test(from_5_9_on_perfmon_is_enough),
		cmocka_unit_test(each_level_opens_what_the_specification_says),
		cmocka_unit_test(debians_gate_wants_sys_admin_above_2),
		cmocka_unit_test(ubuntus_gate_starts_at_4_and_may_take_perfmon),
		cmocka_unit_test(an_unknown_makers_gate_is_no_guess),
		cmocka_unit_test(an_unreadable_level_is_no_guess),
		cmocka_unit_test(root_of_a_user_namespace_is_told_so),
		cmocka_unit_test(a_filter_answers_first),
		cmocka_unit_test(a_kernel_without_perf_is_told_so),
		cmocka_unit_test(uprobes_follow_the_releases_that_changed),
		cmocka_unit_test(call_chains_of_the_kernel_follow_the_releases),
		cmocka_unit_test(capabilities_that_no_level_replaces),
		cmocka_unit_test(hardware_that_is_missing_cannot_be_granted),
		cmocka_unit_test(lockdown_takes_registers_from_root_too),
		cmocka_unit_test(a_hidden_or_more_capable_task_is_foreign),
		cmocka_unit_test(addresses_of_the_kernel),
		cmocka_unit_test(every_fix_opens_what_it_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
