#include "access/caller.h"

#include "access/become.h"
#include "access/caps.h"
#include "base/ids.h"
#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#define MEASURES                                                                                   \
	(CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_PTRACE) |                 \
		CAP_BIT(CAP_SYSLOG) | CAP_BIT(CAP_IPC_LOCK) | CAP_BIT(CAP_SYS_RESOURCE))

static bool aside; /* privileges are kept, but not in effect */

int caller_begin(bool keeps)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (!getauxval(AT_SECURE))
		return 0;
	if (!keeps)
		return become_caller();
	/* the saved id stays root's, without which a set-id file's capabilities would go */
	if (ids_set_group((gid_t)-1, gid, gid) || ids_set_user((uid_t)-1, uid, (uid_t)-1))
		return -errno;
	aside = true;
	return become_effective(0);
}

void caller_aside(void)
{
	aside = true;
}

static void make_effective(uint64_t wanted)
{
	struct caps caps;

	if (!aside || caps_get(0, &caps))
		return;
	caps.effective = caps.permitted & wanted;
	caps_set(&caps);
}

void caller_raise(void)
{
	make_effective(MEASURES);
}

void caller_lower(void)
{
	make_effective(0);
}

static bool read_id(const char *name, uint32_t *id)
{
	const char *text = getenv(name);
	uint64_t value;

	if (!text || number_u64(text, &value) || value >= UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

bool caller_files(uid_t *uid, gid_t *gid)
{
	bool known = !getuid() && !getauxval(AT_SECURE) && read_id("SUDO_UID", uid) &&
		     read_id("SUDO_GID", gid) && *uid;

	if (!known)
		*uid = *gid = (uint32_t)-1;
	return known;
}
