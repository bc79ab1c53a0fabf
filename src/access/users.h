#ifndef ACCESS_USERS_H
#define ACCESS_USERS_H

/*
 * Users and groups from /etc/passwd and /etc/group (passwd(5), group(5)), in fixed memory. A static
 * program cannot ask a directory service (LDAP, SSSD, NIS), so a name not found here may still
 * exist; users_elsewhere tells when to say so. The files' bytes are not trusted: lines that are not
 * well formed are skipped and counted, as are names too long for USER_TEXT_BYTES.
 */

#include "base/arena.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define USER_TEXT_BYTES 1024

struct user {
	char name[USER_TEXT_BYTES], home[USER_TEXT_BYTES], shell[USER_TEXT_BYTES];
	uid_t uid;
	gid_t gid;
};

struct group {
	char name[USER_TEXT_BYTES];
	gid_t gid;
	struct span members; /* "name,name", see group_next_member; lies in the file's text */
};

/* The text of both files. A file that is not there is empty. */
struct users {
	struct span passwd, group, nsswitch;
	unsigned malformed; /* lines passed over by the calls below, each time they look */
};

/* Reads the files from directory `etc` ("/etc") into `arena`. 0 or -errno; -EFBIG when they do
 * not fit. */
int users_load(struct users *users, const char *etc, struct arena *arena);

/* The next well formed line of a text; false at its end. Lines of another service ("+name") are no
 * users. */
bool user_next(struct span *text, struct user *user, unsigned *malformed);
bool group_next(struct span *text, struct group *group, unsigned *malformed);

/* The next member's name; false at the end. Changes group->members. */
bool group_next_member(struct group *group, char name[USER_TEXT_BYTES]);

/* The first entry of a name or number; false when there is none. */
bool user_find(struct users *users, const char *name, struct user *user);
bool user_find_id(struct users *users, uid_t uid, struct user *user);
bool group_find(struct users *users, const char *name, struct group *group);
bool group_find_id(struct users *users, gid_t gid, struct group *group);

/* All groups of a user: its own first, then those that name it. Returns how many, or -E2BIG when
 * there are more than `cap`. */
int user_groups(struct users *users, const struct user *user, gid_t *list, int cap);

/* Whether nsswitch.conf(5) sends "passwd" or "group" look-ups anywhere but to files. */
bool users_elsewhere(const struct users *users, const char *database);

#endif
