#include "cmd/cmd.h"

#include "access/become.h"
#include "access/captext.h"
#include "access/filecap.h"
#include "base/file.h"
#include "base/message.h"
#include "base/number.h"
#include "base/out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: setcap [-q] [-v] [-n ROOTID] (CAPS|-|-r) FILE [(CAPS|-|-r) FILE...]\n"
	"\n"
	"Gives files capabilities, in the order of the arguments, up to the first failure.\n"
	"\n"
	"  CAPS         like cap_perfmon,cap_syslog=ep (names, numbers or all; =, +, -; e, i, p)\n"
	"  -            the capabilities are read from standard input, up to an empty line\n"
	"  -r           take them all away\n"
	"  -v           compare only: \"FILE: OK\", or what differs and status 1\n"
	"  -n ROOTID    they count only in user namespaces whose root is this user id\n"
	"  -q           say nothing but failures\n"
	"\n"
	"Spelling, attribute, output and status are those of libcap's setcap; usage errors are\n"
	"status 1 too. It differs in that a FILE whose name is given to another file meanwhile\n"
	"is refused, that ROOTID must fit in 32 bits, and in the words of its messages.\n";

static struct {
	bool quiet, verify;
	uint32_t rootid;
} want;

static struct out out;

static int bad_usage(const char *what)
{
	message_fail("%s; see setcap --help", what);
	return 1;
}

static int read_stdin(char *to, size_t cap)
{
	ssize_t n = file_read(STDIN_FILENO, to, cap);
	char *end;

	if (n < 0)
		return message_fail("cannot read standard input: %s", strerror((int)-n));
	if ((size_t)n == cap)
		return message_fail("standard input is longer than %zu bytes", cap - 1);
	to[n] = 0;
	end = *to == '\n' ? to : strstr(to, "\n\n");
	if (end)
		*end = 0;
	return *to ? 0 : bad_usage("no capabilities on standard input");
}

/* "-r", "-" or a text, as a file's capabilities; `remove` for the first. */
static int wanted(const char *text, struct caps *caps, bool *remove)
{
	char line[CAPTEXT_BYTES * 4];
	struct captext_error error;

	memset(caps, 0, sizeof(*caps));
	*remove = !strcmp(text, "-r");
	if (*remove)
		return 0;
	if (!strcmp(text, "-")) {
		if (!want.quiet)
			message("capabilities of the file, then an empty line:");
		if (read_stdin(line, sizeof(line)))
			return 1;
		text = line;
	}
	if (!captext_parse(text, caps_last(), caps, &error))
		return 0;
	return message_fail("'%s' says no capabilities: %s at '%.40s'; a valid one is "
			    "cap_perfmon,cap_syslog=ep",
		text, error.why, error.at);
}

static int verify(int fd, const char *path, const struct caps *caps)
{
	struct filecap filecap = { 0 };
	struct caps have;
	int err = filecap_get(fd, &filecap);
	bool p, i, e, root;

	if (err && err != -ENODATA)
		return message_fail("%s: %s", path, filecap_why(err));
	filecap_to_caps(&filecap, &have);
	p = have.permitted != caps->permitted;
	i = have.inheritable != caps->inheritable;
	e = have.effective != caps->effective;
	root = filecap.rootid != want.rootid;
	if (want.quiet)
		return p || i || e || root;
	if (root)
		out_printf(&out, "nsowner[got=%" PRIu32 ", want=%" PRIu32 "],", filecap.rootid,
			want.rootid);
	out_text(&out, path);
	if (p || i || e || root)
		out_printf(
			&out, " differs in [%s%s%s]\n", p ? "p" : "", i ? "i" : "", e ? "e" : "");
	else
		out_string(&out, ": OK\n");
	return p || i || e || root;
}

static int change(int fd, const char *path, const struct caps *caps, bool remove)
{
	struct filecap filecap;
	int err;

	if (!remove && filecap_from_caps(caps, &filecap))
		return message_fail("%s: a file has one effective flag for all its capabilities: "
				    "write e with each of them, or with none",
			path);
	filecap.rootid = want.rootid;
	err = remove ? filecap_remove(fd) : filecap_set(fd, &filecap);
	return err ? message_fail("%s: %s", path, filecap_why(err)) : 0;
}

static int one(const char *text, const char *path)
{
	struct caps caps;
	bool remove;
	int fd, status = wanted(text, &caps, &remove);

	if (status)
		return status;
	fd = filecap_open(path);
	if (fd < 0)
		return message_fail("%s: %s", path, filecap_why(fd));
	status = want.verify ? verify(fd, path, &caps) : change(fd, path, &caps, remove);
	close(fd);
	return status;
}

static int take_rootid(const char *text)
{
	uint64_t value;

	if (!text || number_u64(text, &value) || !value || value >= UINT32_MAX)
		return bad_usage("-n needs the user id of a namespace's root, 1 to 4294967294");
	want.rootid = (uint32_t)value;
	return 0;
}

static int help(void)
{
	out_string(&out, usage);
	return 0;
}

/* Options may stand before any pair and hold from there on. */
static int walk(char **argv)
{
	int status = 0;

	for (; !status && *argv; argv++) {
		if (!strcmp(*argv, "-h") || !strcmp(*argv, "--help"))
			return help();
		if (!strcmp(*argv, "-q"))
			want.quiet = true;
		else if (!strcmp(*argv, "-v"))
			want.verify = true;
		else if (!strcmp(*argv, "-n"))
			status = take_rootid(*++argv);
		else if (!argv[1])
			status = bad_usage("a FILE is missing after the capabilities");
		else {
			status = one(argv[0], argv[1]);
			argv++;
		}
	}
	return status;
}

int cmd_setcap(int argc, char **argv)
{
	int status;

	if (become_caller())
		return message_fail("cannot give up the capabilities of perfbox's own file");
	out_begin(&out, STDOUT_FILENO);
	status = argc < 2 ? bad_usage("capabilities and a FILE are missing") : walk(argv + 1);
	return out_flush(&out) ? 1 : status;
}
