#include "data/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum output_status fail(struct output *output, enum output_status status)
{
	output->error = errno;
	return status;
}

static enum output_status open_stdout(struct output *output)
{
	output->fd = STDOUT_FILENO;
	output->stream = true;
	return isatty(STDOUT_FILENO) ? OUTPUT_TERMINAL : OUTPUT_OK;
}

/* A FIFO or a device: written as it is, never renamed. */
static enum output_status open_special(struct output *output, mode_t mode)
{
	struct stat now;

	output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	output->stream = S_ISFIFO(mode);
	if (output->fd < 0 || fstat(output->fd, &now))
		return fail(output, OUTPUT_OPEN);
	/* somebody put a file there meanwhile, perhaps a link to one */
	return S_ISREG(now.st_mode) ? OUTPUT_LINK : OUTPUT_OK;
}

static enum output_status open_new(struct output *output, const char *path)
{
	output->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	output->created = output->fd >= 0;
	return output->created ? OUTPUT_OK : fail(output, OUTPUT_OPEN);
}

enum output_status output_open_aside(struct output *output, const char *path)
{
	struct stat there;

	/* a limit on the size of files (RLIMIT_FSIZE) shall fail a write, not end the process */
	signal(SIGXFSZ, SIG_IGN);
	output->fd = -1;
	output->stream = output->created = output->kept_old = output->is_aside = false;
	output->path = path;
	if (!strcmp(path, "-"))
		return open_stdout(output);
	if (snprintf(output->old, sizeof(output->old), "%s.old", path) >= PATH_MAX)
		return OUTPUT_LONG;
	if (lstat(path, &there))
		return open_new(output, path);
	if (S_ISLNK(there.st_mode))
		return OUTPUT_LINK;
	if (!S_ISREG(there.st_mode))
		return open_special(output, there.st_mode);
	output->kept_old = there.st_size > 0;
	output->is_aside = true;
	if (snprintf(output->aside, sizeof(output->aside), "%s.%d", path, getpid()) >= PATH_MAX)
		return OUTPUT_LONG;
	return open_new(output, output->aside);
}

enum output_status output_place(struct output *output)
{
	if (!output->is_aside)
		return OUTPUT_OK;
	if (output->kept_old && rename(output->path, output->old))
		return fail(output, OUTPUT_OLD);
	output->is_aside = rename(output->aside, output->path) != 0;
	if (!output->is_aside)
		return OUTPUT_OK;
	fail(output, OUTPUT_OLD);
	if (output->kept_old)
		rename(output->old, output->path);
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
		unlink(output->is_aside ? output->aside : output->path);
	if (output->created && output->kept_old && !output->is_aside)
		rename(output->old, output->path);
	output->created = false;
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
