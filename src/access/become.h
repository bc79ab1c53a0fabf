#ifndef ACCESS_BECOME_H
#define ACCESS_BECOME_H

/*
 * Changing what the calling process is and may do, step by step, as capsh(1) and a capability shell
 * need it. Every call is checked by reading back what the kernel holds afterwards, and returns 0 or
 * -errno; after a failure the process is in between and must not run anything. The process must
 * have a single thread.
 */

#include "access/captext.h"

#include <stdint.h>
#include <sys/types.h>

/* Gives up what the capabilities or set-id bits of perfbox's own file gave, so that a command that
 * hands out privilege hands out none but its caller's. Nothing happens where there are none. */
int become_caller(void);

/* Makes permitted capabilities effective for the step that follows. -EPERM where one of `set` is
 * not permitted; what was effective stays so. */
int become_raise(uint64_t set);

/* Sets the effective set to `effective`, other sets untouched. */
int become_effective(uint64_t effective);

/* Inheritable and ambient become just what the tuple says, the blocked leave the bounding set, in
 * the order the kernel wants (inheritable before ambient). Capabilities that the kernel does not
 * know are left out. The effective set is as it was afterwards. */
int become_iab(const struct caps_iab *iab);

#define BECOME_GROUPS_MAX 1024

/* The supplementary groups, BECOME_GROUPS_MAX at most; it takes CAP_SETGID effective. */
int become_groups(const gid_t *groups, int count);

/* Real, effective and saved ids and all groups become these; permitted stays, effective is empty
 * afterwards. */
int become_user(uid_t uid, gid_t gid, const gid_t *groups, int count);

#endif
