#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

/*
 * Who a task is, as procfs tells it: ids, capability sets, and what limits them. Read from
 * /proc/PID/status (proc(5)); the name in it was chosen by the task and is not to be trusted.
 */

#include "access/caps.h"

#include <sys/types.h>

enum identity_known {
	IDENTITY_UIDS = 1 << 0,
	IDENTITY_GIDS = 1 << 1,
	IDENTITY_CAPS = 1 << 2, /* all five sets */
	IDENTITY_NO_NEW_PRIVS = 1 << 3,
	IDENTITY_SECCOMP = 1 << 4,
	IDENTITY_USER_NS = 1 << 5,
};

/* The inode number of the initial user namespace (include/linux/proc_ns.h). */
#define USER_NS_INITIAL 0xEFFFFFFDu

struct identity {
	unsigned known; /* which of the fields below were there */
	char name[64];	/* escapes of procfs undone; may hold any byte but NUL */
	pid_t pid, thread_group;
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	struct caps caps;
	bool has_memory;  /* false for kernel threads and zombies */
	int no_new_privs; /* 0 or 1 */
	int seccomp;	  /* 0 none, 1 strict, 2 filter */
	uint64_t user_ns; /* inode number; see USER_NS_INITIAL */
};

/* Reads a status file's text (NUL-terminated, any bytes). Pure. 0, or -EINVAL when it holds none
 * of what we look for. */
int identity_parse(const char *status, struct identity *identity);

/* Reads /proc/PID/status and /proc/PID/ns/user; pid 0 is the caller. 0 or -errno (-ENOENT or
 * -ESRCH when the task is gone). The namespace of another user's task may stay unknown. */
int identity_read(pid_t pid, struct identity *identity);

/* Whether the task could do anything that an ordinary user's process cannot: a capability in a
 * set that counts, or a root id. */
bool identity_privileged(const struct identity *identity);

#endif
