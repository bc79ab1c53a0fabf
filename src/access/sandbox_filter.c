#include "access/sandbox.h"

#include "arch.h"
#include "data/abi.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* linux/bpf_common.h, linux/seccomp.h, linux/audit.h */
#define LOAD 0x20
#define JUMP_EQUAL 0x15
#define JUMP_ANY_BIT 0x45
#define RETURN 0x06
#define KILL_PROCESS 0x80000000u
#define ALLOW 0x7fff0000u
#define AT_CALL 0
#define AT_ARCH 4
#define AT_ARGUMENT(n) (16 + 8 * (n)) /* its low half: these machines are little-endian */
#define AUDIT_ARCH(elf_machine) ((elf_machine) | 0xc0000000u)

/* What is asked of one argument, and which that is. */
enum test {
	ANY,
	IS,    /* the second is the value */
	CLEAR, /* none of the value's bits is set in the third */
	CHILD, /* the first is the command's process */
};
static const uint8_t argument_of[] = { [IS] = 1, [CLEAR] = 2, [CHILD] = 0 };

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* One row per system call and, where not everything may be asked of it, per argument allowed. What
 * happens most often stands first. */
static const struct rule {
	uint16_t call;
	uint8_t use;
	uint8_t test;
	uint32_t value;
} rules[] = {
	{ SYS_pread64, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_read, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_ppoll, SANDBOX_RECORDS, ANY, 0 },
	{ SYS_pwritev, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_writev, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_write, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_pwrite64, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_lseek, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_fstat, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_ftruncate, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_close, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_fcntl, SANDBOX_ALWAYS, IS, F_SETFD },
	{ SYS_fcntl, SANDBOX_OPENS, IS, F_DUPFD_CLOEXEC },
	{ SYS_mmap, SANDBOX_ALWAYS, CLEAR, PROT_EXEC },
	{ SYS_munmap, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_madvise, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_clock_gettime, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_rt_sigreturn, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_restart_syscall, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_exit, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_exit_group, SANDBOX_ALWAYS, ANY, 0 },
	{ SYS_openat, SANDBOX_OPENS, CLEAR, WRITING },
	{ SYS_openat, SANDBOX_MAKES, ANY, 0 },
	{ SYS_faccessat, SANDBOX_OPENS, ANY, 0 },
	{ SYS_newfstatat, SANDBOX_OPENS, ANY, 0 },
	{ SYS_readlinkat, SANDBOX_OPENS, ANY, 0 },
	{ SYS_getdents64, SANDBOX_OPENS, ANY, 0 },
	{ SYS_uname, SANDBOX_OPENS, ANY, 0 },
	{ SYS_unlinkat, SANDBOX_REPLACES, ANY, 0 },
	{ SYS_renameat, SANDBOX_REPLACES, ANY, 0 },
	{ SYS_fsync, SANDBOX_RECORDS, ANY, 0 },
	{ SYS_fdatasync, SANDBOX_RECORDS, ANY, 0 },
	{ SYS_ioctl, SANDBOX_RECORDS, IS, PERF_EVENT_IOC_ENABLE },
	{ SYS_ioctl, SANDBOX_RECORDS, IS, PERF_EVENT_IOC_DISABLE },
	{ SYS_ioctl, SANDBOX_RECORDS, IS, PERF_EVENT_IOC_PAUSE_OUTPUT },
	{ SYS_ioctl, SANDBOX_RECORDS, IS, PERF_EVENT_IOC_ID },
	{ SYS_wait4, SANDBOX_RECORDS, ANY, 0 },
	{ SYS_rt_sigprocmask, SANDBOX_RECORDS, ANY, 0 },
	{ SYS_kill, SANDBOX_RECORDS, CHILD, 0 },
	{ SYS_ioctl, SANDBOX_SCREEN, IS, TCGETS },
	{ SYS_ioctl, SANDBOX_SCREEN, IS, TCSETS },
	{ SYS_ioctl, SANDBOX_SCREEN, IS, TIOCGWINSZ },
	{ SYS_epoll_ctl, SANDBOX_SCREEN, ANY, 0 },
	{ SYS_getrusage, SANDBOX_SCREEN, ANY, 0 },
	{ SYS_tkill, SANDBOX_SCREEN, IS, SIGSTOP },
	{ SYS_capget, SANDBOX_RAISES, ANY, 0 },
	{ SYS_capset, SANDBOX_RAISES, ANY, 0 },
};

struct filter {
	struct sandbox_instruction *at;
	uint32_t child;
	unsigned calls;
	uint32_t last; /* call: rows of one stand together */
};

static void put(struct filter *filter, uint16_t code, int if_true, int if_false, uint32_t value)
{
	*filter->at++ =
		(struct sandbox_instruction){ code, (uint8_t)if_true, (uint8_t)if_false, value };
}

/* Allows `call`, of which the row's argument is `earlier` places nearer. */
static void allow(struct filter *filter, const struct rule *rule, uint32_t call, unsigned earlier)
{
	bool clear = rule->test == CLEAR;

	filter->calls += call != filter->last;
	filter->last = call;
	put(filter, JUMP_EQUAL, 0, rule->test == ANY ? 1 : 4, call);
	if (rule->test != ANY) {
		put(filter, LOAD, 0, 0, AT_ARGUMENT(argument_of[rule->test] - earlier));
		put(filter, clear ? JUMP_ANY_BIT : JUMP_EQUAL, clear, !clear,
			rule->test == CHILD ? filter->child : rule->value);
	}
	put(filter, RETURN, 0, 0, ALLOW);
	if (rule->test != ANY)
		put(filter, LOAD, 0, 0, AT_CALL);
}

unsigned sandbox_filter(
	struct sandbox_instruction *to, const struct sandbox_wish *wish, unsigned *calls)
{
	struct filter filter = { .at = to, .child = (uint32_t)wish->child };

	put(&filter, LOAD, 0, 0, AT_ARCH);
	put(&filter, JUMP_EQUAL, 1, 0, AUDIT_ARCH(arch_host->elf_machine));
	put(&filter, RETURN, 0, 0, KILL_PROCESS);
	put(&filter, LOAD, 0, 0, AT_CALL);
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		const struct rule *rule = &rules[i];

		if (!(rule->use & (wish->use | SANDBOX_ALWAYS)) ||
			(rule->test == CHILD && !wish->child))
			continue;
		allow(&filter, rule, rule->call, 0);
		for (const struct arch_call *c = arch_old_calls; c->now; c++)
			if (c->now == rule->call)
				allow(&filter, rule, c->old, 1);
	}
	put(&filter, RETURN, 0, 0, KILL_PROCESS);
	*calls = filter.calls;
	return (unsigned)(filter.at - to);
}
