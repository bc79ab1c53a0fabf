#include "data/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_BYTES 24 /* the longest of .old, .PID and a stamp */

static enum output_status fail(struct output *output, enum output_status status)
{
	output->error = errno;
	return status;
}

/* NAME.SUFFIX, until the next call. */
static const char *suffixed(const struct output *output, const char *suffix)
{
	static char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s.%s", output->name, suffix);
	return name;
}

static const char *stamped(const struct output *output, uint64_t stamp)
{
	char digits[SUFFIX_BYTES];

	snprintf(digits, sizeof(digits), "%016llu", (unsigned long long)stamp);
	return suffixed(output, digits);
}

static enum output_status open_stdout(struct output *output)
{
	output->fd = STDOUT_FILENO;
	output->stream = true;
	return isatty(STDOUT_FILENO) ? OUTPUT_TERMINAL : OUTPUT_OK;
}

static enum output_status open_directory(struct output *output)
{
	const char *slash = strrchr(output->path, '/');
	char path[PATH_MAX] = ".";

	output->name = slash ? slash + 1 : output->path;
	if (strlen(output->path) >= sizeof(path) || strlen(output->name) > NAME_MAX - SUFFIX_BYTES)
		return OUTPUT_LONG;
	if (slash)
		snprintf(path, sizeof(path), "%.*s", (int)(output->name - output->path),
			output->path);
	output->directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return output->directory < 0 ? fail(output, OUTPUT_OPEN) : OUTPUT_OK;
}

/* A FIFO or a device: written as it is, never renamed. */
static enum output_status open_special(struct output *output, mode_t mode)
{
	struct stat now;

	output->fd = openat(output->directory, output->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	output->stream = S_ISFIFO(mode);
	if (output->fd < 0 || fstat(output->fd, &now))
		return fail(output, OUTPUT_OPEN);
	/* somebody put a file there meanwhile, perhaps a link to one */
	return S_ISREG(now.st_mode) ? OUTPUT_LINK : OUTPUT_OK;
}

static int make(const struct output *output, const char *name)
{
	return openat(
		output->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static enum output_status open_new(struct output *output, int fd)
{
	output->fd = fd;
	output->created = output->fd >= 0;
	return output->created ? OUTPUT_OK : fail(output, OUTPUT_OPEN);
}

static int rename_to(const struct output *output, const char *from, const char *to)
{
	return renameat(output->directory, from, output->directory, to);
}

/* The name of a file that has not got its own yet. */
static const char *aside(const struct output *output)
{
	char digits[SUFFIX_BYTES];

	snprintf(digits, sizeof(digits), "%d", output->pid);
	return suffixed(output, digits);
}

/* What a killed recorder of the same pid may have left there is of no use. */
static int make_aside(const struct output *output)
{
	const char *name = aside(output);

	unlinkat(output->directory, name, 0);
	return make(output, name);
}

enum output_status output_open_aside(struct output *output, const char *path)
{
	enum output_status status;
	struct stat there;

	/* a limit on the size of files (RLIMIT_FSIZE) shall fail a write, not end the process */
	signal(SIGXFSZ, SIG_IGN);
	*output = (struct output){ .fd = -1, .directory = -1, .pid = getpid(), .path = path };
	if (!strcmp(path, "-"))
		return open_stdout(output);
	status = open_directory(output);
	if (status != OUTPUT_OK)
		return status;
	if (fstatat(output->directory, output->name, &there, AT_SYMLINK_NOFOLLOW))
		return open_new(output, make(output, output->name));
	if (S_ISLNK(there.st_mode))
		return OUTPUT_LINK;
	if (!S_ISREG(there.st_mode))
		return open_special(output, there.st_mode);
	output->kept_old = there.st_size > 0;
	output->is_aside = true;
	return open_new(output, make_aside(output));
}

enum output_status output_place(struct output *output)
{
	if (!output->is_aside)
		return OUTPUT_OK;
	if (output->kept_old && rename_to(output, output->name, suffixed(output, "old")))
		return fail(output, OUTPUT_OLD);
	output->is_aside = rename_to(output, aside(output), output->name) != 0;
	if (!output->is_aside)
		return OUTPUT_OK;
	fail(output, OUTPUT_OLD);
	if (output->kept_old)
		rename_to(output, suffixed(output, "old"), output->name);
	return OUTPUT_OLD;
}

enum output_status output_open(struct output *output, const char *path)
{
	enum output_status status = output_open_aside(output, path);

	if (!status)
		status = output_place(output);
	if (status && output->created)
		output_discard(output);
	return status;
}

void output_discard(struct output *output)
{
	if (output->created)
		unlinkat(output->directory, output->is_aside ? aside(output) : output->name, 0);
	if (output->created && output->kept_old && !output->is_aside)
		rename_to(output, suffixed(output, "old"), output->name);
	output->created = false;
}

int output_next(struct output *output)
{
	int fd = make_aside(output);

	return fd < 0 ? -errno : fd;
}

int output_keep(struct output *output, uint64_t *stamp, int next)
{
	struct stat there;

	while (!fstatat(output->directory, stamped(output, *stamp), &there, AT_SYMLINK_NOFOLLOW))
		++*stamp;
	if (rename_to(output, output->name, stamped(output, *stamp)))
		return -errno;
	if (next < 0)
		return 0;
	close(output->fd);
	output->fd = next;
	return rename_to(output, aside(output), output->name) ? -errno : 0;
}

int output_drop(struct output *output, uint64_t stamp)
{
	return unlinkat(output->directory, stamped(output, stamp), 0) ? -errno : 0;
}

const char *output_text(enum output_status status)
{
	static const char *const texts[] = {
		[OUTPUT_OK] = "is open",
		[OUTPUT_LONG] = "is too long a path",
		[OUTPUT_LINK] = "is a symbolic link, which is not followed; name the file itself",
		[OUTPUT_OLD] = "is there and cannot be kept as .old",
		[OUTPUT_OPEN] = "cannot be made",
		[OUTPUT_TERMINAL] = "is a terminal; redirect it to a file or a pipe",
	};

	return texts[status];
}
