#include "access/caller.h"
#include "base/message.h"
#include "base/out.h"
#include "base/start.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
	bool link;  /* --install makes a link of this name, and it runs when called by it */
	bool keeps; /* it measures or shows what the capabilities of perfbox's own file allow */
};

static const struct command commands[] = {
	{ "caps", cmd_caps, "who may do more than an ordinary user", false, true },
	{ "capsh", cmd_capsh, "show and change capabilities, then run a shell", true, false },
	{ "check", cmd_check, "tell who may see what here, why not, and the smallest fix", false,
		true },
	{ "getcap", cmd_getcap, "show the capabilities of files", true, false },
	{ "getpcaps", cmd_getpcaps, "show the capabilities of processes", true, true },
	{ "grant", cmd_grant, "let a group run a file with the least capabilities", false, false },
	{ "inspect", cmd_inspect, "tell what a recording holds and what sharing it reveals", false,
		false },
	{ "list", cmd_list, "name the events that this machine has", false, false },
	{ "record", cmd_record, "sample a command, processes or the system to a file", false,
		true },
	{ "recover", cmd_recover, "take what is whole from a recording that was cut off", false,
		false },
	{ "report", cmd_report, "show where the samples of a recording fell", false, false },
	{ "script", cmd_script, "write every sample as text", false, false },
	{ "scrub", cmd_scrub, "make a recording that tells less, to be shared", false, false },
	{ "setcap", cmd_setcap, "give files capabilities", true, false },
	{ "shell", cmd_shell, "a shell with a monitoring capability for the user behind sudo",
		false, false },
	{ "stat", cmd_stat, "count events of a command, processes or the system", false, true },
	{ "top", cmd_top, "watch live where the machine spends its time", false, true },
	{ "version", cmd_version, "tell the version", false, false },
};

#define COUNT (sizeof(commands) / sizeof(*commands))

static const char usage[] =
	"Usage: perfbox COMMAND [OPTION...]\n"
	"       perfbox --list           name the commands\n"
	"       perfbox --install DIR    make links in DIR: perf, and commands known by name\n"
	"\n"
	"Commands (each explains itself with --help):\n";

/* The next command of this build from `c` on, or NULL. */
static const struct command *built(const struct command *c)
{
	while (c < commands + COUNT && !c->run)
		c++;
	return c < commands + COUNT ? c : NULL;
}

static const struct command *find(const char *name)
{
	for (const struct command *c = built(commands); c; c = built(c + 1))
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int help(void)
{
	static struct out out;

	out_begin(&out, STDOUT_FILENO);
	out_string(&out, usage);
	for (const struct command *c = built(commands); c; c = built(c + 1))
		out_printf(&out, "  %-10s %s\n", c->name, c->summary);
	return out_flush(&out) ? 1 : 0;
}

static int list(void)
{
	static struct out out;

	out_begin(&out, STDOUT_FILENO);
	for (const struct command *c = built(commands); c; c = built(c + 1))
		out_printf(&out, "%s\n", c->name);
	return out_flush(&out) ? 1 : 0;
}

/* A symbolic link, so that file capabilities of the one binary hold for every name. */
static int install_link(const char *self, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return message_fail("--install %s: the path is too long", dir);
	if (symlink(self, path) == 0 || errno == EEXIST)
		return 0;
	return message_fail("--install: cannot make %s: %s", path, strerror(errno));
}

static int install(const char *dir)
{
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int status;

	if (size < 0)
		return message_fail("--install: where perfbox lies is not known (/proc/self/exe: "
				    "%s); is /proc mounted?",
			strerror(errno));
	self[size] = 0;
	status = install_link(self, dir, "perf");
	for (const struct command *c = built(commands); c; c = built(c + 1))
		if (c->link && !status)
			status = install_link(self, dir, c->name);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	int err = caller_begin(command->keeps);

	message_command(command->name);
	if (err)
		return message_fail(
			"the caller's own rights cannot be taken on: %s", strerror(-err));
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const struct command *command = argc > 0 ? find(slash ? slash + 1 : argv[0]) : NULL;

	start_protect();
	if (command && command->link)
		return run(command, argc, argv);
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help();
	if (!strcmp(argv[1], "--list"))
		return list();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-v"))
		return cmd_version(argc, argv);
	if (!strcmp(argv[1], "--install") && argc == 3)
		return install(argv[2]);
	command = find(argv[1]);
	if (!command)
		return message_usage("'%s' is not a command; see perfbox --help", argv[1]);
	return run(command, argc - 1, argv + 1);
}
