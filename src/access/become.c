#include "access/become.h"
#include "base/ids.h"

#include <errno.h>
#include <grp.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

int become_effective(uint64_t effective)
{
	struct caps caps;
	int err = caps_get(0, &caps);

	caps.effective = effective;
	if (!err)
		err = caps_set(&caps);
	if (!err)
		err = caps_get(0, &caps);
	return err ? err : caps.effective == effective ? 0 : -EPERM;
}

int become_raise(uint64_t set)
{
	struct caps caps;
	int err = caps_get(0, &caps);

	if (err || !(set & ~caps.effective))
		return err;
	return set & ~caps.permitted ? -EPERM : become_effective(caps.effective | set);
}

static int inheritable(uint64_t set)
{
	struct caps caps;
	int err = caps_get(0, &caps);

	caps.inheritable = set;
	if (!err)
		err = caps_set(&caps);
	if (!err)
		err = caps_get(0, &caps);
	return err ? err : caps.inheritable == set ? 0 : -EPERM;
}

static int drop(uint64_t set)
{
	for (unsigned i = 0; i <= caps_last(); i++) {
		int err = set & CAP_BIT(i) && caps_bounding_has(i) ? caps_bounding_drop(i) : 0;

		if (err)
			return err;
	}
	return 0;
}

static int ambient(uint64_t set)
{
	for (unsigned i = 0; i <= caps_last(); i++) {
		bool wanted = set & CAP_BIT(i);
		int err = 0;

		if (wanted != caps_ambient_has(i))
			err = wanted ? caps_ambient_raise(i) : caps_ambient_lower(i);
		if (!err && wanted != caps_ambient_has(i))
			err = -EPERM;
		if (err)
			return err;
	}
	return 0;
}

int become_caller(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	struct caps caps;
	int err;

	if (!getauxval(AT_SECURE))
		return 0;
	if (ids_set_group(gid, gid, gid) || ids_set_user(uid, uid, uid))
		return -errno;
	err = caps_get(0, &caps);
	caps.effective = caps.permitted = 0;
	return err ? err : caps_set(&caps);
}

int become_iab(const struct caps_iab *iab)
{
	struct caps before;
	int err = caps_get(0, &before);

	if (err)
		return err;
	/* Where it is not permitted it may not be needed; if it is, a step below fails. */
	if (before.permitted & CAP_BIT(CAP_SETPCAP))
		err = become_raise(CAP_BIT(CAP_SETPCAP));
	if (!err)
		err = inheritable(iab->inheritable & caps_all());
	if (!err)
		err = drop(iab->blocked);
	if (!err)
		err = ambient(iab->ambient);
	return err ? err : become_effective(before.effective);
}

static bool holds(const gid_t *groups, int count, gid_t gid)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* The kernel sorts them. */
static int check_groups(const gid_t *groups, int count)
{
	gid_t now[BECOME_GROUPS_MAX];

	if (getgroups(BECOME_GROUPS_MAX, now) != count)
		return -EPERM;
	for (int i = 0; i < count; i++)
		if (!holds(groups, count, now[i]))
			return -EPERM;
	return 0;
}

int become_groups(const gid_t *groups, int count)
{
	if (count > BECOME_GROUPS_MAX)
		return -E2BIG;
	return ids_set_groups((size_t)count, groups) ? -errno : check_groups(groups, count);
}

static int check_ids(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) || getresgid(&rgid, &egid, &sgid))
		return -errno;
	return ruid == uid && euid == uid && suid == uid && rgid == gid && egid == gid &&
			       sgid == gid
		       ? 0
		       : -EPERM;
}

/* Groups first: the right to change them may go with the user id. What is permitted survives it
 * only with KEEP_CAPS or NO_SETUID_FIXUP; where the former is locked the latter must do, and where
 * neither does the permitted set shrinks, which the caller sees. */
int become_user(uid_t uid, gid_t gid, const gid_t *groups, int count)
{
	int err = become_raise(CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID));

	if (err)
		return err;
	err = ids_set_group(gid, gid, gid) ? -errno : become_groups(groups, count);
	if (!err)
		err = become_effective(CAP_BIT(CAP_SETUID));
	if (err)
		return err;
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (ids_set_user(uid, uid, uid))
		return -errno;
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	err = become_effective(0);
	return err ? err : check_ids(uid, gid);
}
