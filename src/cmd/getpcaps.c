#include "cmd/cmd.h"

#include "access/captext.h"
#include "access/identity.h"
#include "base/message.h"
#include "base/number.h"
#include "base/option.h"
#include "base/out.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: getpcaps [--verbose|--ugly] [--iab] PID...\n"
	"\n"
	"Shows the capabilities of processes, as \"PID: CAPS\"; PID 0 is getpcaps itself.\n"
	"Output and status are those of libcap's getpcaps, but options count wherever they stand,\n"
	"and an empty PID is refused.\n"
	"\n";

static bool verbose, ugly, iab;

static const struct option options[] = {
	{ OPTION_FLAG, 0, "verbose", &verbose, NULL, "\"Capabilities for 'PID': CAPS\"", NULL },
	{ OPTION_FLAG, 0, "ugly", &ugly, NULL, "the same on standard error, as old scripts want it",
		NULL },
	{ OPTION_FLAG, 0, "legacy", &ugly, NULL, "as --ugly", NULL },
	{ OPTION_FLAG, 0, "iab", &iab, NULL,
		"inheritable, ambient and blocked capabilities too, as \"CAPS\" [IAB]", NULL },
	{ .kind = OPTION_END },
};

static struct out out, err_out;

static int iab_text(pid_t pid, char *to, size_t cap)
{
	struct identity who;
	struct caps_iab tuple;
	int err = identity_read(pid, &who);

	if (err)
		return err;
	tuple = (struct caps_iab){ who.caps.inheritable, who.caps.ambient, ~who.caps.bounding };
	captext_print_iab(to, cap, &tuple, caps_last());
	return 0;
}

static void show(const char *pid, const char *text, const char *tuple)
{
	struct out *to = ugly && !iab ? &err_out : &out;
	const char *head = iab	     ? "%s: \""
			   : ugly    ? "Capabilities for `%s': "
			   : verbose ? "Capabilities for '%s': "
				     : "%s: ";

	out_printf(to, head, pid);
	out_string(to, text);
	if (iab)
		out_string(to, "\" [");
	out_string(to, tuple);
	out_string(to, iab ? "]\n" : "\n");
}

static int one(const char *pid)
{
	char text[CAPTEXT_BYTES], tuple[CAPTEXT_BYTES] = "";
	struct caps caps;
	uint64_t number;
	int err;

	if (number_u64(pid, &number) || number > INT_MAX)
		return message_fail("'%s' is no process id", pid);
	err = caps_get((pid_t)number, &caps);
	if (!err && iab)
		err = iab_text((pid_t)number, tuple, sizeof(tuple));
	if (err)
		return message_fail("process %s: %s", pid,
			err == -ESRCH ? "there is no such process" : strerror(-err));
	captext_print(text, sizeof(text), &caps, caps_last());
	show(pid, text, tuple);
	return 0;
}

int cmd_getpcaps(int argc, char **argv)
{
	int count = option_parse(argc, argv, options, usage, false), status = 0;

	if (count <= 0)
		return count ? 1 : message_fail("a PID is missing; see getpcaps --help");
	out_begin(&out, STDOUT_FILENO);
	out_begin(&err_out, STDERR_FILENO);
	for (int i = 0; i < count; i++)
		status |= one(argv[i]);
	out_flush(&err_out);
	return out_flush(&out) ? 1 : status;
}
