#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

/*
 * What an administrator allows callers who are not root, such as the members of a group that may
 * run perfbox with capabilities. The one file that perfbox reads by itself; there is none as a
 * rule. Lines: a comment after '#', nothing, or "max-category N", at most once, with N as record
 * --max-category takes it.
 */

#include <stddef.h>
#include <stdint.h>

#define POLICY_PATH "/etc/perfbox.policy"

struct policy {
	char max_category[8]; /* as written, or "" */
	uint32_t line;	      /* of what is malformed, from 1 */
	int error;	      /* errno of POLICY_UNREADABLE */
};

enum policy_status {
	POLICY_OK,
	POLICY_ABSENT,
	POLICY_UNTRUSTED, /* not root's, or others may write it, or no regular file: not honoured */
	POLICY_MALFORMED, /* at `line` */
	POLICY_UNREADABLE, /* it is there, and what it allows is not known */
};

/* Pure; bytes of any kind. POLICY_OK or POLICY_MALFORMED. */
enum policy_status policy_parse(struct policy *policy, const void *bytes, size_t size);

enum policy_status policy_read(struct policy *policy, const char *path);

#endif
