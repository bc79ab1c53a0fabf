#ifndef ACCESS_RULES_H
#define ACCESS_RULES_H

/*
 * The kernel's checks in front of perf_event_open(2), as a pure function of facts: what is asked
 * and what is known about the machine and the caller give what the kernel will say, and which
 * layer says it. The checks stand in the kernel's own order (kernel/events/core.c), since the first
 * one that refuses decides on the errno. Where a fact is missing the answer is "unknown".
 */

#include "access/facts.h"
#include "data/abi.h"

enum layer {
	LAYER_NONE,
	LAYER_KERNEL,	  /* built without perf events */
	LAYER_SECCOMP,	  /* a system call filter */
	LAYER_GATE,	  /* Debian's and Ubuntu's own check */
	LAYER_PARANOID,	  /* kernel.perf_event_paranoid */
	LAYER_CAPABILITY, /* needed at every paranoid level */
	LAYER_USER_NS,	  /* capabilities of a user namespace do not count */
	LAYER_PTRACE,	  /* someone else's task */
	LAYER_LSM,	  /* SELinux and the like */
	LAYER_LOCKDOWN,
	LAYER_KPTR,	   /* kernel.kptr_restrict */
	LAYER_HARDWARE,	   /* no such PMU, or it cannot do that */
	LAYER_EVENT,	   /* no such event, or attributes that do not go together */
	LAYER_RATE,	   /* kernel.perf_event_max_sample_rate */
	LAYER_DESCRIPTORS, /* RLIMIT_NOFILE */
	LAYER_MEMORY,	   /* perf_event_mlock_kb and RLIMIT_MEMLOCK */
	LAYER_TARGET,	   /* no such task, CPU or cgroup */
	LAYER_BUSY,
	LAYER_UNKNOWN,
	LAYERS,
};

/* "paranoid", as the JSON says it. */
const char *layer_name(enum layer layer);

/* "kernel.perf_event_paranoid", as a sentence names it. */
const char *layer_text(enum layer layer);

enum request_target {
	TARGET_SELF,
	TARGET_TASK,   /* another task */
	TARGET_SYSTEM, /* all tasks on a CPU */
	TARGET_CGROUP,
};

/* PMUs whose type number differs from kernel to kernel. */
enum special {
	SPECIAL_NONE,
	SPECIAL_KPROBE,
	SPECIAL_UPROBE,
	SPECIAL_AUX,	/* a PMU with an AUX area: Intel PT, BTS, SPE, CoreSight */
	SPECIAL_FTRACE, /* the ftrace:function tracepoint */
};

struct request {
	struct perf_event_attr attr;
	enum request_target target;
	enum special special;
	const struct identity *task; /* of TARGET_TASK; NULL: nothing is known about it */
	bool hidden; /* the task is not dumpable, as set-id and capable programs are */
};

enum outcome {
	ALLOWED,
	REFUSED,
	UNKNOWN,
};

struct ruling {
	enum outcome outcome;
	enum layer layer;
	int error;	 /* errno of a refusal; -1: the caller is killed */
	const char *why; /* static text; "" when allowed */
};

struct ruling rules_open(const struct facts *facts, const struct request *request);

/* Whether /proc/kallsyms shows addresses; `error` is 0, it shows zeroes instead. */
struct ruling rules_kallsyms(const struct facts *facts);

/* What would open a refused request, smallest first; a set, all of it is needed. */
enum fix {
	FIX_USER_ONLY = 1 << 0,	 /* the event with :u */
	FIX_SECCOMP = 1 << 1,	 /* the filter must let perf_event_open pass */
	FIX_INITIAL_NS = 1 << 2, /* run outside the user namespace */
	FIX_PERFMON = 1 << 3,
	FIX_SYSLOG = 1 << 4,
	FIX_PTRACE = 1 << 5,
	FIX_ADMIN = 1 << 6,
	FIX_PARANOID_2 = 1 << 7, /* the administrator lowers it to 2 */
	FIX_IPC_LOCK = 1 << 8,
	FIX_KPTR = 1 << 9,	   /* kptr_restrict to 1 */
	FIX_NO_LOCKDOWN = 1 << 10, /* only a boot without it helps */
};

/* The smallest set of fixes after which the rules allow the request; 0 when none does, or none is
 * needed. With `narrower` asking for less (:u) counts as a fix. */
unsigned rules_fix(const struct facts *facts, const struct request *request, bool narrower);
/* What the kernel would still answer to a caller with every privilege. */
struct ruling rules_beyond(const struct facts *facts, const struct request *request);

unsigned rules_fix_kallsyms(const struct facts *facts);

/* Whether CAP_PERFMON exists, whether it spares one the ptrace check, whether uprobes need
 * CAP_SYS_ADMIN on this kernel: 1, 0 or unknown. */
struct fact rules_has_perfmon(const struct facts *facts);
struct fact rules_has_ptrace_bypass(const struct facts *facts);
struct fact rules_uprobe_admin(const struct facts *facts);

/* What some kernels count as the kernel's scope, and some do not: text_poke records, and call
 * chains of user samples without exclude_callchain_kernel. */
bool rules_near_kernel(const struct request *request);

/* The PMU that fills AUX areas here, or NULL. */
const struct pmu_fact *rules_aux_pmu(const struct facts *facts);

#endif
