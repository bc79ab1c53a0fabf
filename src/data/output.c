#include "data/output.h"

#include <errno.h>
#include <fcntl.h>
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
	output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	output->stream = S_ISFIFO(mode);
	return output->fd < 0 ? fail(output, OUTPUT_OPEN) : OUTPUT_OK;
}

static enum output_status open_new(struct output *output)
{
	output->fd = open(output->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	output->created = output->fd >= 0;
	return output->created ? OUTPUT_OK : fail(output, OUTPUT_OPEN);
}

enum output_status output_open(struct output *output, const char *path)
{
	struct stat there;

	output->fd = -1;
	output->stream = output->created = output->kept_old = false;
	output->path = path;
	if (!strcmp(path, "-"))
		return open_stdout(output);
	if (snprintf(output->old, sizeof(output->old), "%s.old", path) >= PATH_MAX)
		return OUTPUT_LONG;
	if (lstat(path, &there))
		return open_new(output);
	if (S_ISLNK(there.st_mode))
		return OUTPUT_LINK;
	if (!S_ISREG(there.st_mode))
		return open_special(output, there.st_mode);
	if (there.st_size && rename(path, output->old))
		return fail(output, OUTPUT_OLD);
	output->kept_old = there.st_size > 0;
	if (!there.st_size && unlink(path))
		return fail(output, OUTPUT_OLD);
	return open_new(output);
}

void output_discard(struct output *output)
{
	if (output->created)
		unlink(output->path);
	if (output->created && output->kept_old)
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
