#include "access/facts.h"

#include "base/file.h"
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

const char *fact_reason(struct fact fact)
{
	static const char *const reasons[] = {
		[FACT_UNASKED] = "not asked",
		[FACT_KNOWN] = "",
		[FACT_ABSENT] = "not there",
		[FACT_DENIED] = "may not be read",
		[FACT_ABSURD] = "holds no sensible value",
	};

	return reasons[fact.state];
}

static struct fact fact_failed(int error)
{
	bool absent = error == ENOENT || error == ENOTDIR || error == ESRCH;
	bool absurd = error == EFBIG || error == EINVAL || error == ERANGE;

	return (struct fact){ .state = absent ? FACT_ABSENT : absurd ? FACT_ABSURD : FACT_DENIED };
}

struct fact facts_sysctl(const char *text, int64_t min, int64_t max)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || (*end && *end != '\n' && *end != '\t') || value < min ||
		value > max)
		return (struct fact){ .state = FACT_ABSURD };
	return FACT_OF(value);
}

static struct fact sysctl(const char *path, int64_t min, int64_t max)
{
	char text[64];
	ssize_t size = file_slurp(path, text, sizeof(text));

	return size < 0 ? fact_failed((int)-size) : facts_sysctl(text, min, max);
}

/* Whether a path can be reached (F_OK) or used (R_OK): 1, 0, or unknown. */
static struct fact fact_path(const char *path, int mode)
{
	if (access(path, mode) == 0)
		return FACT_OF(1);
	return errno == EACCES && mode == F_OK ? fact_failed(errno) : FACT_OF(0);
}

static struct fact limit_of(int resource, bool hard, unsigned unit)
{
	struct rlimit limit;
	rlim_t value;

	if (prlimit(0, resource, NULL, &limit))
		return fact_failed(errno);
	value = hard ? limit.rlim_max : limit.rlim_cur;
	return FACT_OF(value == RLIM_INFINITY ? FACT_UNLIMITED : (int64_t)(value / unit));
}

int facts_cpus(char *list, size_t cap, uint32_t *count)
{
	ssize_t size = file_slurp("/sys/devices/system/cpu/online", list, cap);
	struct number_range range = { 0 };
	const char *at = list;
	uint32_t cpu, found = 0;
	int status = 0;

	if (size > 0)
		list[strcspn(list, "\n")] = 0;
	while (size > 0 && (status = number_list_next(&at, &range, &cpu)) == 1)
		found++;
	if (count)
		*count = size > 0 && !status ? found : 0;
	if (size > 0 && !status && found)
		return 0;
	if (cap)
		*list = 0;
	return size < 0 ? (int)size : -EINVAL;
}

static struct fact cpus_online(void)
{
	char list[1024];
	uint32_t count;
	int status = facts_cpus(list, sizeof(list), &count);

	return status ? fact_failed(-status) : FACT_OF(count);
}

static bool user_ns_initial(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino == USER_NS_INITIAL;
}

void facts_limits(struct limits *limits)
{
	struct caps caps = { 0 };
	bool lock;

	limits->paranoid = sysctl("/proc/sys/kernel/perf_event_paranoid", INT_MIN, INT_MAX);
	limits->mlock_kb = sysctl("/proc/sys/kernel/perf_event_mlock_kb", 0, INT_MAX);
	limits->max_sample_rate = sysctl("/proc/sys/kernel/perf_event_max_sample_rate", 1, INT_MAX);
	limits->max_stack = sysctl("/proc/sys/kernel/perf_event_max_stack", 0, INT_MAX);
	limits->cpus_online = cpus_online();
	limits->memlock_kb = limit_of(RLIMIT_MEMLOCK, false, 1024);
	limits->nofile = limit_of(RLIMIT_NOFILE, false, 1);
	limits->nofile_max = limit_of(RLIMIT_NOFILE, true, 1);
	limits->page_kb = (uint32_t)getpagesize() / 1024;
	lock = !caps_self(&caps) && caps.effective & CAP_BIT(CAP_IPC_LOCK) && user_ns_initial();
	limits->unlimited_rings =
		lock || (fact_known(limits->paranoid) && limits->paranoid.value < 0);
}

struct fact facts_ring_kb(const struct limits *limits)
{
	if (limits->unlimited_rings || fact_is(limits->memlock_kb, FACT_UNLIMITED))
		return FACT_OF(FACT_UNLIMITED);
	if (!fact_known(limits->mlock_kb))
		return limits->mlock_kb;
	if (!fact_known(limits->cpus_online))
		return limits->cpus_online;
	/* the kernel counts whole pages */
	return FACT_OF(limits->mlock_kb.value / limits->page_kb * limits->page_kb *
			       limits->cpus_online.value +
		       fact_or(limits->memlock_kb, 0) / limits->page_kb * limits->page_kb);
}

struct fact facts_kernel(const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned long major, minor, patch = 0;
		char *end;

		if (!isdigit((unsigned char)*at) || (at > text && isdigit((unsigned char)at[-1])))
			continue;
		major = strtoul(at, &end, 10);
		if (*end != '.' || !isdigit((unsigned char)end[1]))
			continue;
		minor = strtoul(end + 1, &end, 10);
		if (*end == '.' && isdigit((unsigned char)end[1]))
			patch = strtoul(end + 1, NULL, 10);
		if (major < 1000 && minor <= UINT16_MAX && patch <= UINT16_MAX)
			return FACT_OF(KERNEL(major, minor, patch));
	}
	return (struct fact){ .state = FACT_ABSURD };
}

/* Copies the word that starts with "DIGIT.DIGIT" behind `marker`. */
static void copy_release(char *to, size_t cap, const char *from)
{
	size_t size = strcspn(from, " -+~\n");

	snprintf(to, cap, "%.*s", (int)(size < cap ? size : cap - 1), from);
}

void facts_maker(struct facts *facts, const char *signature)
{
	const char *debian = strstr(facts->version, "Debian ");
	const char *last = strrchr(signature, ' ');

	facts->gate = (struct fact){ .state = FACT_ABSENT };
	copy_release(facts->base, sizeof(facts->base), facts->release);
	if (debian && isdigit((unsigned char)debian[7])) {
		facts->gate = FACT_OF(GATE_DEBIAN);
		copy_release(facts->base, sizeof(facts->base), debian + 7);
	} else if (strstr(facts->version, "-Ubuntu") || !strncmp(signature, "Ubuntu ", 7)) {
		facts->gate = FACT_OF(GATE_UBUNTU);
		if (last && isdigit((unsigned char)last[1]))
			copy_release(facts->base, sizeof(facts->base), last + 1);
	}
	facts->kernel = facts_kernel(facts->base);
}

struct fact facts_lockdown(const char *text)
{
	static const char *const levels[] = { "[none]", "[integrity]", "[confidentiality]" };

	for (int i = 0; i < 3; i++)
		if (strstr(text, levels[i]))
			return FACT_OF(i);
	return (struct fact){ .state = FACT_ABSURD };
}

static void read_kernel(struct facts *facts)
{
	struct utsname uts;
	char signature[128] = "";

	if (!uname(&uts)) {
		snprintf(facts->release, sizeof(facts->release), "%s", uts.release);
		snprintf(facts->version, sizeof(facts->version), "%s", uts.version);
		snprintf(facts->machine, sizeof(facts->machine), "%s", uts.machine);
	}
	if (file_slurp("/proc/version_signature", signature, sizeof(signature)) > 0)
		signature[strcspn(signature, "\n")] = 0;
	facts_maker(facts, signature);
	facts->perf_events = FACT_OF(1);
	if (facts->limits.paranoid.state == FACT_ABSENT)
		facts->perf_events = fact_path("/proc/sys/kernel/ostype", F_OK);
	if (fact_is(facts->perf_events, 1) && facts->limits.paranoid.state == FACT_ABSENT)
		facts->perf_events = FACT_OF(0);
	else if (facts->limits.paranoid.state == FACT_ABSENT)
		facts->perf_events = (struct fact){ .state = FACT_ABSENT };
}

/* Without /proc the system calls still tell the ids and the sets. */
static void read_who(struct facts *facts)
{
	struct identity *who = &facts->who;
	int nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	identity_read(0, who);
	if (!(who->known & IDENTITY_UIDS) && !getresuid(&who->ruid, &who->euid, &who->suid))
		who->known |= IDENTITY_UIDS;
	if (!(who->known & IDENTITY_GIDS) && !getresgid(&who->rgid, &who->egid, &who->sgid))
		who->known |= IDENTITY_GIDS;
	if (!caps_self(&who->caps))
		who->known |= IDENTITY_CAPS;
	who->pid = getpid();
	facts->caps_all = caps_all();
	securebits_get(&facts->securebits);
	facts->no_new_privs = nnp < 0 ? fact_failed(errno) : FACT_OF(nnp);
	facts->seccomp = who->known & IDENTITY_SECCOMP ? FACT_OF(who->seccomp)
						       : (struct fact){ .state = FACT_ABSENT };
	facts->initial_user_ns = who->known & IDENTITY_USER_NS
					 ? FACT_OF(who->user_ns == USER_NS_INITIAL)
					 : (struct fact){ .state = FACT_ABSENT };
	if (file_slurp("/proc/self/uid_map", facts->uid_map, sizeof(facts->uid_map)) < 0)
		facts->uid_map[0] = 0;
}

static void read_lsm(struct facts *facts)
{
	char text[128];
	ssize_t size = file_slurp("/sys/kernel/security/lsm", facts->lsms, sizeof(facts->lsms));

	facts->lsms_known = size < 0 ? fact_failed((int)-size) : FACT_OF(1);
	facts->lsms[size < 0 ? 0 : strcspn(facts->lsms, "\n")] = 0;
	size = file_slurp("/sys/kernel/security/lockdown", text, sizeof(text));
	facts->lockdown = size < 0 ? fact_failed((int)-size) : facts_lockdown(text);
	if (facts->lockdown.state == FACT_ABSENT && fact_known(facts->lsms_known))
		facts->lockdown = FACT_OF(LOCKDOWN_NONE);
	facts->selinux = sysctl("/sys/fs/selinux/enforce", 0, 1);
	size = file_slurp(
		"/proc/self/attr/current", facts->confinement, sizeof(facts->confinement));
	facts->confinement[size < 0 ? 0 : strcspn(facts->confinement, "\n")] = 0;
}

/* False where it has no type: it is on its way out, or no PMU. */
static bool read_pmu(struct pmu_fact *pmu)
{
	char path[128];
	struct fact type;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu->name);
	type = sysctl(path, 0, INT_MAX);
	pmu->type = (uint32_t)fact_or(type, 0);
	/* PERF_TYPE_RAW is x86's "cpu"; PMUs of one kind of core list their CPUs */
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/cpus", pmu->name);
	pmu->cpu = pmu->type == 4 || access(path, F_OK) == 0;
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/caps/branches", pmu->name);
	pmu->branches = fact_or(sysctl(path, 0, INT_MAX), 0) > 0;
	return fact_known(type);
}

/* Names first, so that one free descriptor will do. */
static void read_pmus(struct facts *facts)
{
	struct dir dir;
	const char *name;
	int status = dir_open(&dir, "/sys/bus/event_source/devices");
	uint32_t count = 0, listed = 0;

	facts->pmus_known = fact_failed(-status);
	if (status)
		return;
	for (; (name = dir_next(&dir)); count++)
		if (listed < FACTS_PMUS && strlen(name) < sizeof(facts->pmus->name))
			strcpy(facts->pmus[listed++].name, name);
	dir_close(&dir);
	facts->pmus_known = FACT_OF(count);
	for (uint32_t i = 0; i < listed; i++)
		if (read_pmu(&facts->pmus[i]))
			facts->pmus[facts->pmu_count++] = facts->pmus[i];
}

#define TRACEFS_MAGIC 0x74726163 /* include/uapi/linux/magic.h */

/* Whether a file system of that kind is there; its root need not be readable for that. */
static struct fact mounted(const char *path, unsigned long magic)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return errno == EACCES ? fact_failed(errno) : FACT_OF(0);
	return FACT_OF((unsigned long)fs.f_type == magic);
}

static void read_tracing(struct facts *facts)
{
	static const char *const tracing[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	static const char *const cgroups[] = { "/sys/fs/cgroup/perf_event", "/sys/fs/cgroup",
		"/sys/fs/cgroup/unified" };
	char path[96];

	facts->tracefs = facts->tracefs_readable = facts->cgroupfs = FACT_OF(0);
	for (int i = 0; i < 2 && !fact_is(facts->tracefs, 1); i++) {
		facts->tracefs = mounted(tracing[i], TRACEFS_MAGIC);
		snprintf(path, sizeof(path), "%s/events", tracing[i]);
		facts->tracefs_readable = fact_path(path, R_OK | X_OK);
	}
	for (int i = 0; i < 3 && !fact_is(facts->cgroupfs, 1); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroups[i]);
		facts->cgroupfs = fact_path(path, F_OK);
		snprintf(facts->cgroup, sizeof(facts->cgroup), "%s", cgroups[i]);
	}
}

void facts_read(struct facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts_limits(&facts->limits);
	read_kernel(facts);
	read_who(facts);
	read_lsm(facts);
	read_pmus(facts);
	read_tracing(facts);
	facts->kptr_restrict = sysctl("/proc/sys/kernel/kptr_restrict", INT_MIN, INT_MAX);
	facts->kallsyms = fact_path("/proc/kallsyms", R_OK);
	facts->ftrace = fact_path("/proc/sys/kernel/ftrace_enabled", F_OK);
	if (facts->limits.paranoid.state == FACT_ABSENT)
		facts->ftrace = facts->limits.paranoid;
}

const struct pmu_fact *facts_pmu(const struct facts *facts, const char *name)
{
	for (uint32_t i = 0; i < facts->pmu_count; i++)
		if (!strcmp(facts->pmus[i].name, name))
			return &facts->pmus[i];
	return NULL;
}

const struct pmu_fact *facts_pmu_type(const struct facts *facts, uint32_t type)
{
	for (uint32_t i = 0; i < facts->pmu_count; i++)
		if (facts->pmus[i].type == type)
			return &facts->pmus[i];
	return NULL;
}

const struct pmu_fact *facts_pmu_cpu(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->pmu_count; i++)
		if (facts->pmus[i].cpu)
			return &facts->pmus[i];
	return NULL;
}

bool facts_capable(const struct facts *facts, unsigned capability)
{
	return fact_is(facts->initial_user_ns, 1) &&
	       facts->who.caps.effective & facts->caps_all & CAP_BIT(capability);
}
