#include "cmd/cmd.h"

#include "access/captext.h"
#include "access/filecap.h"
#include "base/file.h"
#include "base/message.h"
#include "base/option.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "Usage: getcap [-v] [-n] [-r] FILE...\n"
			    "\n"
			    "Shows the capabilities of files that have some, as \"FILE CAPS\".\n"
			    "Output and status are those of libcap's getcap, but control bytes in "
			    "names are escaped and\n"
			    "-r says so when directories are nested deeper than 64.\n"
			    "\n";

#define DEPTH 64

static bool all_files, show_root, recursive;

static const struct option options[] = {
	{ OPTION_FLAG, 'v', NULL, &all_files, NULL, "files without capabilities too", NULL },
	{ OPTION_FLAG, 'n', NULL, &show_root, NULL,
		"the root id of a user namespace's capabilities", NULL },
	{ OPTION_FLAG, 'r', NULL, &recursive, NULL, "what is in directories too", NULL },
	{ .kind = OPTION_END },
};

static struct out out;

/* The walk: the path so far, and an open directory per level. */
static char path[PATH_MAX];
static struct dir levels[DEPTH];

static void show(const struct filecap *filecap)
{
	char text[CAPTEXT_BYTES];
	struct caps caps;

	filecap_to_caps(filecap, &caps);
	captext_print(text, sizeof(text), &caps, caps_last());
	out_text(&out, path);
	out_char(&out, ' ');
	out_string(&out, text);
	if (show_root && filecap->rootid)
		out_printf(&out, " [rootid=%" PRIu32 "]", filecap->rootid);
	out_char(&out, '\n');
}

static void show_none(const char *why)
{
	if (!all_files)
		return;
	out_text(&out, path);
	out_string(&out, why);
}

static void look(mode_t mode)
{
	struct filecap filecap;
	int err;

	if (!S_ISREG(mode) && !(recursive && !S_ISDIR(mode) && !S_ISLNK(mode))) {
		show_none(" (Not a regular file)\n");
		return;
	}
	err = filecap_read(path, &filecap);
	if (!err)
		show(&filecap);
	else if (err == -ENODATA || err == -ENOTSUP)
		show_none("\n");
	else
		message("%s: %s", path, filecap_why(err));
}

static void descend(int depth, int at, size_t used);

static void visit(int depth, int at, const char *name, size_t used)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW)) {
		out_flush(&out);
		message("%s (%s)", path, strerror(errno));
		return;
	}
	look(st.st_mode);
	if (recursive && S_ISDIR(st.st_mode))
		descend(depth, openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			used);
}

static void descend(int depth, int fd, size_t used)
{
	struct dir *dir = &levels[depth < DEPTH ? depth : 0];
	const char *name;

	if (fd < 0) {
		message("%s (%s)", path, strerror(errno));
		return;
	}
	if (depth >= DEPTH) {
		message("%s: nested too deeply; start getcap -r there", path);
		close(fd);
		return;
	}
	*dir = (struct dir){ .fd = fd };
	while ((name = dir_next(dir))) {
		const char *slash = path[used - 1] == '/' ? "" : "/";
		int n = snprintf(path + used, sizeof(path) - used, "%s%s", slash, name);

		if ((size_t)n < sizeof(path) - used)
			visit(depth + 1, dir->fd, name, used + (size_t)n);
		else
			message("%.*s: a path below it is too long", (int)used, path);
		path[used] = 0;
	}
	dir_close(dir);
}

int cmd_getcap(int argc, char **argv)
{
	int count = option_parse(argc, argv, options, usage, false);

	if (count <= 0)
		return count ? 1 : message_fail("a FILE is missing; see getcap --help");
	out_begin(&out, STDOUT_FILENO);
	for (int i = 0; i < count; i++) {
		size_t size = strlen(argv[i]);

		if (size >= sizeof(path)) {
			message("%.64s...: the path is too long", argv[i]);
			continue;
		}
		memcpy(path, argv[i], size + 1);
		visit(0, AT_FDCWD, argv[i], size);
	}
	return out_flush(&out) ? 1 : 0;
}
