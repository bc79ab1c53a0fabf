#include "arch.h"

#include <sys/syscall.h>

const struct arch *const arch_host = &arch_x86_64;

const struct arch_call arch_old_calls[] = {
	{ SYS_openat, SYS_open },
	{ SYS_newfstatat, SYS_stat },
	{ SYS_newfstatat, SYS_lstat },
	{ SYS_readlinkat, SYS_readlink },
	{ SYS_faccessat, SYS_access },
	{ SYS_unlinkat, SYS_unlink },
	{ SYS_renameat, SYS_rename },
	{ SYS_ppoll, SYS_poll },
	{ 0, 0 },
};
