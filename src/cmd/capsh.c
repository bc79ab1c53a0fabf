#include "cmd/cmd.h"

#include "access/become.h"
#include "access/captext.h"
#include "access/identity.h"
#include "access/users.h"
#include "base/arena.h"
#include "base/environment.h"
#include "base/message.h"
#include "base/number.h"
#include "base/out.h"
#include "base/words.h"
#include "view/privilege.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char usage[] =
	"Usage: capsh [OPTION...] [-- SHELL-ARGUMENT...]\n"
	"\n"
	"Shows and changes what a process may do, in the order of the options, up to the first\n"
	"failure (status 1). \"--\" runs the shell with what is left and the rest of the "
	"arguments.\n"
	"\n"
	"  --help               this text\n"
	"  --print              show capabilities, securebits and ids\n"
	"  --current            show capabilities only\n"
	"  --mode               name the state of securebits and sets\n"
	"  --decode=HEX         show a set of /proc/PID/status by name\n"
	"  --explain=CAP        what a capability is for\n"
	"  --supports=CAP       fail unless this kernel knows it\n"
	"  --has-p=CAP          fail unless it is permitted\n"
	"  --has-i=CAP          fail unless it is inheritable\n"
	"  --has-a=CAP          fail unless it is ambient\n"
	"  --has-b=CAP          fail unless it is in the bounding set\n"
	"  --has-ambient        fail unless this kernel has ambient ones\n"
	"  --has-no-new-privs   fail unless no_new_privs is set\n"
	"  --is-uid=ID          fail unless this is the user id\n"
	"  --is-gid=ID          fail unless this is the group id\n"
	"  --iab=IAB            set inheritable, ambient (^), blocked (!)\n"
	"  --caps=CAPS          set effective, permitted, inheritable\n"
	"  --inh=LIST           set inheritable\n"
	"  --drop=LIST          drop from the bounding set\n"
	"  --addamb=LIST        add to ambient\n"
	"  --delamb=LIST        take from ambient\n"
	"  --noamb              clear ambient\n"
	"  --secbits=N          set securebits\n"
	"  --keep=0/1           keep capabilities over a change of user id\n"
	"  --no-new-privs       never gain by exec from here on\n"
	"  --uid=ID             set the user ids\n"
	"  --gid=ID             set the group ids\n"
	"  --groups=LIST        set the other groups\n"
	"  --user=NAME          become that user with all its groups\n"
	"  --noenv              leave HOME and USER as they are with --user\n"
	"  --shell=PATH         the shell that -- runs\n"
	"  --strict             do not make CAP_SETPCAP effective unasked\n"
	"  --quiet              nothing: for libcap's sake\n"
	"\n"
	"Spelling, output and status are those of libcap's capsh. It differs in that numbers too\n"
	"large, hexadecimal digits that are none, and lists where one name is wanted are refused; "
	"in\n"
	"the words of messages and of --explain; in that the shell is /bin/sh where there is no\n"
	"/bin/bash; and it has no --mode=, --inmode=, --chroot=, --cap-uid=, --forkfor=, "
	"--killit=, ==,\n"
	"=+ and -+.\n";

#define MEMORY_BYTES (4 << 20)

static struct out out;
static struct environment environment;
static struct users users;
static const char *shell;
static bool strict, no_environment;

static int load_users(void)
{
	static struct arena arena;
	int err = arena.base ? 0 : arena_reserve(&arena, MEMORY_BYTES);

	if (!err && !users.passwd.at)
		err = users_load(&users, "/etc", &arena);
	return err ? message_fail("cannot read /etc/passwd and /etc/group: %s", strerror(-err)) : 0;
}

/* Output so far comes before a message or another program's output. */
static int fail_flush(void)
{
	return out_flush(&out) ? 1 : 0;
}

static int take_number(const char *option, const char *value, uint64_t most, uint64_t *number)
{
	if (number_u64(value, number) || *number > most)
		return message_fail(
			"%s%s: a number from 0 to %" PRIu64 " is wanted", option, value, most);
	return 0;
}

static int take_capability(const char *value, unsigned *number)
{
	int n = cap_number(value, strlen(value));

	*number = (unsigned)n;
	return n < 0 ? message_fail("'%s' is not a capability", value) : 0;
}

static int take_list(const char *value, uint64_t *set)
{
	struct captext_error error;

	*set = 0;
	if (!*value || !captext_parse_list(value, caps_last(), set, &error))
		return 0;
	return message_fail("'%s': %s at '%.40s'", value, error.why, error.at);
}

/* libcap's capsh makes CAP_SETPCAP effective where it needs it, but for --strict. */
static uint64_t lend_setpcap(void)
{
	struct caps caps = { 0 };

	caps_get(0, &caps);
	if (!strict)
		become_raise(CAP_BIT(CAP_SETPCAP));
	return caps.effective;
}

static int decode(int unused, const char *value)
{
	(void)unused;
	char list[CAPTEXT_BYTES], *end;
	uint64_t set;

	errno = 0;
	set = strtoull(value, &end, 16);
	if (errno || *end || strpbrk(value, "+- "))
		return message_fail("--decode=%s: up to 16 hexadecimal digits are wanted, as in "
				    "/proc/PID/status",
			value);
	caps_list(list, sizeof(list), set);
	out_printf(&out, "0x%016" PRIx64 "=", set);
	out_string(&out, list);
	out_char(&out, '\n');
	return 0;
}

static int explain(int unused, const char *value)
{
	(void)unused;
	unsigned number;

	if (take_capability(value, &number))
		return 1;
	out_printf(&out, "%s (%u) [/proc/self/status:CapXXX: 0x%016" PRIx64 "]\n",
		cap_name(number) ? cap_name(number) : "<unsupported>", number, CAP_BIT(number));
	if (cap_name(number))
		out_printf(&out, "\n    Allows a process to %s.\n", cap_meaning(number));
	return 0;
}

enum set {
	PERMITTED,
	INHERITABLE,
	AMBIENT,
	BOUNDING,
	KNOWN
};

static int has(int which, const char *value)
{
	static const char what[] = "permitted\0inheritable\0ambient\0in the bounding set\0"
				   "known to this kernel\0";
	struct caps caps = { 0 };
	unsigned number;

	if (take_capability(value, &number))
		return 1;
	caps_self(&caps);
	const uint64_t sets[] = { caps.permitted, caps.inheritable, caps.ambient, caps.bounding,
		caps_all() };

	return sets[which] & CAP_BIT(number)
		       ? 0
		       : message_fail("%s is not %s", value, words_at(what, (unsigned)which));
}

static int has_ambient(int unused, const char *value)
{
	(void)unused;
	(void)value;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0) >= 0
		       ? 0
		       : message_fail("this kernel has no ambient capabilities (before 4.3)");
}

static int has_no_new_privs(int unused, const char *value)
{
	(void)unused;
	(void)value;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
		       ? 0
		       : message_fail("no_new_privs is not set");
}

static int set_no_new_privs(int unused, const char *value)
{
	(void)unused;
	(void)value;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		       ? message_fail("--no-new-privs: %s", strerror(errno))
		       : 0;
}

static int set_iab(int unused, const char *value)
{
	(void)unused;
	struct captext_error error;
	struct caps_iab iab;
	int err;

	if (captext_parse_iab(value, &iab, &error))
		return message_fail("--iab=%s: %s at '%.40s'", value, error.why, error.at);
	err = become_iab(&iab);
	return err ? message_fail("--iab=%s: %s; ambient ones must be permitted, and it takes "
				  "CAP_SETPCAP",
			     value, strerror(-err))
		   : 0;
}

static int set_caps(int unused, const char *value)
{
	(void)unused;
	struct captext_error error;
	struct caps caps;
	int err;

	if (captext_parse(value, caps_last(), &caps, &error))
		return message_fail("--caps=%s: %s at '%.40s'", value, error.why, error.at);
	lend_setpcap();
	err = caps_set(&caps);
	return err ? message_fail("--caps=%s: %s; permitted ones cannot be gained", value,
			     strerror(-err))
		   : 0;
}

static int set_inheritable(int unused, const char *value)
{
	(void)unused;
	uint64_t set, effective;
	struct caps caps;
	int err;

	if (take_list(value, &set))
		return 1;
	effective = lend_setpcap();
	err = caps_get(0, &caps);
	caps.inheritable = set;
	caps.effective = effective;
	if (!err)
		err = caps_set(&caps);
	return err ? message_fail("--inh=%s: %s; none may be new to the bounding set", value,
			     strerror(-err))
		   : 0;
}

enum change {
	DROP,
	ADD_AMBIENT,
	DEL_AMBIENT
};

static int change_one(int what, unsigned number)
{
	return what == DROP	     ? caps_bounding_drop(number)
	       : what == ADD_AMBIENT ? caps_ambient_raise(number)
				     : caps_ambient_lower(number);
}

/* One call per capability of the list. */
static int change(int what, const char *value)
{
	static const char options[] = "--drop\0--addamb\0--delamb\0";
	uint64_t set, effective = 0;
	int err = 0;

	if (take_list(value, &set))
		return 1;
	if (what == DROP)
		effective = lend_setpcap();
	for (unsigned i = 0; i < CAP_BITS && !err; i++) {
		err = set & CAP_BIT(i) ? change_one(what, i) : 0;
		if (err)
			message_fail("%s=%s: capability %u: %s", words_at(options, (unsigned)what),
				value, i, strerror(-err));
	}
	if (what == DROP)
		become_effective(effective);
	return err ? 1 : 0;
}

static int no_ambient(int unused, const char *value)
{
	(void)unused;
	int err = caps_ambient_clear();

	(void)value;
	return err ? message_fail("--noamb: %s", strerror(-err)) : 0;
}

static int set_secbits(int unused, const char *value)
{
	(void)unused;
	uint64_t bits;
	int err;

	if (take_number("--secbits=", value, UINT32_MAX, &bits))
		return 1;
	err = securebits_set((unsigned)bits);
	return err ? message_fail("--secbits=%s: %s; locked bits stay, and it takes an effective "
				  "CAP_SETPCAP",
			     value, strerror(-err))
		   : 0;
}

static int set_keep(int unused, const char *value)
{
	(void)unused;
	uint64_t keep;

	if (take_number("--keep=", value, 1, &keep))
		return 1;
	return prctl(PR_SET_KEEPCAPS, keep, 0, 0, 0)
		       ? message_fail("--keep=%s: %s", value, strerror(errno))
		       : 0;
}

enum id {
	UID,
	GID
};

static int set_id(int which, const char *value)
{
	const char *option = which == UID ? "--uid=" : "--gid=";
	uint64_t id;

	if (take_number(option, value, UINT32_MAX - 1, &id))
		return 1;
	return (which == UID ? syscall(SYS_setuid, id) : syscall(SYS_setgid, id))
		       ? message_fail("%s%s: %s", option, value, strerror(errno))
		       : 0;
}

static int is_id(int which, const char *value)
{
	uint32_t own = which == UID ? getuid() : getgid();
	uint64_t id;

	if (take_number(which == UID ? "--is-uid=" : "--is-gid=", value, UINT32_MAX, &id))
		return 1;
	return own == id ? 0
			 : message_fail("the %s is %" PRIu32 ", not %s",
				   which == UID ? "uid" : "gid", own, value);
}

static int take_group(const char *at, size_t size, gid_t *gid)
{
	char name[USER_TEXT_BYTES];
	struct group group;
	uint64_t number;

	if (size >= sizeof(name))
		return message_fail("--groups=: a name is too long");
	memcpy(name, at, size);
	name[size] = 0;
	if (group_find(&users, name, &group))
		*gid = group.gid;
	else if (!number_u64(name, &number) && number < UINT32_MAX)
		*gid = (gid_t)number;
	else
		return message_fail("'%s' is no group in /etc/group%s", name,
			users_elsewhere(&users, "group") ? "; one of a directory service must be "
							   "given by number"
							 : "");
	return 0;
}

static int set_groups(int unused, const char *value)
{
	(void)unused;
	gid_t list[BECOME_GROUPS_MAX];
	int count = 0, err;

	if (load_users())
		return 1;
	while (*value) {
		size_t size = strcspn(value, ",");

		if (count == BECOME_GROUPS_MAX)
			return message_fail("--groups=: more than %d groups", BECOME_GROUPS_MAX);
		if (size && take_group(value, size, &list[count++]))
			return 1;
		value += size + (value[size] == ',');
	}
	err = become_groups(list, count);
	return err ? message_fail("--groups=: %s", strerror(-err)) : 0;
}

static int set_user(int unused, const char *value)
{
	(void)unused;
	static struct user user;
	gid_t list[BECOME_GROUPS_MAX];
	int count, err;

	if (load_users())
		return 1;
	if (!user_find(&users, value, &user))
		return message_fail("--user=%s: no such user in /etc/passwd%s", value,
			users_elsewhere(&users, "passwd")
				? "; a directory service cannot be asked from here"
				: "");
	count = user_groups(&users, &user, list, BECOME_GROUPS_MAX);
	err = count < 0 ? count : become_user(user.uid, user.gid, list, count);
	if (err)
		return message_fail("--user=%s: %s", value, strerror(-err));
	if (no_environment)
		return 0;
	environment_set(&environment, "HOME", user.home);
	environment_set(&environment, "USER", user.name);
	return 0;
}

static int set_shell(int unused, const char *value)
{
	(void)unused;
	shell = value;
	return 0;
}

enum flag {
	STRICT,
	NO_ENVIRONMENT,
	QUIET
};

static int set_flag(int which, const char *value)
{
	(void)value;
	if (which == STRICT)
		strict = !strict;
	if (which == NO_ENVIRONMENT)
		no_environment = true;
	return 0;
}

enum view {
	ALL,
	CURRENT,
	MODE
};

static int show(int what, const char *value)
{
	const char *mode = privilege_mode();

	(void)value;
	if (what == MODE)
		out_printf(&out, "Mode: %.*s\n", (int)strcspn(mode, " "), mode);
	if (what == CURRENT)
		privilege_current(&out);
	if (what == ALL && !load_users())
		privilege_print(&out, &users);
	return 0;
}

static int help(int unused, const char *value)
{
	(void)unused;
	(void)value;
	out_string(&out, usage);
	fail_flush();
	exit(0);
}

/* A name that ends in '=' takes a value; `what` tells apart what one function does. */
static const struct step {
	char name[20];
	int what;
	int (*run)(int what, const char *value);
} steps[] = {
	{ "--help", 0, help },
	{ "-h", 0, help },
	{ "--print", ALL, show },
	{ "--current", CURRENT, show },
	{ "--mode", MODE, show },
	{ "--decode=", 0, decode },
	{ "--explain=", 0, explain },
	{ "--supports=", KNOWN, has },
	{ "--has-p=", PERMITTED, has },
	{ "--has-i=", INHERITABLE, has },
	{ "--has-a=", AMBIENT, has },
	{ "--has-b=", BOUNDING, has },
	{ "--has-ambient", 0, has_ambient },
	{ "--has-no-new-privs", 0, has_no_new_privs },
	{ "--is-uid=", UID, is_id },
	{ "--is-gid=", GID, is_id },
	{ "--iab=", 0, set_iab },
	{ "--caps=", 0, set_caps },
	{ "--inh=", 0, set_inheritable },
	{ "--drop=", DROP, change },
	{ "--addamb=", ADD_AMBIENT, change },
	{ "--delamb=", DEL_AMBIENT, change },
	{ "--noamb", 0, no_ambient },
	{ "--secbits=", 0, set_secbits },
	{ "--keep=", 0, set_keep },
	{ "--no-new-privs", 0, set_no_new_privs },
	{ "--uid=", UID, set_id },
	{ "--gid=", GID, set_id },
	{ "--groups=", 0, set_groups },
	{ "--user=", 0, set_user },
	{ "--noenv", NO_ENVIRONMENT, set_flag },
	{ "--shell=", 0, set_shell },
	{ "--strict", STRICT, set_flag },
	{ "--quiet", QUIET, set_flag },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static int run_shell(char **argv)
{
	const char *path = shell ? shell : access("/bin/bash", X_OK) ? "/bin/sh" : "/bin/bash";

	if (fail_flush())
		return 1;
	argv[0] = (char *)(uintptr_t)path;
	execve(path, argv, environment.at);
	return message_fail("cannot run %s: %s", path, strerror(errno));
}

static int step(const char *arg)
{
	for (size_t i = 0; i < STEPS; i++) {
		size_t size = strlen(steps[i].name);
		bool value = steps[i].name[size - 1] == '=';

		if (value ? !strncmp(arg, steps[i].name, size) : !strcmp(arg, steps[i].name))
			return steps[i].run(steps[i].what, arg + size);
	}
	return message_fail("option '%s' is not known; see capsh --help", arg);
}

int cmd_capsh(int argc, char **argv)
{
	int status = 0;

	if (become_caller())
		return message_fail("cannot give up the capabilities of perfbox's own file");
	out_begin(&out, STDOUT_FILENO);
	environment_take(&environment, environ, NULL);
	for (int i = 1; i < argc && !status; i++) {
		if (!strcmp(argv[i], "--"))
			return run_shell(argv + i);
		status = step(argv[i]);
	}
	return fail_flush() ? 1 : status;
}
