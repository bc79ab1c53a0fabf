#include "cmd/cmd.h"

#include "access/captext.h"
#include "access/hazard.h"
#include "access/least.h"
#include "access/ownership.h"
#include "access/survey.h"
#include "access/users.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/message.h"
#include "base/number.h"
#include "base/option.h"
#include "base/out.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox caps [-v] [PID...|FILE...|--all]\n"
	"\n"
	"Shows who may do more than an ordinary user: processes with their capability sets, and "
	"what\n"
	"limits them; files with their capabilities, and whether those count here. Without "
	"operands:\n"
	"itself. NEEDED is what monitoring the whole system asks for, EXCESS how many capabilities "
	"are\n"
	"permitted that no use of perf has. A FILE whose name is a number is written ./NUMBER.\n"
	"\n";

#define MEMORY_BYTES (8 << 20)

static bool all, verbose;

static const struct option options[] = {
	{ OPTION_FLAG, 'a', "all", &all, NULL, "every process that may do more", NULL },
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "name needed and excess capabilities",
		NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct users users;
static struct facts facts;
static bool header_shown;

static struct {
	unsigned ordinary, kernel, unreadable;
} skipped;

static void show_list(const char *head, uint64_t set)
{
	char text[CAPTEXT_BYTES];

	caps_list(text, sizeof(text), set);
	out_string(&out, head);
	out_string(&out, *text ? text : "none");
	out_char(&out, '\n');
}

static uint64_t excess(uint64_t permitted)
{
	return permitted & ~(SURVEY_USEFUL | least_caps(&facts));
}

static const char *short_name(uint64_t held)
{
	uint64_t set = held & least_caps(&facts);
	const char *name = set ? cap_name(63u - (unsigned)__builtin_clzll(set)) : NULL;

	return name ? name + strlen("cap_") : "-";
}

static void show_header(void)
{
	if (!header_shown)
		out_string(&out,
			"    PID USER         NAME            NNP SECCOMP USER NS  NEEDED    "
			"EXCESS SETS\n");
	header_shown = true;
}

static const char *user_name(const struct identity *who, char *number, size_t cap)
{
	static struct user user;

	if (!(who->known & IDENTITY_UIDS))
		return "?";
	if (user_find_id(&users, who->euid, &user))
		return user.name;
	snprintf(number, cap, "%u", who->euid);
	return number;
}

static const char *seccomp_word(const struct identity *who)
{
	static const char *const words[] = { "no", "strict", "filter" };

	return !(who->known & IDENTITY_SECCOMP) || who->seccomp > 2 ? "?" : words[who->seccomp];
}

/* The sets in one line: what is as usual (nothing ambient, everything in the bounding set) is not
 * said. */
static void show_sets(const struct caps *caps)
{
	uint64_t lacking = facts.caps_all & ~caps->bounding;
	char text[CAPTEXT_BYTES];

	captext_print(text, sizeof(text), caps, caps_last());
	out_string(&out, text);
	if (caps->ambient) {
		caps_list(text, sizeof(text), caps->ambient);
		out_string(&out, "; ambient ");
		out_string(&out, text);
	}
	if (lacking) {
		caps_list(text, sizeof(text), lacking);
		out_string(&out, lacking == facts.caps_all ? "; bounding set empty"
							   : "; bounding set lacks ");
		out_string(&out, lacking == facts.caps_all ? "" : text);
	}
	out_char(&out, '\n');
}

static void show_own_securebits(const struct identity *who)
{
	unsigned bits;

	if (who->pid != getpid() || securebits_get(&bits))
		return;
	out_printf(&out, "        securebits 0x%x%s%s%s%s\n", bits,
		bits & SECUREBIT_NOROOT ? " noroot" : "",
		bits & SECUREBIT_NO_SETUID_FIXUP ? " no-setuid-fixup" : "",
		bits & SECUREBIT_KEEP_CAPS ? " keep-caps" : "",
		bits & SECUREBIT_NO_AMBIENT_RAISE ? " no-ambient-raise" : "");
}

static void show_process(const struct identity *who)
{
	char number[16], ns[16] = "other";
	const struct caps *caps = &who->caps;

	show_header();
	out_printf(&out, "%7d ", who->pid);
	out_column(&out, user_name(who, number, sizeof(number)), 12);
	out_char(&out, ' ');
	out_column(&out, who->name, 15);
	if (!(who->known & IDENTITY_USER_NS))
		snprintf(ns, sizeof(ns), "?");
	else if (who->user_ns == USER_NS_INITIAL)
		snprintf(ns, sizeof(ns), "initial");
	out_printf(&out, " %-3s %-7s %-8s %-9s %6d ",
		!(who->known & IDENTITY_NO_NEW_PRIVS) ? "?"
		: who->no_new_privs		      ? "yes"
						      : "no",
		seccomp_word(who), ns, short_name(caps->permitted),
		__builtin_popcountll(excess(caps->permitted)));
	show_sets(caps);
	show_own_securebits(who);
	if (!verbose)
		return;
	show_list(
		"        for monitoring: ", caps->permitted & (SURVEY_USEFUL | least_caps(&facts)));
	show_list("        excess:         ", excess(caps->permitted));
}

static bool beyond_ordinary(const struct identity *who)
{
	return identity_privileged(who) || who->caps.inheritable || who->ruid != who->euid ||
	       who->rgid != who->egid;
}

static int one_process(pid_t pid, const char *name)
{
	struct identity who;
	int err = identity_read(pid, &who);

	if (!err)
		show_process(&who);
	return !err ? 0
		    : message_fail("process %s: %s", name,
			      err == -ENOENT || err == -ESRCH ? "there is no such process"
							      : strerror(-err));
}

static void one_of_all(pid_t pid)
{
	struct identity who;
	int err = identity_read(pid, &who);

	if (err == -ENOENT || err == -ESRCH)
		return;
	if (err)
		skipped.unreadable++;
	else if (!who.has_memory)
		skipped.kernel++;
	else if (!beyond_ordinary(&who))
		skipped.ordinary++;
	else
		show_process(&who);
}

static int every_process(void)
{
	static struct dir dir;
	const char *name;
	int err = dir_open(&dir, "/proc");

	if (err)
		return message_fail("cannot read /proc: %s; is it mounted?", strerror(-err));
	while ((name = dir_next(&dir))) {
		uint64_t pid;

		if (!number_u64(name, &pid) && pid <= INT_MAX)
			one_of_all((pid_t)pid);
	}
	dir_close(&dir);
	out_printf(&out, "not shown: %u processes of ordinary users, %u kernel threads and zombies",
		skipped.ordinary, skipped.kernel);
	if (skipped.unreadable)
		out_printf(&out, ", %u that could not be read", skipped.unreadable);
	out_string(
		&out, "\n(securebits of other processes are told to nobody; threads may differ)\n");
	return 0;
}

static void show_hazards(struct hazards *hazards)
{
	const unsigned none = HAZARDS_USELESS_FILE | HAZARD_NO_NEW_PRIVS | HAZARD_BOUNDING;

	out_printf(&out, "    counts here: %s\n", hazards->found & none ? "no" : "yes");
	for (unsigned bit = 1; bit <= hazards->found; bit <<= 1) {
		if (!(hazards->found & bit))
			continue;
		out_printf(
			&out, "    %s %s", bit & none ? "because" : "careful:", hazard_text(bit));
		if (bit == HAZARD_DIR_WRITABLE) {
			out_string(&out, ": ");
			out_text(&out, hazards->directory);
		}
		out_char(&out, '\n');
	}
}

static void show_file(int fd, const char *path, const struct ownership *file)
{
	static struct hazards hazards;
	static struct user user;
	static struct group group;
	char text[CAPTEXT_BYTES];
	struct caps caps;

	out_text(&out, path);
	out_printf(&out, ": mode %04o, user %u (", (unsigned)file->mode, file->uid);
	out_text(&out, user_find_id(&users, file->uid, &user) ? user.name : "?");
	out_printf(&out, "), group %u (", file->gid);
	out_text(&out, group_find_id(&users, file->gid, &group) ? group.name : "?");
	if (!file->has_caps) {
		out_string(&out, "), no capabilities\n");
		return;
	}
	filecap_to_caps(&file->filecap, &caps);
	captext_print(text, sizeof(text), &caps, caps_last());
	out_string(&out, "), ");
	out_string(&out, text);
	if (file->filecap.rootid)
		out_printf(&out, " [rootid=%" PRIu32 "]", file->filecap.rootid);
	out_char(&out, '\n');
	show_list("    for monitoring: ", caps.permitted & (SURVEY_USEFUL | least_caps(&facts)));
	show_list("    excess: ", excess(caps.permitted));
	hazards = (struct hazards){ 0 };
	hazards_of_file(&hazards, fd, &file->filecap);
	hazards_of_caller(&hazards, &facts, caps.permitted);
	show_hazards(&hazards);
}

static int one_file(const char *path)
{
	struct ownership file;
	int fd = filecap_open(path), err = fd < 0 ? fd : ownership_read(fd, &file);

	if (!err)
		show_file(fd, path, &file);
	if (fd >= 0)
		close(fd);
	return err ? message_fail("%s: %s", path, filecap_why(err)) : 0;
}

static int one(const char *operand)
{
	uint64_t pid;

	if (!number_u64(operand, &pid) && pid <= INT_MAX)
		return one_process((pid_t)pid, operand);
	return one_file(operand);
}

static int load(void)
{
	static struct arena arena;
	int err = arena_reserve(&arena, MEMORY_BYTES);

	if (!err)
		err = users_load(&users, "/etc", &arena);
	facts_read(&facts);
	return err ? message_fail("cannot read /etc/passwd and /etc/group: %s", strerror(-err)) : 0;
}

int cmd_caps(int argc, char **argv)
{
	int count = option_parse(argc, argv, options, usage, false), status;

	if (count < 0)
		return -count;
	if (all && count)
		return message_usage("--all takes no PID and no FILE");
	status = load();
	if (status)
		return status;
	out_begin(&out, STDOUT_FILENO);
	if (all)
		status = every_process();
	else if (!count)
		status = one_process(0, "itself");
	for (int i = 0; i < count; i++)
		status |= one(argv[i]);
	return out_flush(&out) ? 1 : status;
}
