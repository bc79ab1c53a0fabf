#ifndef ACCESS_FACTS_H
#define ACCESS_FACTS_H

/*
 * What can be read, without privilege and without trying anything, about a machine and its caller
 * as far as it decides on perf_event_open(2) and perf's ring memory. A fact is known, or unknown
 * with a reason: what is unreadable or absurd is never replaced by a guess. Sources: procfs and
 * sysfs (proc(5), sysfs ABI), uname(2), getrlimit(2), capget(2). Nothing here prints or fails.
 */

#include "access/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_state {
	FACT_UNASKED, /* nobody looked */
	FACT_KNOWN,
	FACT_ABSENT, /* the file is not there */
	FACT_DENIED, /* it may not be read */
	FACT_ABSURD, /* it holds no such number, or one that the kernel would not take */
};

struct fact {
	int64_t value;
	enum fact_state state;
};

#define FACT_OF(number) ((struct fact){ .value = (number), .state = FACT_KNOWN })

static inline bool fact_known(struct fact fact)
{
	return fact.state == FACT_KNOWN;
}

static inline bool fact_is(struct fact fact, int64_t value)
{
	return fact.state == FACT_KNOWN && fact.value == value;
}

static inline int64_t fact_or(struct fact fact, int64_t otherwise)
{
	return fact.state == FACT_KNOWN ? fact.value : otherwise;
}

/* Why it is unknown, in a few words ("not there", "may not be read"); "" for a known one. */
const char *fact_reason(struct fact fact);

/* No limit, in the facts of a resource. */
#define FACT_UNLIMITED INT64_MAX

/* What ring planning and opening need; cheap enough for every start of a command. */
struct limits {
	struct fact paranoid;		/* kernel.perf_event_paranoid */
	struct fact mlock_kb;		/* kernel.perf_event_mlock_kb, per online CPU and user */
	struct fact max_sample_rate;	/* Hz */
	struct fact max_stack;		/* frames */
	struct fact cpus_online;	/* as the kernel counts them, whatever our affinity is */
	struct fact memlock_kb;		/* RLIMIT_MEMLOCK, soft */
	struct fact nofile, nofile_max; /* RLIMIT_NOFILE, soft and hard */
	uint32_t page_kb;
	bool unlimited_rings; /* paranoid -1, or CAP_IPC_LOCK in the initial user namespace */
};

void facts_limits(struct limits *limits);

/* KiB of ring memory that all processes of this user may map together: perf_event_mlock_kb for
 * each online CPU, and this process's own RLIMIT_MEMLOCK beyond it. FACT_UNLIMITED where no limit
 * holds; unknown where a part of the sum is. */
struct fact facts_ring_kb(const struct limits *limits);

/* The online CPUs as a list ("0-3,6") for number_list_next, or "" when it is not known; `count`
 * gets how many (0 when not known) and may be NULL. Returns 0 or -errno. */
int facts_cpus(char *list, size_t cap, uint32_t *count);

/* A kernel release as one number that compares. */
#define KERNEL(major, minor, patch) ((int64_t)(major) << 32 | (int64_t)(minor) << 16 | (patch))

/* Kernels that carry an own gate in front of perf_event_open. */
enum gate {
	GATE_NONE,
	GATE_DEBIAN, /* paranoid > 2: CAP_SYS_ADMIN only */
	GATE_UBUNTU, /* paranoid > 3: as Debian's; newer ones take CAP_PERFMON */
};

/* Answers of /sys/kernel/security/lockdown. */
enum lockdown {
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY,
};

#define FACTS_PMUS 48

struct pmu_fact {
	char name[32];
	uint32_t type;
	bool cpu;      /* counts the CPU's own events: cycles, instructions */
	bool branches; /* its caps/branches says that it records branch stacks */
};

struct facts {
	struct limits limits;
	char release[65], version[65], machine[65]; /* uname(2) */
	char base[48];		 /* the release that a distribution's kernel really is, as text */
	struct fact kernel;	 /* KERNEL() of `base`, or of the release */
	struct fact gate;	 /* enum gate; unknown for kernels of other makers */
	struct fact perf_events; /* 1: the kernel has perf_event_open(2) */
	struct fact reached;	 /* errno of a call with a NULL attr and all flags: EINVAL when the
				    kernel was reached; -1 when it killed the caller; asked by
				    probe_reach() only */
	struct identity who;	 /* the caller */
	unsigned securebits;
	uint64_t caps_all;	     /* all that this kernel knows */
	struct fact initial_user_ns; /* 1 or 0 */
	char uid_map[256];
	struct fact seccomp; /* 0, 1 strict, 2 filter */
	struct fact no_new_privs;
	char lsms[128]; /* "lockdown,capability,yama,apparmor"; "" when not known */
	struct fact lsms_known;
	struct fact selinux;   /* 1 enforcing, 0 permissive; absent: not active */
	char confinement[128]; /* what the LSM calls this process, or "" */
	struct fact lockdown;
	struct fact kptr_restrict;
	struct fact kallsyms; /* 1: /proc/kallsyms can be opened */
	struct fact ftrace;   /* 1: the kernel has the function tracer */
	struct fact tracefs;  /* 1: mounted */
	struct fact tracefs_readable;
	struct fact cgroupfs;	/* 1: a hierarchy that perf events can use is mounted */
	char cgroup[64];	/* where */
	struct fact pmus_known; /* how many there are */
	uint32_t pmu_count;
	struct pmu_fact pmus[FACTS_PMUS];
};

void facts_read(struct facts *facts);

/* The PMU of that name or type; NULL when there is none or nobody knows. */
const struct pmu_fact *facts_pmu(const struct facts *facts, const char *name);
const struct pmu_fact *facts_pmu_type(const struct facts *facts, uint32_t type);
const struct pmu_fact *facts_pmu_cpu(const struct facts *facts);

/* Whether the caller's capability counts for perf: effective, and in the initial user namespace. */
bool facts_capable(const struct facts *facts, unsigned capability);

/* Pure parsers of what the kernel shows; NUL-terminated text of any bytes. */

/* A sysctl's text as a number within [min, max]; absurd otherwise. */
struct fact facts_sysctl(const char *text, int64_t min, int64_t max);

/* "6.12.117" inside a release or a distribution's version; absurd when there is none. */
struct fact facts_kernel(const char *text);

/* The maker's gate and the true release from uname's version and /proc/version_signature ("" when
 * there is none); `base` gets the release as text. */
void facts_maker(struct facts *facts, const char *signature);

/* "none [integrity] confidentiality" */
struct fact facts_lockdown(const char *text);

#endif
