#include "cmd/caps_option.h"
#include "cmd/cmd.h"

#include "access/become.h"
#include "access/hazard.h"
#include "access/users.h"
#include "base/arena.h"
#include "base/environment.h"
#include "base/message.h"
#include "base/number.h"
#include "base/option.h"
#include "base/out.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox shell [--caps LIST] [--user NAME] [-- SHELL-ARGUMENT...]\n"
	"       perfbox shell --print-setup [--caps LIST]\n"
	"\n"
	"Started by root, most often through sudo: becomes the user who called sudo and runs that\n"
	"user's login shell (or the shell with the arguments given) with the capabilities as "
	"ambient\n"
	"ones, so that whatever is run from there has them, and nothing, set-id programs "
	"included,\n"
	"gains more. As capsh --iab=^cap_perfmon --secbits=239 --user=$SUDO_USER -- -l, but each "
	"step\n"
	"is read back, and the environment is a new one (TERM, LANG and LC_* are kept).\n"
	"\n";

#define MEMORY_BYTES (8 << 20)

/* NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE set, these and KEEP_CAPS (clear) locked. */
#define SECUREBITS 239u

static const char *caps_text, *user_name;
static bool print_setup;

static const struct option options[] = {
	{ OPTION_STRING, 0, "caps", &caps_text, "LIST",
		"default cap_perfmon, before Linux 5.9 cap_sys_ptrace too", NULL },
	{ OPTION_STRING, 'u', "user", &user_name, "NAME", "default: who called sudo ($SUDO_USER)",
		NULL },
	{ OPTION_FLAG, 0, "print-setup", &print_setup, NULL,
		"print the script, the sudoers line and the check; change nothing", NULL },
	{ .kind = OPTION_END },
};

static struct user user;
static struct environment environment;
static struct facts facts;
static struct hazards hazards;
static gid_t groups[BECOME_GROUPS_MAX];
static int group_count;

/* Who called sudo, as far as sudo's two variables agree. */
static int find_name(const char **name)
{
	*name = user_name ? user_name : getenv("SUDO_USER");
	if (*name && **name)
		return 0;
	return message_fail("%s; start it through sudo, or name the user with --user",
		user_name ? "--user is empty" : "SUDO_USER is not set: nobody to become");
}

static int check_sudo_uid(void)
{
	const char *text = getenv("SUDO_UID");
	uint64_t uid;

	if (user_name || !text || (!number_u64(text, &uid) && uid == user.uid))
		return 0;
	return message_fail("SUDO_USER is %s (%u in /etc/passwd), but SUDO_UID is %s: refused",
		user.name, user.uid, text);
}

static int find_user(void)
{
	static struct users users;
	struct arena arena = { 0 };
	const char *name;
	int err;

	if (find_name(&name))
		return 1;
	err = arena_reserve(&arena, MEMORY_BYTES);
	if (!err)
		err = users_load(&users, "/etc", &arena);
	if (err)
		return message_fail("cannot read /etc/passwd and /etc/group: %s", strerror(-err));
	if (!user_find(&users, name, &user))
		return message_fail("user %s is not in /etc/passwd%s: refused", name,
			users_elsewhere(&users, "passwd")
				? " (and a directory service cannot be asked from here)"
				: "");
	if (user.uid == 0)
		return message_fail(
			"user %s is root: refused; the shell is for an ordinary user", name);
	group_count = user_groups(&users, &user, groups, BECOME_GROUPS_MAX);
	if (group_count < 0)
		return message_fail(
			"user %s is in more than %d groups: refused", name, BECOME_GROUPS_MAX);
	return check_sudo_uid();
}

/* What must be permitted before the first step, so that the last cannot fail for want of it. */
static int check_caller(uint64_t set)
{
	uint64_t needed = set | CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID);
	char lacks[CAPTEXT_BYTES];
	struct caps caps = { 0 };

	caps_self(&caps);
	if (!(needed & ~caps.permitted))
		return 0;
	caps_list(lacks, sizeof(lacks), needed & ~caps.permitted);
	if (set & ~facts.caps_all)
		return message_fail("this kernel does not know %s: refused", lacks);
	return message_fail("%s: not permitted here%s; start it as root, through sudo", lacks,
		needed & ~caps.permitted & ~caps.bounding
			? ", nor in the bounding set of this session (a container's engine must "
			  "add it)"
			: "");
}

/* What would make the shell useless, though it starts. */
static void warn(uint64_t set)
{
	static const unsigned bits[] = { HAZARD_USER_NS, HAZARD_GATE };

	hazards_of_caller(&hazards, &facts, set);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (hazards.found & bits[i])
			message("warning: %s", hazard_text(bits[i]));
	if (hazards.found & HAZARD_NO_NEW_PRIVS)
		message("warning: no_new_privs is set here: in the shell sudo will not work, and "
			"files' "
			"capabilities count for nothing");
}

/* After the ids: nothing is permitted but the set, and all that exec keeps is in place. */
static int settle(uint64_t set)
{
	struct caps caps = { .effective = set, .permitted = set, .inheritable = set };
	unsigned bits;
	int err = caps_set(&caps);

	if (!err)
		err = caps_self(&caps);
	if (!err)
		err = securebits_get(&bits);
	if (err)
		return err;
	return caps.effective == set && caps.permitted == set && caps.inheritable == set &&
			       caps.ambient == set && bits == SECUREBITS
		       ? 0
		       : -EPERM;
}

/* In this order: ambient before the bit that forbids raising it, that before the ids, which take
 * the right to set it away. */
static int become(uint64_t set)
{
	struct caps_iab iab = { .inheritable = set, .ambient = set };
	int err = become_iab(&iab);
	const char *step = "the ambient set";

	if (!err) {
		step = "the securebits (239)";
		err = become_raise(CAP_BIT(CAP_SETPCAP));
	}
	if (!err)
		err = securebits_set(SECUREBITS);
	if (!err) {
		step = "the user and groups";
		err = become_user(user.uid, user.gid, groups, group_count);
	}
	if (!err) {
		step = "the sets as they should be now";
		err = settle(set);
	}
	return err ? message_fail("cannot get %s: %s; no shell was started", step, strerror(-err))
		   : 0;
}

static void make_environment(const char *shell)
{
	static const char *const keep[] = { "TERM", "COLORTERM", "LANG", "LANGUAGE", "LC_*", NULL };

	environment_take(&environment, environ, keep);
	environment_set(&environment, "HOME", user.home);
	environment_set(&environment, "USER", user.name);
	environment_set(&environment, "LOGNAME", user.name);
	environment_set(&environment, "SHELL", shell);
	environment_set(&environment, "PATH", "/usr/local/bin:/usr/bin:/bin");
}

/* Descriptors that root had open are not the user's: kernels before 5.9 have no close_range(2). */
static void close_rest(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (!syscall(SYS_close_range, 3, ~0u, 0))
		return;
	for (int fd = 3; fd < most && fd < 65536; fd++)
		close(fd);
}

static int run_shell(char **arguments, int count)
{
	static char plain[] = "/bin/sh", login[] = "-l";
	char *argv[256] = { user.shell[0] ? user.shell : plain, login };

	if (count > (int)(sizeof(argv) / sizeof(argv[0])) - 2)
		return message_fail("more than %zu arguments", sizeof(argv) / sizeof(argv[0]) - 2);
	for (int i = 0; i < count; i++)
		argv[i + 1] = arguments[i];
	make_environment(argv[0]);
	if (environment.refused)
		message("%d variables found no room in the environment", environment.refused);
	close_rest();
	execve(argv[0], argv, environment.at);
	return message_fail("cannot run the shell %s: %s", argv[0], strerror(errno));
}

static int setup(uint64_t set)
{
	static struct out out;
	char self[PATH_MAX] = "/usr/bin/perfbox", list[CAPTEXT_BYTES];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0)
		self[n] = 0;
	caps_list(list, sizeof(list), set);
	out_begin(&out, STDOUT_FILENO);
	out_string(&out, "# 1. /usr/local/bin/perf.shell, owned by root, mode 0755:\n"
			 "#!/bin/sh\nexec '");
	out_text(&out, self);
	out_printf(&out, "' shell --caps %s\n\n", list);
	out_string(&out,
		"# 2. the line in /etc/sudoers.d/perf.shell (visudo -f); the \"\" allows no\n"
		"# arguments, without it all would be allowed:\n"
		"%perf_users ALL=(root) /usr/local/bin/perf.shell \"\"\n\n"
		"# 3. a member of perf_users checks, inside the shell:\n"
		"#    $ sudo /usr/local/bin/perf.shell\n"
		"#    $ grep Cap /proc/self/status\n");
	out_printf(&out,
		"# CapInh: %016" PRIx64 "\n# CapPrm: %016" PRIx64 "\n# CapEff: %016" PRIx64
		"\n# CapBnd: %016" PRIx64 "\n# CapAmb: %016" PRIx64 "\n",
		set, set, set, facts.who.caps.bounding, set);
	return out_flush(&out) ? 1 : 0;
}

/* Split where "--" stands: what is before it may be no operand. */
static int parse(int argc, char **argv)
{
	int own = 1;

	while (own < argc && strcmp(argv[own], "--"))
		own++;
	int count = option_parse(own, argv, options, usage, false);

	if (count < 0)
		return count;
	if (count > 0)
		return -message_usage("'%s': arguments for the shell stand behind --", argv[0]);
	return own < argc ? own + 1 : argc;
}

int cmd_shell(int argc, char **argv)
{
	int first = parse(argc, argv), status;
	uint64_t set;

	if (first < 0)
		return -first;
	if (become_caller())
		return message_fail("cannot give up the capabilities of perfbox's own file");
	facts_read(&facts);
	status = caps_option(caps_text, &facts, &set);
	if (status)
		return status;
	if (print_setup)
		return setup(set);
	status = find_user();
	if (!status)
		status = check_caller(set);
	if (status)
		return status;
	warn(set);
	status = become(set);
	return status ? status : run_shell(argv + first, argc - first);
}
