#include "access/rules.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name, *text;
} layers[LAYERS] = {
	[LAYER_NONE] = { "none", "nothing" },
	[LAYER_KERNEL] = { "kernel", "this kernel" },
	[LAYER_SECCOMP] = { "seccomp", "a seccomp filter" },
	[LAYER_GATE] = { "gate", "the distribution's gate on perf_event_paranoid" },
	[LAYER_PARANOID] = { "paranoid", "kernel.perf_event_paranoid" },
	[LAYER_CAPABILITY] = { "capability", "a capability check" },
	[LAYER_USER_NS] = { "user-namespace", "the user namespace" },
	[LAYER_PTRACE] = { "ptrace", "the ptrace access check" },
	[LAYER_LSM] = { "lsm", "a security module" },
	[LAYER_LOCKDOWN] = { "lockdown", "kernel lockdown" },
	[LAYER_KPTR] = { "kptr", "kernel.kptr_restrict" },
	[LAYER_HARDWARE] = { "hardware", "the hardware" },
	[LAYER_EVENT] = { "event", "the event" },
	[LAYER_RATE] = { "rate", "kernel.perf_event_max_sample_rate" },
	[LAYER_DESCRIPTORS] = { "descriptors", "RLIMIT_NOFILE" },
	[LAYER_MEMORY] = { "memory", "the ring memory limit" },
	[LAYER_TARGET] = { "target", "the target" },
	[LAYER_BUSY] = { "busy", "the PMU, which is taken" },
	[LAYER_UNKNOWN] = { "unknown", "something unknown" },
};

const char *layer_name(enum layer layer)
{
	return layers[layer].name;
}

const char *layer_text(enum layer layer)
{
	return layers[layer].text;
}

/* What a check answers: it lets pass, it refuses, or a fact is missing. */
enum answer {
	NO,
	YES,
	MAYBE,
};

/* Is the capability effective where perf looks, in the initial user namespace? */
static enum answer held(const struct facts *f, unsigned capability)
{
	if (!(f->who.caps.effective & f->caps_all & CAP_BIT(capability)))
		return f->who.known & IDENTITY_CAPS ? NO : MAYBE;
	return !fact_known(f->initial_user_ns) ? MAYBE : f->initial_user_ns.value ? YES : NO;
}

static enum answer either(enum answer a, enum answer b)
{
	return a == YES || b == YES ? YES : a == MAYBE || b == MAYBE ? MAYBE : NO;
}

static enum answer both(enum answer a, enum answer b)
{
	return a == NO || b == NO ? NO : a == MAYBE || b == MAYBE ? MAYBE : YES;
}

static enum answer not(enum answer a) {
	return a == MAYBE ? MAYBE : a == YES ? NO : YES;
}

static enum answer answer_of(struct fact fact)
{
	return !fact_known(fact) ? MAYBE : fact.value ? YES : NO;
}

static enum answer perfmon(const struct facts *f)
{
	return either(held(f, CAP_PERFMON), held(f, CAP_SYS_ADMIN));
}

static enum answer paranoid_above(const struct facts *f, int level)
{
	if (!fact_known(f->limits.paranoid))
		return MAYBE;
	return f->limits.paranoid.value > level ? YES : NO;
}

/* Refused when perf_event_paranoid is above the level and CAP_PERFMON is missing. */
static enum answer scope(const struct facts *f, int level)
{
	return both(paranoid_above(f, level), not(perfmon(f)));
}

/* A change that stable series got at different releases: of a series, the last release known to
 * be without it and the first known to have it. */
struct since {
	int64_t without, with;
};

/* Series that are not listed: without it before the first, with it from `mainline` on, and in
 * between as `between` says. */
static struct fact kernel_since(const struct facts *f, const struct since *rows, int count,
	int64_t mainline, struct fact between)
{
	int64_t kernel = f->kernel.value;

	if (!fact_known(f->kernel))
		return f->kernel;
	for (int i = 0; i < count; i++) {
		if (kernel >> 16 != rows[i].without >> 16)
			continue;
		if (kernel <= rows[i].without || kernel >= rows[i].with)
			return FACT_OF(kernel >= rows[i].with);
		return (struct fact){ .state = FACT_UNASKED };
	}
	if (kernel >= mainline)
		return FACT_OF(1);
	return !count || kernel < rows[0].without ? FACT_OF(0) : between;
}

struct fact rules_has_perfmon(const struct facts *f)
{
	return FACT_OF((f->caps_all & CAP_BIT(CAP_PERFMON)) != 0);
}

struct fact rules_has_ptrace_bypass(const struct facts *f)
{
	return kernel_since(f, NULL, 0, KERNEL(5, 9, 0), FACT_OF(0));
}

#define ROWS(rows) (rows), (int)(sizeof(rows) / sizeof(*(rows)))

/* "perf: Revert to requiring CAP_SYS_ADMIN for uprobes"; before 5.8 it was CAP_SYS_ADMIN too. */
struct fact rules_uprobe_admin(const struct facts *f)
{
	static const struct since rows[] = {
		{ KERNEL(5, 10, 239), KERNEL(5, 10, 240) },
		{ KERNEL(5, 15, 188), KERNEL(5, 15, 189) },
		{ KERNEL(6, 1, 145), KERNEL(6, 1, 146) },
		{ KERNEL(6, 6, 98), KERNEL(6, 6, 99) },
		{ KERNEL(6, 12, 38), KERNEL(6, 12, 39) },
		{ KERNEL(6, 15, 6), KERNEL(6, 15, 7) },
	};

	if (!rules_has_perfmon(f).value)
		return FACT_OF(1);
	return kernel_since(f, ROWS(rows), KERNEL(6, 16, 0), FACT_OF(0));
}

/* Kernels that count text_poke records, and the kernel part of a call chain, as kernel scope. Seen
 * absent in 5.10.223, 6.12.107 and 6.18.44, and there in 7.2.13. */
static struct fact strict_text_poke(const struct facts *f)
{
	static const struct since rows[] = {
		{ KERNEL(5, 10, 223), INT64_MAX },
		{ KERNEL(6, 1, 190), KERNEL(6, 1, 191) },
		{ KERNEL(6, 12, 112), KERNEL(6, 12, 113) },
		{ KERNEL(6, 18, 44), INT64_MAX },
	};

	return kernel_since(f, ROWS(rows), KERNEL(7, 2, 0), (struct fact){ .state = FACT_UNASKED });
}

static struct fact strict_chain(const struct facts *f)
{
	static const struct since rows[] = {
		{ KERNEL(5, 10, 223), INT64_MAX },
		{ KERNEL(6, 1, 192), INT64_MAX },
		{ KERNEL(6, 12, 112), KERNEL(6, 12, 113) },
		{ KERNEL(6, 18, 44), INT64_MAX },
	};

	return kernel_since(f, ROWS(rows), KERNEL(7, 2, 0), (struct fact){ .state = FACT_UNASKED });
}

const struct pmu_fact *rules_aux_pmu(const struct facts *f)
{
	static const char *const names[] = { "intel_pt", "intel_bts", "arm_spe", "cs_etm",
		"hisi_ptt" };

	for (uint32_t i = 0; i < f->pmu_count; i++)
		for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
			if (!strncmp(f->pmus[i].name, names[n], strlen(names[n])))
				return &f->pmus[i];
	return NULL;
}

static bool flag(const struct request *r, uint64_t bit)
{
	return r->attr.flags & bit;
}

static enum answer no_perf(const struct facts *f, const struct request *r)
{
	(void)r;
	if (f->perf_events.state == FACT_ABSENT)
		return NO; /* no /proc: the other checks tell */
	return not(answer_of(f->perf_events));
}

static enum answer filtered(const struct facts *f, const struct request *r)
{
	(void)r;
	return fact_known(f->reached) && f->reached.value != EINVAL ? YES : NO;
}

static enum answer ubuntu_gate(const struct facts *f, const struct request *r)
{
	enum answer closed = both(paranoid_above(f, 3), not(held(f, CAP_SYS_ADMIN)));

	(void)r;
	if (!fact_is(f->gate, GATE_UBUNTU) || closed == NO)
		return NO;
	return held(f, CAP_PERFMON) == NO ? closed : MAYBE;
}

/* A branch stack asks for the levels of the event where it names none of its own. */
static enum answer branch_levels(const struct facts *f, const struct request *r)
{
	uint64_t own =
		r->attr.branch_sample_type &
		(PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV);
	bool kernel = own & (PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV);
	bool whole = !flag(r, PERF_ATTR_EXCLUDE_KERNEL) || !flag(r, PERF_ATTR_EXCLUDE_HV);

	if (!(r->attr.sample_type & PERF_SAMPLE_BRANCH_STACK) || !(kernel || (!own && whole)))
		return NO;
	return scope(f, 1);
}

static enum answer debian_gate(const struct facts *f, const struct request *r)
{
	enum answer closed = both(paranoid_above(f, 2), not(held(f, CAP_SYS_ADMIN)));

	(void)r;
	if (!fact_known(f->gate))
		return closed == NO ? NO : MAYBE;
	return f->gate.value == GATE_DEBIAN ? closed : NO;
}

static enum answer kernel_scope(const struct facts *f, const struct request *r)
{
	return flag(r, PERF_ATTR_EXCLUDE_KERNEL) ? NO : scope(f, 1);
}

static enum answer text_poke(const struct facts *f, const struct request *r)
{
	if (!flag(r, PERF_ATTR_TEXT_POKE))
		return NO;
	return both(answer_of(strict_text_poke(f)), scope(f, 1));
}

static bool kernel_part(const struct request *r)
{
	return r->attr.sample_type & PERF_SAMPLE_CALLCHAIN &&
	       !flag(r, PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL);
}

bool rules_near_kernel(const struct request *r)
{
	return kernel_part(r) || flag(r, PERF_ATTR_TEXT_POKE);
}

static enum answer kernel_chain(const struct facts *f, const struct request *r)
{
	return kernel_part(r) ? both(answer_of(strict_chain(f)), scope(f, 1)) : NO;
}

static enum answer namespaces(const struct facts *f, const struct request *r)
{
	return flag(r, PERF_ATTR_NAMESPACES) ? not(perfmon(f)) : NO;
}

static enum answer rate(const struct facts *f, const struct request *r)
{
	if (!flag(r, PERF_ATTR_FREQ) || !r->attr.sample_period)
		return NO;
	if (!fact_known(f->limits.max_sample_rate))
		return MAYBE;
	return r->attr.sample_period > (uint64_t)f->limits.max_sample_rate.value ? YES : NO;
}

static enum answer physical(const struct facts *f, const struct request *r)
{
	return r->attr.sample_type & PERF_SAMPLE_PHYS_ADDR ? scope(f, 1) : NO;
}

static enum answer locked_registers(const struct facts *f, const struct request *r)
{
	if (!(r->attr.sample_type & PERF_SAMPLE_REGS_INTR))
		return NO;
	if (!fact_known(f->lockdown))
		return MAYBE;
	return f->lockdown.value == LOCKDOWN_CONFIDENTIALITY ? YES : NO;
}

/* Kernels before 5.9 look at the ptrace access, whatever the caller's capabilities. */
static enum answer task_access(const struct facts *f, const struct request *r)
{
	const struct identity *task = r->task, *who = &f->who;
	bool ours;

	if (!task || !(task->known & IDENTITY_UIDS) || !(task->known & IDENTITY_GIDS))
		return NO;
	ours = who->ruid == task->ruid && who->ruid == task->euid && who->ruid == task->suid &&
	       who->rgid == task->rgid && who->rgid == task->egid && who->rgid == task->sgid;
	if (r->hidden || !ours)
		return NO;
	return task->caps.permitted & ~who->caps.permitted ? NO : YES;
}

/* CAP_SYS_PTRACE counts in the task's own user namespace too. */
static enum answer task_override(const struct facts *f, const struct request *r)
{
	enum answer here = f->who.caps.effective & CAP_BIT(CAP_SYS_PTRACE) ? YES : NO;

	if (here == YES && !fact_is(f->initial_user_ns, 1)) {
		if (!r->task || !(r->task->known & IDENTITY_USER_NS))
			return NO; /* a namespace we may not look at is not below ours */
		return r->task->user_ns == f->who.user_ns ? YES : NO;
	}
	return here;
}

static enum answer foreign(const struct facts *f, const struct request *r)
{
	enum answer allowed;

	if (r->target != TARGET_TASK)
		return NO;
	allowed = either(task_access(f, r), task_override(f, r));
	allowed = either(allowed, both(answer_of(rules_has_ptrace_bypass(f)), perfmon(f)));
	return !r->task && allowed != YES ? MAYBE : not(allowed);
}

static enum answer whole_system(const struct facts *f, const struct request *r)
{
	return r->target == TARGET_SYSTEM || r->target == TARGET_CGROUP ? scope(f, 0) : NO;
}

static enum answer no_cgroup(const struct facts *f, const struct request *r)
{
	return r->target == TARGET_CGROUP ? not(answer_of(f->cgroupfs)) : NO;
}

static bool wants_cpu_pmu(const struct request *r)
{
	return r->attr.type == PERF_TYPE_HARDWARE || r->attr.type == PERF_TYPE_HW_CACHE ||
	       r->attr.type == PERF_TYPE_RAW;
}

static enum answer no_pmu(const struct facts *f, const struct request *r)
{
	if (!wants_cpu_pmu(r) || r->special)
		return NO;
	if (!fact_known(f->pmus_known))
		return MAYBE;
	return facts_pmu_cpu(f) ? NO : YES;
}

static enum answer no_branches(const struct facts *f, const struct request *r)
{
	const struct pmu_fact *pmu = wants_cpu_pmu(r) ? facts_pmu_cpu(f) : NULL;

	if (!(r->attr.sample_type & PERF_SAMPLE_BRANCH_STACK))
		return NO;
	return pmu && pmu->branches ? NO : YES;
}

static enum answer no_ftrace(const struct facts *f, const struct request *r)
{
	return r->special == SPECIAL_FTRACE ? not(answer_of(f->ftrace)) : NO;
}

static enum answer no_special(const struct facts *f, const struct request *r)
{
	static const char *const names[] = {
		[SPECIAL_KPROBE] = "kprobe", [SPECIAL_UPROBE] = "uprobe"
	};

	if (r->special == SPECIAL_NONE || r->special == SPECIAL_FTRACE)
		return NO;
	if (!fact_known(f->pmus_known))
		return MAYBE;
	if (r->special == SPECIAL_AUX)
		return rules_aux_pmu(f) ? NO : YES;
	return facts_pmu(f, names[r->special]) ? NO : YES;
}

static enum answer raw_tracepoint(const struct facts *f, const struct request *r)
{
	bool raw = r->attr.type == PERF_TYPE_TRACEPOINT && r->attr.sample_type & PERF_SAMPLE_RAW;

	return raw || r->special == SPECIAL_FTRACE ? scope(f, -1) : NO;
}

static enum answer kprobe(const struct facts *f, const struct request *r)
{
	return r->special == SPECIAL_KPROBE ? not(perfmon(f)) : NO;
}

static enum answer uprobe(const struct facts *f, const struct request *r)
{
	enum answer admin = answer_of(rules_uprobe_admin(f));

	if (r->special != SPECIAL_UPROBE)
		return NO;
	return either(both(admin, not(held(f, CAP_SYS_ADMIN))), not(perfmon(f)));
}

/* Addresses with the top bit set are the kernel's on both architectures. */
static bool kernel_breakpoint(const struct request *r)
{
	return r->attr.type == PERF_TYPE_BREAKPOINT && r->attr.config1 >> 63;
}

static enum answer breakpoint_excluded(const struct facts *f, const struct request *r)
{
	(void)f;
	return kernel_breakpoint(r) && flag(r, PERF_ATTR_EXCLUDE_KERNEL) ? YES : NO;
}

static enum answer breakpoint(const struct facts *f, const struct request *r)
{
	return kernel_breakpoint(r) ? not(held(f, CAP_SYS_ADMIN)) : NO;
}

static const struct rule {
	enum answer (*refuses)(const struct facts *, const struct request *);
	enum layer layer;
	int error; /* 0: what the filter was seen to answer */
	const char *why;
} rules[] = {
	{ no_perf, LAYER_KERNEL, ENOSYS, "it was built without CONFIG_PERF_EVENTS" },
	{ filtered, LAYER_SECCOMP, 0, "perf_event_open does not reach the kernel" },
	{ ubuntu_gate, LAYER_GATE, EACCES,
		"this kernel asks for CAP_SYS_ADMIN for everything while it is above 3" },
	{ debian_gate, LAYER_GATE, EACCES,
		"this kernel asks for CAP_SYS_ADMIN for everything while it is above 2; "
		"CAP_PERFMON will not do" },
	/* the kernel asks this before Debian's gate, which says the same EACCES and is the first to
	 * open
	 */
	{ branch_levels, LAYER_PARANOID, EACCES,
		"above 1, branches in the kernel need CAP_PERFMON" },
	{ kernel_scope, LAYER_PARANOID, EACCES, "above 1, what the kernel does needs CAP_PERFMON" },
	{ text_poke, LAYER_PARANOID, EACCES, "above 1, text_poke records need CAP_PERFMON" },
	{ kernel_chain, LAYER_PARANOID, EACCES,
		"above 1, the kernel part of a call chain needs CAP_PERFMON" },
	{ namespaces, LAYER_CAPABILITY, EACCES, "namespace records need CAP_PERFMON" },
	{ rate, LAYER_RATE, EINVAL, "the sampling frequency is above it" },
	{ physical, LAYER_PARANOID, EACCES, "above 1, physical addresses need CAP_PERFMON" },
	{ locked_registers, LAYER_LOCKDOWN, EPERM,
		"at level confidentiality nobody reads registers of an interrupt" },
	{ no_cgroup, LAYER_TARGET, EBADF, "no cgroup hierarchy for perf events is mounted" },
	{ no_special, LAYER_HARDWARE, ENOENT, "this kernel has no such PMU here" },
	{ no_ftrace, LAYER_KERNEL, EINVAL, "it was built without the function tracer" },
	{ no_pmu, LAYER_HARDWARE, ENOENT, "no PMU counts the CPU's events here" },
	{ no_branches, LAYER_HARDWARE, EOPNOTSUPP, "the PMU records no branch stacks" },
	{ raw_tracepoint, LAYER_PARANOID, EPERM, "above -1, tracepoint data needs CAP_PERFMON" },
	{ kprobe, LAYER_CAPABILITY, EACCES, "kprobes need CAP_PERFMON" },
	{ uprobe, LAYER_CAPABILITY, EACCES, "uprobes need CAP_SYS_ADMIN on this kernel" },
	{ breakpoint_excluded, LAYER_EVENT, EINVAL,
		"a kernel address and exclude_kernel do not go together" },
	{ breakpoint, LAYER_CAPABILITY, EPERM,
		"a breakpoint on a kernel address needs CAP_SYS_ADMIN; CAP_PERFMON will not do" },
	{ foreign, LAYER_PTRACE, EACCES, "the task is not one that this user may look into" },
	{ whole_system, LAYER_PARANOID, EACCES, "above 0, system-wide events need CAP_PERFMON" },
};

#define RULES (sizeof(rules) / sizeof(*rules))

static struct ruling first_refusal(const struct facts *facts, const struct request *request)
{
	for (const struct rule *rule = rules; rule < rules + RULES; rule++) {
		enum answer answer = rule->refuses(facts, request);

		if (answer != NO)
			return (struct ruling){
				.outcome = answer == YES ? REFUSED : UNKNOWN,
				.layer = rule->layer,
				.error = rule->error ? rule->error : (int)facts->reached.value,
				.why = rule->why,
			};
	}
	return (struct ruling){ .outcome = ALLOWED, .why = "" };
}

static bool about_privilege(enum layer layer)
{
	return layer == LAYER_GATE || layer == LAYER_PARANOID || layer == LAYER_CAPABILITY ||
	       layer == LAYER_PTRACE;
}

/* Capabilities that would do outside, but are those of a user namespace, are a layer of their own.
 */
struct ruling rules_open(const struct facts *facts, const struct request *request)
{
	struct ruling ruling = first_refusal(facts, request), outside;
	struct facts moved;

	if (ruling.outcome != REFUSED || !about_privilege(ruling.layer) ||
		!fact_is(facts->initial_user_ns, 0) || !facts->who.caps.effective)
		return ruling;
	moved = *facts;
	moved.initial_user_ns = FACT_OF(1);
	outside = first_refusal(&moved, request);
	if (outside.outcome != REFUSED || !about_privilege(outside.layer)) {
		ruling.layer = LAYER_USER_NS;
		ruling.why = "its capabilities count only inside; perf asks the initial namespace";
	}
	return ruling;
}

struct ruling rules_kallsyms(const struct facts *f)
{
	struct ruling ruling = { .outcome = REFUSED, .layer = LAYER_KPTR };
	enum answer syslog = held(f, CAP_SYSLOG);
	enum answer low = not(paranoid_above(f, 1));

	if (!fact_known(f->kallsyms) || !fact_known(f->kptr_restrict)) {
		ruling.outcome = UNKNOWN;
		ruling.why = "/proc/kallsyms or kptr_restrict cannot be read";
	} else if (!f->kallsyms.value) {
		ruling.layer = LAYER_KERNEL;
		ruling.why = "/proc/kallsyms is not there or not readable";
	} else if (f->kptr_restrict.value > 1) {
		ruling.why = "2 hides kernel addresses from everybody";
	} else if (f->kptr_restrict.value == 1) {
		ruling.outcome = syslog == YES ? ALLOWED : syslog == NO ? REFUSED : UNKNOWN;
		ruling.why = "1 shows kernel addresses with CAP_SYSLOG only";
	} else {
		low = either(low, syslog);
		ruling.layer = LAYER_PARANOID;
		ruling.outcome = low == YES ? ALLOWED : low == NO ? REFUSED : UNKNOWN;
		ruling.why = "above 1, kernel addresses need CAP_SYSLOG";
	}
	return ruling;
}

static void apply(struct facts *facts, struct request *request, unsigned fix)
{
	static const struct {
		enum fix fix;
		uint64_t cap;
	} caps[] = {
		{ FIX_PERFMON, CAP_BIT(CAP_PERFMON) },
		{ FIX_SYSLOG, CAP_BIT(CAP_SYSLOG) },
		{ FIX_PTRACE, CAP_BIT(CAP_SYS_PTRACE) },
		{ FIX_ADMIN, CAP_BIT(CAP_SYS_ADMIN) },
	};

	/* outside, the namespace's capabilities are none */
	if (fix & FIX_INITIAL_NS) {
		facts->who.caps = (struct caps){ 0 };
		facts->initial_user_ns = FACT_OF(1);
	}
	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++)
		if (fix & caps[i].fix) {
			facts->who.caps.effective |= caps[i].cap;
			facts->who.caps.permitted |= caps[i].cap;
		}
	if (fix & FIX_PARANOID_2)
		facts->limits.paranoid = FACT_OF(2);
	if (fix & FIX_USER_ONLY)
		request->attr.flags |= PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV |
				       PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL;
	if (fix & FIX_SECCOMP)
		facts->reached = FACT_OF(EINVAL);
	if (fix & FIX_NO_LOCKDOWN)
		facts->lockdown = FACT_OF(LOCKDOWN_NONE);
	if (fix & FIX_KPTR)
		facts->kptr_restrict = FACT_OF(1);
}

static bool opens(struct facts facts, struct request request, unsigned fix)
{
	apply(&facts, &request, fix);
	return first_refusal(&facts, &request).outcome == ALLOWED;
}

struct ruling rules_beyond(const struct facts *facts, const struct request *request)
{
	struct facts all = *facts;
	struct request wanted = *request;

	apply(&all, &wanted, FIX_SECCOMP | FIX_NO_LOCKDOWN | FIX_PARANOID_2);
	all.initial_user_ns = FACT_OF(1);
	all.who.caps.effective = all.who.caps.permitted = UINT64_MAX;
	return first_refusal(&all, &wanted);
}

unsigned rules_fix(const struct facts *facts, const struct request *request, bool narrower)
{
	static const unsigned grants[] = {
		0,
		FIX_PERFMON,
		FIX_PERFMON | FIX_PTRACE,
		FIX_PARANOID_2,
		FIX_PARANOID_2 | FIX_PERFMON,
		FIX_PARANOID_2 | FIX_PERFMON | FIX_PTRACE,
		FIX_ADMIN,
		FIX_ADMIN | FIX_PTRACE,
	};
	bool has_perfmon = facts->caps_all & CAP_BIT(CAP_PERFMON);
	static const unsigned first[] = { 0, FIX_SECCOMP, FIX_NO_LOCKDOWN,
		FIX_SECCOMP | FIX_NO_LOCKDOWN, FIX_INITIAL_NS, FIX_INITIAL_NS | FIX_SECCOMP };

	if (opens(*facts, *request, 0) || rules_beyond(facts, request).outcome != ALLOWED)
		return 0;
	if (narrower && opens(*facts, *request, FIX_USER_ONLY))
		return FIX_USER_ONLY;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		for (size_t g = 0; g < sizeof(grants) / sizeof(*grants); g++) {
			if (grants[g] & FIX_PERFMON && !has_perfmon)
				continue;
			if (opens(*facts, *request, first[i] | grants[g]))
				return first[i] | grants[g];
		}
	return 0;
}

unsigned rules_fix_kallsyms(const struct facts *facts)
{
	static const unsigned fixes[] = { FIX_SYSLOG, FIX_SYSLOG | FIX_KPTR,
		FIX_INITIAL_NS | FIX_SYSLOG, FIX_INITIAL_NS | FIX_SYSLOG | FIX_KPTR };
	struct facts changed;
	struct request none = { 0 };

	if (rules_kallsyms(facts).outcome != REFUSED)
		return 0;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(*fixes); i++) {
		changed = *facts;
		apply(&changed, &none, fixes[i]);
		if (rules_kallsyms(&changed).outcome == ALLOWED)
			return fixes[i];
	}
	return 0;
}
