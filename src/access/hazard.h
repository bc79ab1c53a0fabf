#ifndef ACCESS_HAZARD_H
#define ACCESS_HAZARD_H

/*
 * What makes capabilities useless or dangerous, though setting them works: where the file lies, who
 * else could change it, and what the caller is. Rules: capabilities(7), execve(2), and for perf the
 * gates of the kernel (facts.h).
 */

#include "access/facts.h"
#include "access/filecap.h"

#include <limits.h>
#include <stdint.h>

enum hazard {
	/* of a file: it gives nothing here */
	HAZARD_NOSUID = 1 << 0,
	HAZARD_NOEXEC = 1 << 1,
	HAZARD_SCRIPT = 1 << 2,	    /* the interpreter counts, not the file */
	HAZARD_ROOTID = 1 << 3,	    /* set for another user namespace */
	HAZARD_NO_MODE = 1 << 4,    /* nobody may execute it */
	HAZARD_NO_PROGRAM = 1 << 5, /* neither an ELF program nor a script */
	/* of a file: others could use or change it */
	HAZARD_FILE_WRITABLE = 1 << 6,
	HAZARD_FILE_OWNER = 1 << 7, /* the owner is not root and may write it */
	HAZARD_DIR_WRITABLE = 1 << 8,
	HAZARD_LINKS = 1 << 9,	    /* it has other names */
	HAZARD_EVERYBODY = 1 << 10, /* all users may execute it */
	HAZARD_ACL = 1 << 11,	    /* an access list may let more users in than the mode says */
	/* of the caller: what it runs gains nothing, or fails */
	HAZARD_NO_NEW_PRIVS = 1 << 12,
	HAZARD_BOUNDING = 1 << 13,
	HAZARD_USER_NS = 1 << 14,
	/* of the kernel: CAP_PERFMON is not asked for */
	HAZARD_GATE = 1 << 15,
	HAZARD_OLD_KERNEL = 1 << 16,
};

#define HAZARDS_USELESS_FILE                                                                       \
	(HAZARD_NOSUID | HAZARD_NOEXEC | HAZARD_SCRIPT | HAZARD_ROOTID | HAZARD_NO_MODE |          \
		HAZARD_NO_PROGRAM)

struct hazards {
	unsigned found;
	uint64_t missing;	  /* capabilities the bounding set lacks */
	char path[PATH_MAX];	  /* the file, absolute, as the kernel sees it; "" when not known */
	char directory[PATH_MAX]; /* the first that others may write */
};

/* Looks at an open file as if it had `filecap`. */
void hazards_of_file(struct hazards *hazards, int fd, const struct filecap *filecap);

/* Looks at the caller and the kernel for a set of capabilities. */
void hazards_of_caller(struct hazards *hazards, const struct facts *facts, uint64_t set);

/* A sentence for messages: what is wrong and what to do. One bit at a time. */
const char *hazard_text(enum hazard hazard);

#endif
