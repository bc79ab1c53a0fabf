#include "access/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What an errno tells by itself, when the rules did not foresee it. */
static const struct {
	int error;
	const char *name;
	enum layer layer;
	const char *why, *fix;
} errors[] = {
	{ EACCES, "EACCES", LAYER_UNKNOWN, "nothing that can be read here explains it", "" },
	{ EPERM, "EPERM", LAYER_UNKNOWN, "nothing that can be read here explains it", "" },
	{ ENOSYS, "ENOSYS", LAYER_KERNEL, "it has no such system call", "" },
	{ ENOENT, "ENOENT", LAYER_HARDWARE, "this machine has no PMU for the event",
		"an event that it has: perfbox list; cpu-clock always works" },
	{ EOPNOTSUPP, "EOPNOTSUPP", LAYER_HARDWARE,
		"the PMU cannot do this: sampling without interrupts, branches, precision",
		"count it with stat, or drop the option, or sample cpu-clock" },
	{ EINVAL, "EINVAL", LAYER_EVENT, "its attributes are unknown here or do not go together",
		"fewer modifiers and options, or another event" },
	{ E2BIG, "E2BIG", LAYER_EVENT, "the kernel is older than an attribute it asks for",
		"fewer options" },
	{ ENOSPC, "ENOSPC", LAYER_BUSY, "no hardware breakpoint is free",
		"end the debugger or recording that holds them" },
	{ EBUSY, "EBUSY", LAYER_BUSY, "another session has it for itself alone",
		"end the other session, or wait for it" },
	{ ESRCH, "ESRCH", LAYER_TARGET, "the task is gone", "a task that still runs" },
	{ EBADF, "EBADF", LAYER_TARGET, "the cgroup or the group leader is not open",
		"a mounted cgroup of perf events" },
	{ ENODEV, "ENODEV", LAYER_TARGET, "the CPU is offline, or the PMU is not on it",
		"an online CPU: -C" },
	{ EMFILE, "EMFILE", LAYER_DESCRIPTORS, "no file descriptor is free", "" },
	{ ENFILE, "ENFILE", LAYER_DESCRIPTORS, "the system's table of open files is full",
		"fewer events or CPUs, or a larger fs.file-max" },
	{ ENOMEM, "ENOMEM", LAYER_MEMORY, "the kernel has no memory for it", "smaller rings: -m" },
	{ EAGAIN, "EAGAIN", LAYER_MEMORY, "the kernel may not lock that much memory",
		"smaller rings: -m" },
	{ EFAULT, "EFAULT", LAYER_EVENT, "it points to an address that is not there", "" },
	{ EINTR, "EINTR", LAYER_TARGET, "the task is in the middle of an exec", "try again" },
};

#define ERRORS (sizeof(errors) / sizeof(*errors))

static size_t error_row(int error)
{
	size_t i = 0;

	while (i < ERRORS && errors[i].error != error)
		i++;
	return i;
}

const char *verdict_errno(int error)
{
	size_t row = error_row(error);

	return error == 0 ? "" : error < 0 ? "killed" : row < ERRORS ? errors[row].name : "errno";
}

int verdict_reach(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, ~0ul) < 0 ? errno : 0;
}

/* Denials that no file foretells: the rules let it pass, and still it was refused. */
static struct ruling denied(const struct facts *facts, const struct request *request, int error)
{
	struct ruling ruling = { .outcome = REFUSED, .layer = LAYER_LSM, .error = error };
	bool admin = facts_capable(facts, CAP_SYS_ADMIN);
	bool perfmon = admin || facts_capable(facts, CAP_PERFMON);
	int64_t paranoid = fact_or(facts->limits.paranoid, 2);

	ruling.why = "the rules of the kernel would allow it";
	if (paranoid > 2 && !admin && facts->gate.value == GATE_NONE) {
		ruling.layer = LAYER_GATE;
		ruling.why = "above 2, this kernel asks for CAP_SYS_ADMIN";
	} else if (!perfmon && paranoid > 1 && rules_near_kernel(request)) {
		ruling.layer = LAYER_PARANOID;
		ruling.why = "above 1, this kernel counts more as kernel scope than others do";
	} else if (request->target == TARGET_TASK && !perfmon) {
		ruling.layer = LAYER_PTRACE;
		ruling.why = "the task is not one that this user may look into";
	} else if (fact_is(facts->seccomp, 2)) {
		ruling.layer = LAYER_SECCOMP;
		ruling.why = "the kernel's own rules would allow it, and a filter is in force";
	}
	return ruling;
}

struct ruling verdict_blame(const struct facts *facts, const struct request *request, int error)
{
	struct ruling ruling = rules_open(facts, request);
	size_t row = error_row(error);

	if (ruling.outcome != ALLOWED && ruling.error == error) {
		ruling.outcome = REFUSED;
		return ruling;
	}
	if (error == EACCES || error == EPERM)
		return denied(facts, request, error);
	if (error < 0)
		return (struct ruling){ REFUSED, error == -1 ? LAYER_SECCOMP : LAYER_UNKNOWN, error,
			error == -1 ? "it kills the caller" : "it did not come back in time" };
	if (row == ERRORS)
		return (struct ruling){ REFUSED, LAYER_UNKNOWN, error, strerror(error) };
	return (struct ruling){ REFUSED, errors[row].layer, error, errors[row].why };
}

/* Text that grows and is cut at its end. */
struct text {
	char *to;
	size_t cap, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int size;

	if (t->used >= t->cap)
		return;
	va_start(args, format);
	size = vsnprintf(t->to + t->used, t->cap - t->used, format, args);
	va_end(args);
	t->used += size > 0 ? (size_t)size : 0;
	if (t->used >= t->cap)
		t->used = t->cap ? t->cap - 1 : 0;
}

size_t verdict_fix(char *to, size_t cap, const struct facts *facts, unsigned fix)
{
	static const struct {
		enum fix fix;
		const char *text;
	} parts[] = {
		{ FIX_USER_ONLY, "user space only (:u)" },
		{ FIX_SECCOMP, "a seccomp profile that lets perf_event_open pass" },
		{ FIX_NO_LOCKDOWN, "a boot without lockdown=confidentiality" },
		{ FIX_INITIAL_NS, "a start outside the user namespace" },
		{ FIX_PARANOID_2, "kernel.perf_event_paranoid 2" },
		{ FIX_KPTR, "kernel.kptr_restrict 1" },
		{ FIX_PERFMON, "CAP_PERFMON" },
		{ FIX_ADMIN, "CAP_SYS_ADMIN" },
		{ FIX_PTRACE, "CAP_SYS_PTRACE" },
		{ FIX_SYSLOG, "CAP_SYSLOG" },
		{ FIX_IPC_LOCK, "CAP_IPC_LOCK" },
	};
	struct text text = { to, cap, 0 };

	if (cap)
		*to = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (fix & parts[i].fix)
			add(&text, "%s%s", text.used ? " and " : "", parts[i].text);
	if (fix & FIX_ADMIN && !(facts->caps_all & CAP_BIT(CAP_PERFMON)))
		add(&text, " (this kernel has no CAP_PERFMON)");
	if (fix & FIX_PARANOID_2 && fix & (FIX_PERFMON | FIX_PTRACE))
		add(&text, ", or CAP_SYS_ADMIN alone");
	return text.used;
}

static void describe(struct text *t, const struct refusal *r)
{
	size_t row = error_row(r->error);

	if (r->map)
		add(t, "cannot map %" PRIu64 " ring%s of %" PRIu64 " KiB", r->rings,
			r->rings == 1 ? "" : "s", r->ring_kb);
	else
		add(t, "cannot open %s", r->event ? r->event : "the event");
	if (!r->map && r->cgroup)
		add(t, " for the cgroup");
	else if (!r->map && r->pid == -1)
		add(t, " for all processes");
	else if (!r->map && r->pid > 0)
		add(t, " for process %d", (int)r->pid);
	if (r->cpu >= 0)
		add(t, " on CPU %d", r->cpu);
	add(t, ": %s", strerror(r->error));
	if (row < ERRORS)
		add(t, " (%s)", errors[row].name);
}

/* "kernel.perf_event_paranoid is 2" where the layer has a figure. */
static void describe_layer(struct text *t, const struct facts *f, const struct ruling *ruling)
{
	bool level = ruling->layer == LAYER_PARANOID || ruling->layer == LAYER_GATE;
	struct fact figure = level			   ? f->limits.paranoid
			     : ruling->layer == LAYER_RATE ? f->limits.max_sample_rate
							   : (struct fact){ 0 };

	add(t, "\nrefused by %s", layer_text(ruling->layer));
	if (fact_known(figure))
		add(t, " (%" PRId64 ")", figure.value);
	if (ruling->layer == LAYER_LSM && f->lsms[0])
		add(t, " (of %s)", f->lsms);
	add(t, ": %s", ruling->why);
}

static void explain_memory(struct text *t, const struct facts *f, const struct refusal *r)
{
	struct fact all = facts_ring_kb(&f->limits);

	add(t, "\nrefused by the ring memory limit: %" PRIu64 " KiB were wanted",
		r->rings * r->ring_kb);
	if (fact_known(all) && all.value != FACT_UNLIMITED)
		add(t,
			", this user has %" PRId64 " KiB (%" PRId64
			" CPUs x perf_event_mlock_kb %" PRId64 " + RLIMIT_MEMLOCK %" PRId64
			") in all, other sessions of his included",
			all.value, f->limits.cpus_online.value, f->limits.mlock_kb.value,
			fact_or(f->limits.memlock_kb, 0));
	add(t, "\nsmallest fix: smaller rings (-m), or end the user's other sessions, or "
	       "CAP_IPC_LOCK "
	       "(perfbox grant --caps cap_perfmon,cap_ipc_lock)");
}

static void explain_descriptors(struct text *t, const struct facts *f, const struct refusal *r)
{
	int64_t soft = fact_or(f->limits.nofile, -1), hard = fact_or(f->limits.nofile_max, -1);

	add(t, "\nrefused by RLIMIT_NOFILE: ");
	if (r->descriptors)
		add(t, "%" PRIu64 " events are to be open at once (events x CPUs x threads), ",
			r->descriptors);
	add(t, "the limit is %" PRId64 " (hard: %" PRId64 ")", soft, hard);
	if (r->descriptors && (int64_t)r->descriptors + 16 <= hard)
		add(t, "\nsmallest fix: ulimit -n %" PRIu64, r->descriptors + 16);
	else
		add(t,
			"\nsmallest fix: fewer events, CPUs (-C) or threads, or a line in "
			"/etc/security/limits.conf: @perf_users hard nofile %" PRIu64,
			r->descriptors ? r->descriptors + 16 : 65536);
}

static void request_of(struct request *request, const struct refusal *r, struct identity *task)
{
	memset(request, 0, sizeof(*request));
	if (r->attr)
		request->attr = *r->attr;
	request->target = r->cgroup			      ? TARGET_CGROUP
			  : r->pid == -1		      ? TARGET_SYSTEM
			  : r->pid == 0 || r->pid == getpid() ? TARGET_SELF
							      : TARGET_TASK;
	if (request->target == TARGET_TASK && !identity_read(r->pid, task))
		request->task = task;
}

/* PMUs of their own type number are known by name. */
static void request_special(struct request *request, const struct facts *facts)
{
	const struct pmu_fact *pmu = facts_pmu_type(facts, request->attr.type);

	if (pmu && !strcmp(pmu->name, "kprobe"))
		request->special = SPECIAL_KPROBE;
	else if (pmu && !strcmp(pmu->name, "uprobe"))
		request->special = SPECIAL_UPROBE;
}

static void explain_rules(struct text *t, const struct facts *f, const struct refusal *r)
{
	struct identity task;
	struct request request;
	struct ruling ruling, beyond;
	unsigned fix;
	size_t row = error_row(r->error);

	request_of(&request, r, &task);
	request_special(&request, f);
	ruling = verdict_blame(f, &request, r->error);
	beyond = rules_beyond(f, &request);
	fix = rules_fix(f, &request, true);
	describe_layer(t, f, &ruling);
	add(t, "\nsmallest fix: ");
	if (fix)
		t->used += verdict_fix(t->to + t->used, t->cap - t->used, f, fix);
	else if (ruling.layer == LAYER_RATE)
		add(t, "-F %" PRId64 " or less", f->limits.max_sample_rate.value);
	else if (row < ERRORS && *errors[row].fix)
		add(t, "%s", errors[row].fix);
	else if (beyond.outcome == REFUSED)
		add(t, "none by privilege alone; %s would still refuse: %s",
			layer_text(beyond.layer), beyond.why);
	else
		add(t, "none is known");
}

size_t verdict_explain(char *to, size_t cap, const struct refusal *r)
{
	static struct facts facts;
	struct text text = { to, cap, 0 };

	facts_read(&facts);
	facts.reached = FACT_OF(verdict_reach());
	describe(&text, r);
	if (r->error == EMFILE)
		explain_descriptors(&text, &facts, r);
	else if (r->map && (r->error == EPERM || r->error == ENOMEM))
		explain_memory(&text, &facts, r);
	else
		explain_rules(&text, &facts, r);
	add(&text, "\nthe rest: perfbox check");
	if (r->pid > 0)
		add(&text, " -p %d", (int)r->pid);
	return text.used;
}
