#ifndef ACCESS_SANDBOX_H
#define ACCESS_SANDBOX_H

/*
 * What a command gives up, for good, before it looks at bytes that others made: capabilities, the
 * way back to them, most system calls, most of the file system, core dumps. A system call that is
 * not on its list ends the process with SIGSYS. Sources: capabilities(7), prctl(2), seccomp(2),
 * landlock(7). Nothing here prints. The process must have a single thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What is still to be done afterwards; computing, reading and writing what is open always is. */
enum sandbox_use {
	SANDBOX_OPENS = 1 << 0,	   /* opens and lists files, for reading */
	SANDBOX_REPLACES = 1 << 1, /* removes and renames files in the output's directory */
	SANDBOX_MAKES = 1 << 2,	   /* makes files there */
	SANDBOX_RECORDS = 1 << 3,  /* waits for rings, controls events, waits for its command */
	SANDBOX_SCREEN = 1 << 4,   /* a terminal's modes, keys and size; stops itself */
	SANDBOX_RAISES = 1 << 5,   /* makes `keeps` effective and lowers it again */
	SANDBOX_ALWAYS = 1 << 7,   /* what every use has; need not be asked for */
};

struct sandbox_wish {
	unsigned use;
	int output_dir;	  /* the one place for SANDBOX_REPLACES and _MAKES; -1: none */
	const int *reads; /* with SANDBOX_OPENS: directories below which files may be read */
	unsigned read_count;
	pid_t child;	/* the only one that may be signalled, or 0 */
	uint64_t keeps; /* capabilities that stay permitted, not effective; then no Landlock */
	uid_t uid;	/* work on files as this user and group; -1: as the real ones */
	gid_t gid;
};

/* Each step's errno, 0 where it was done. Only `caps` is fatal. */
struct sandbox {
	int caps;     /* capabilities are left, or the user could not be changed */
	int bounding; /* the bounding set and the securebits stay: it takes CAP_SETPCAP */
	int core;     /* core dumps and ptrace by the same user stay possible */
	int no_new_privs;
	int seccomp;  /* ENOSYS, EINVAL: the kernel has none */
	int landlock; /* ENOSYS, EOPNOTSUPP: the kernel has none (5.13 began), or it is off */
	int landlock_abi;
	unsigned calls; /* system calls allowed, some for certain arguments only */
};

/* 0, or -errno: then capabilities are left and nothing from outside may be looked at. */
int sandbox_enter(struct sandbox *sandbox, const struct sandbox_wish *wish);

#define SANDBOX_FILTER_MAX 256

struct sandbox_instruction { /* struct sock_filter of linux/filter.h */
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t value;
};

/* The system call filter of a wish, SANDBOX_FILTER_MAX instructions at most; how many. `calls`
 * counts the system calls in it. */
unsigned sandbox_filter(
	struct sandbox_instruction *filter, const struct sandbox_wish *wish, unsigned *calls);

#endif
