#include "cmd/caps_option.h"
#include "cmd/cmd.h"

#include "access/become.h"
#include "access/captext.h"
#include "access/hazard.h"
#include "access/ownership.h"
#include "access/users.h"
#include "base/arena.h"
#include "base/message.h"
#include "base/option.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox grant [--group GROUP] [--caps LIST] [--dry-run] FILE\n"
	"       perfbox grant --revoke [--group GROUP] [--dry-run] FILE\n"
	"\n"
	"Lets the members of a group, and nobody else, run FILE (perfbox or perf) with the least\n"
	"capabilities that monitoring needs: makes the group where there is none, gives it the\n"
	"file, sets mode 0750, sets the capabilities last and reads them back. All of it or\n"
	"nothing: after a failure owner, mode and capabilities are what they were.\n"
	"\n"
	"--revoke takes the capabilities away, gives the file to root's group and lets all run it\n"
	"again. The group itself stays.\n"
	"\n";

#define MEMORY_BYTES (8 << 20)
#define MODE_GRANTED 0750

static const char *group_name = "perf_users", *caps_text;
static bool dry_run, revokes;

static const struct option options[] = {
	{ OPTION_STRING, 'g', "group", &group_name, "GROUP", "name or number; default perf_users",
		NULL },
	{ OPTION_STRING, 0, "caps", &caps_text, "LIST",
		"default cap_perfmon, before Linux 5.9 cap_sys_ptrace too; on request\n"
		"                              cap_syslog (kernel addresses), cap_ipc_lock (ring "
		"memory)",
		NULL },
	{ OPTION_FLAG, 'n', "dry-run", &dry_run, NULL,
		"change nothing, print shell lines that do the same", NULL },
	{ OPTION_FLAG, 0, "revoke", &revokes, NULL, "take it back", NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct users users;
static struct arena arena;
static struct facts facts;
static struct hazards hazards;

static int load_users(void)
{
	int err = arena.base ? 0 : arena_reserve(&arena, MEMORY_BYTES);

	arena_back(&arena, 0);
	if (!err)
		err = users_load(&users, "/etc", &arena);
	return err ? message_fail("cannot read /etc/passwd and /etc/group: %s", strerror(-err)) : 0;
}

static bool is_group_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	return *name && *name != '-' && *name != '.' && strlen(name) <= 32 &&
	       name[strspn(name, letters)] == 0;
}

static gid_t free_gid(void)
{
	static struct group group;
	gid_t gid = 999;

	while (gid > 100 && group_find_id(&users, gid, &group))
		gid--;
	return gid;
}

/* The system's program for making groups; NULL when there is none. */
static const char *group_program(void)
{
	static const char *const programs[] = { "/usr/sbin/groupadd", "/sbin/groupadd",
		"/usr/bin/groupadd", "/usr/sbin/addgroup", "/sbin/addgroup", "/usr/bin/addgroup",
		"/bin/addgroup" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!access(programs[i], X_OK))
			return programs[i];
	return NULL;
}

static int no_group_program(void)
{
	return message_fail(
		"group %s is not in /etc/group and there is neither groupadd nor addgroup; "
		"add the line %s:x:%u: to /etc/group, with the members behind the last colon",
		group_name, group_name, free_gid());
}

static int make_group(void)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char *empty[] = { path, NULL };
	const char *program = group_program();
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)group_name, NULL };
	int status, err;
	pid_t pid;

	if (!program)
		return no_group_program();
	err = posix_spawn(&pid, program, NULL, NULL, argv, empty);
	if (!err && waitpid(pid, &status, 0) < 0)
		err = errno;
	if (err)
		return message_fail("cannot run %s: %s", program, strerror(err));
	if (status)
		return message_fail("%s %s failed: nothing was changed", program, group_name);
	return load_users();
}

/* The group's number; `*missing` where it has yet to be made. */
static int find_group(struct group *group, bool *missing)
{
	char *end;
	unsigned long number = strtoul(group_name, &end, 10);

	*missing = false;
	if (group_find(&users, group_name, group))
		return 0;
	if (*group_name && !*end && number < UINT32_MAX) {
		if (!group_find_id(&users, (gid_t)number, group))
			*group = (struct group){ .gid = (gid_t)number };
		return 0;
	}
	if (users_elsewhere(&users, "group"))
		return message_fail("group %s is not in /etc/group; if it comes from a directory "
				    "service give its number (getent group %s)",
			group_name, group_name);
	if (!is_group_name(group_name))
		return message_usage("'%s' is no name for a group", group_name);
	*missing = true;
	return 0;
}

static const char *opens(unsigned number)
{
	switch (number) {
	case CAP_PERFMON:
		return "sees what every process and the kernel do, with registers and memory in "
		       "samples; newer kernels show it /proc/PID/maps of all";
	case CAP_SYSLOG:
		return "sees the kernel's log and its addresses (/proc/kallsyms)";
	case CAP_IPC_LOCK:
		return "maps rings, and locks memory, without any limit";
	default:
		return cap_meaning(number);
	}
}

static void say_hazards(const char *path)
{
	for (unsigned bit = 1; bit && bit <= hazards.found; bit <<= 1)
		if (hazards.found & bit & HAZARD_DIR_WRITABLE)
			message("warning: %s: %s (%s)", path, hazard_text(bit), hazards.directory);
		else if (hazards.found & bit)
			message("warning: %s: %s", path, hazard_text(bit));
}

/* In single quotes, as a shell takes it whatever it holds. */
static void out_quoted(const char *text)
{
	out_char(&out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			out_string(&out, "'\\''");
		else
			out_char(&out, *text);
	out_char(&out, '\'');
}

static void line(const char *words, const char *path)
{
	out_string(&out, words);
	out_string(&out, " -- ");
	out_quoted(path);
	out_char(&out, '\n');
}

static void setcap_line(const char *words, const char *path)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	if (n > 0)
		out_quoted(self);
	else
		out_string(&out, "perfbox");
	out_printf(&out, " setcap %s ", words);
	out_quoted(path);
	out_char(&out, '\n');
}

static void plan(const struct ownership *want, const char *group, const char *path, bool make)
{
	char words[CAPTEXT_BYTES + 16], text[CAPTEXT_BYTES];
	const char *program = group_program();
	struct caps caps;

	if (make)
		out_printf(&out, "%s %s\n", program, group);
	snprintf(words, sizeof(words), "chgrp %s", group);
	line(words, path);
	snprintf(words, sizeof(words), "chmod %04o", (unsigned)want->mode);
	line(words, path);
	if (!want->has_caps)
		return;
	filecap_to_caps(&want->filecap, &caps);
	captext_print(text, sizeof(text), &caps, caps_last());
	snprintf(words, sizeof(words), "'%s'", text);
	setcap_line(words, path);
	snprintf(words, sizeof(words), "-v '%s'", text);
	setcap_line(words, path);
}

static void say_member(const char *name, int *count)
{
	out_string(&out, (*count)++ ? ", " : "members of the group now: ");
	out_text(&out, name);
}

/* Those that the group names, and those whose own group it is. */
static void say_members(struct group group)
{
	static char name[USER_TEXT_BYTES];
	static struct user user;
	struct span text = users.passwd;
	int count = 0;

	while (group_next_member(&group, name))
		say_member(name, &count);
	while (user_next(&text, &user, &users.malformed))
		if (user.gid == group.gid)
			say_member(user.name, &count);
	if (count)
		out_string(&out, " (who must log in anew after being added)\n");
	else
		out_printf(&out, "nobody is in the group yet: usermod -aG %s NAME\n",
			group.name[0] ? group.name : group_name);
	if (users_elsewhere(&users, "group"))
		out_string(&out, "a directory service may add more\n");
}

static void say_done(const char *path, const struct ownership *now, const struct group *group)
{
	char text[CAPTEXT_BYTES];
	struct caps caps;

	filecap_to_caps(&now->filecap, &caps);
	captext_print(text, sizeof(text), &caps, caps_last());
	out_text(&out, path);
	out_printf(&out, ": group %s (%u), mode %04o, ", group->name[0] ? group->name : group_name,
		now->gid, (unsigned)now->mode);
	out_string(&out, text);
	out_char(&out, '\n');
	for (unsigned i = 0; i < CAP_BITS; i++)
		if (caps.permitted & CAP_BIT(i))
			out_printf(
				&out, "%s: %s\n", cap_name(i) ? cap_name(i) : "a number", opens(i));
}

static int apply(int fd, const char *path, const struct ownership *want)
{
	struct stat named, opened;
	bool stuck;
	int err = ownership_apply(fd, want, &stuck);

	if (err)
		return message_fail("%s: %s: %s; %s", path, ownership_step(), filecap_why(err),
			stuck ? "and what it was could not be restored: look at it"
			      : "owner, mode and capabilities are what they were");
	if (lstat(path, &named) || fstat(fd, &opened) || named.st_dev != opened.st_dev ||
		named.st_ino != opened.st_ino)
		message("warning: %s is another file now; the one that was there has the "
			"capabilities",
			path);
	return 0;
}

/* Capabilities that the steps need, so that nothing begins that cannot end. */
static int may_change(void)
{
	uint64_t needed = CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_SETFCAP);

	if (!(needed & ~facts.who.caps.effective))
		return 0;
	return message_fail(
		"changing a file's group and capabilities takes root (CAP_CHOWN, CAP_FOWNER, "
		"CAP_SETFCAP): run it through sudo; --dry-run shows the steps");
}

static int take_back(int fd, const char *path, struct ownership *want)
{
	bool had = want->has_caps;

	want->has_caps = false;
	want->gid = 0;
	want->mode |= want->mode >> 3 & 07;
	if (dry_run) {
		if (had)
			setcap_line("-r", path);
		plan(want, "0", path, false);
		return 0;
	}
	if (may_change() || apply(fd, path, want))
		return 1;
	out_text(&out, path);
	out_printf(&out, ": no capabilities, group 0, mode %04o; group %s stays\n",
		(unsigned)want->mode, group_name);
	return 0;
}

static int give(int fd, const char *path, struct ownership *want, uint64_t set)
{
	static struct group group;
	bool missing;
	int status = find_group(&group, &missing);

	if (!status && missing && !group_program())
		status = no_group_program();
	if (status)
		return status;
	want->mode = MODE_GRANTED;
	want->has_caps = true;
	want->filecap = (struct filecap){ .permitted = set, .effective = true, .version = 2 };
	if (dry_run) {
		plan(want, group_name, path, missing);
		return 0;
	}
	status = may_change();
	if (!status && missing)
		status = make_group();
	if (!status && missing && !group_find(&users, group_name, &group))
		status = message_fail("group %s was made, but is not in /etc/group", group_name);
	if (status)
		return status;
	if (missing)
		out_printf(&out, "group %s was made\n", group_name);
	want->gid = group.gid;
	status = apply(fd, path, want);
	if (!status) {
		say_done(path, want, &group);
		say_members(group);
	}
	return status;
}

static int run(int fd, const char *path)
{
	struct ownership want;
	uint64_t set = 0;
	int err = ownership_read(fd, &want), status;

	if (!err && (err = filecap_get(fd, &want.filecap)) == -ENODATA)
		err = 0;
	if (err)
		return message_fail("%s: %s", path, filecap_why(err));
	if (revokes)
		return take_back(fd, path, &want);
	status = caps_option(caps_text, &facts, &set);
	if (status)
		return status;
	hazards_of_file(&hazards, fd, &(struct filecap){ .permitted = set });
	hazards_of_caller(&hazards, &facts, set);
	if (hazards.found & (HAZARD_SCRIPT | HAZARD_NO_PROGRAM))
		return message_fail("%s: %s", path,
			hazard_text(hazards.found & (HAZARD_SCRIPT | HAZARD_NO_PROGRAM)));
	hazards.found &= ~(unsigned)(HAZARD_EVERYBODY | HAZARD_NO_MODE);
	say_hazards(path);
	return give(fd, path, &want, set);
}

int cmd_grant(int argc, char **argv)
{
	int count = option_parse(argc, argv, options, usage, false), fd, status;

	if (count < 0)
		return -count;
	if (count != 1)
		return message_usage("one FILE is wanted; see perfbox grant --help");
	if (revokes && caps_text)
		return message_usage(
			"--revoke takes all capabilities away: --caps has no place there");
	if (become_caller())
		return message_fail("cannot give up the capabilities of perfbox's own file");
	facts_read(&facts);
	status = load_users();
	if (status)
		return status;
	fd = filecap_open(argv[0]);
	if (fd < 0)
		return message_fail("%s: %s", argv[0], filecap_why(fd));
	out_begin(&out, STDOUT_FILENO);
	status = run(fd, argv[0]);
	close(fd);
	return out_flush(&out) ? 1 : status;
}
