#ifndef ACCESS_CALLER_H
#define ACCESS_CALLER_H

/*
 * On whose behalf perfbox runs, where that is not who it is: the caller of a file with set-id bits
 * or capabilities (getauxval(3), AT_SECURE), or the one behind sudo.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* First thing: with set-id bits or capabilities of the file in force, ids become the caller's and
 * nothing is effective; what was permitted stays for caller_raise() with `keeps`, else it is gone.
 * 0 or -errno. */
int caller_begin(bool keeps);

/* From now on it is so whoever runs perfbox. */
void caller_aside(void);

/* What measuring takes, and nothing that opens files, becomes effective; and back. Both do nothing
 * where caller_begin() did nothing and caller_aside() was not called. */
void caller_raise(void);
void caller_lower(void);

/* Whom files made now belong to: real root under sudo works for who called it. False, and -1 and
 * -1: for itself. sudo's SUDO_UID and SUDO_GID are believed of root only. */
bool caller_files(uid_t *uid, gid_t *gid);

#endif
