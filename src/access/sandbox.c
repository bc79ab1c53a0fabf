#include "access/sandbox.h"

#include "access/caps.h"
#include "base/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h */
#define LANDLOCK_VERSION 1u
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_READ (1u << 2 | 1u << 3)	   /* files, directories */
#define LANDLOCK_REPLACE (1u << 5 | 1u << 8)	   /* remove, make files: what rename(2) needs */
#define LANDLOCK_MAKE (LANDLOCK_REPLACE | 1u << 1) /* and write them */
#define LANDLOCK_TRUNCATE (1u << 14)		   /* ABI 3 */

/* linux/seccomp.h */
#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_SPEC_ALLOW 4u /* no slower branches for it: this is no virtual machine */

/* Without both the caller, or whoever reads its memory, learns what was recorded. */
static int forbid_core(void)
{
	const struct rlimit none = { 0, 0 };

	if (prlimit(0, RLIMIT_CORE, &none, NULL) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return errno;
	return 0;
}

static int empty_bounding(void)
{
	const unsigned bits = SECUREBIT_ALL & ~SECUREBIT_KEEP_CAPS;
	int err = 0;

	for (unsigned i = 0; i <= caps_last() && !err; i++)
		if (caps_bounding_has(i))
			err = caps_bounding_drop(i);
	return err ? -err : -securebits_set(bits);
}

/* The real id stays: a command that runs as root can still be told to end. */
static int change_user(const struct sandbox_wish *wish)
{
	bool other = wish->uid != (uid_t)-1;
	uid_t uid = other ? wish->uid : getuid();
	gid_t gid = other ? wish->gid : getgid();

	if ((other && ids_set_groups(1, &gid)) || ids_set_group((gid_t)-1, gid, gid) ||
		ids_set_user((uid_t)-1, uid, uid))
		return errno;
	return 0;
}

static int empty_caps(uint64_t keeps)
{
	struct caps wanted = { 0 }, left = { 0 };
	int err = caps_get(0, &left);

	wanted.permitted = left.permitted & keeps;
	if (!err)
		err = caps_set(&wanted);
	caps_ambient_clear();
	if (!err)
		err = caps_get(0, &left);
	if (!err && ((left.permitted & ~keeps) | left.effective | left.inheritable))
		err = -EPERM;
	return -err;
}

static int allow(int rules, int dir, uint64_t access)
{
	struct {
		uint64_t access;
		int32_t dir;
	} __attribute__((packed)) beneath = { access, dir };

	return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &beneath, 0);
}

static int add_rules(int rules, const struct sandbox_wish *wish, uint64_t handled)
{
	uint64_t writes = wish->use & SANDBOX_MAKES	 ? LANDLOCK_MAKE | LANDLOCK_TRUNCATE
			  : wish->use & SANDBOX_REPLACES ? LANDLOCK_REPLACE
							 : 0;
	int status = 0;

	for (unsigned i = 0; wish->use & SANDBOX_OPENS && i < wish->read_count && !status; i++)
		status = allow(rules, wish->reads[i], LANDLOCK_READ);
	if (!status && writes && wish->output_dir >= 0)
		status = allow(rules, wish->output_dir, writes & handled);
	return status;
}

/* The rules as a descriptor, or -errno. Everything the kernel knows is denied but what is added. */
static int make_rules(struct sandbox *sandbox, const struct sandbox_wish *wish)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION), rules;
	uint64_t handled = (1u << (abi > 2 ? 15 : 12 + abi)) - 1;

	if (abi < 1)
		return abi < 0 ? -errno : -ENOSYS;
	sandbox->landlock_abi = abi;
	rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	return rules < 0 ? -errno : add_rules(rules, wish, handled) ? -errno : rules;
}

static int restrict_files(struct sandbox *sandbox, const struct sandbox_wish *wish)
{
	/* Landlock would hide other tasks, which are what such capabilities are kept for */
	int rules = wish->keeps ? -ECANCELED : make_rules(sandbox, wish), err = 0;

	if (rules < 0)
		return -rules;
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		err = errno;
	close(rules);
	return err;
}

static int install_filter(struct sandbox *sandbox, const struct sandbox_wish *wish)
{
	struct sandbox_instruction filter[SANDBOX_FILTER_MAX];
	struct {
		uint16_t size;
		struct sandbox_instruction *filter;
	} program = { (uint16_t)sandbox_filter(filter, wish, &sandbox->calls), filter };

	/* 4.17 began to know the flag */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_SPEC_ALLOW, &program) &&
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return errno;
	return 0;
}

int sandbox_enter(struct sandbox *sandbox, const struct sandbox_wish *wish)
{
	*sandbox = (struct sandbox){ .core = forbid_core() };
	sandbox->bounding = empty_bounding();
	sandbox->caps = change_user(wish);
	if (!sandbox->caps)
		sandbox->caps = empty_caps(wish->keeps);
	if (sandbox->caps)
		return -sandbox->caps;
	/* a changed user makes the process dumpable as the machine's administrator likes it */
	if (!sandbox->core)
		sandbox->core = forbid_core();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		sandbox->no_new_privs = errno;
	sandbox->landlock = restrict_files(sandbox, wish);
	sandbox->seccomp = install_filter(sandbox, wish);
	return 0;
}
