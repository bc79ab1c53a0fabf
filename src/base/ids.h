#ifndef BASE_IDS_H
#define BASE_IDS_H

/*
 * The user and groups of this process. The C library would change them in every thread, with 2 KiB
 * of signals and semaphores; here there is one thread. As setresuid(2), setresgid(2) and
 * setgroups(2): 0, or -1 and errno; an id of -1 stays.
 */

#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int ids_set_user(uid_t real, uid_t effective, uid_t saved)
{
	return (int)syscall(SYS_setresuid, real, effective, saved);
}

static inline int ids_set_group(gid_t real, gid_t effective, gid_t saved)
{
	return (int)syscall(SYS_setresgid, real, effective, saved);
}

static inline int ids_set_groups(size_t count, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, count, groups);
}

#endif
