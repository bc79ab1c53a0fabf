#include "cmd/report_drawing.h"
#include "cmd/guard.h"

#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char *file;
static int fd;
static bool is_new;

static int fail(void)
{
	return message_fail("--flamegraph %s: %s", file, strerror(errno));
}

int report_drawing_open(const char *path)
{
	file = path;
	fd = STDOUT_FILENO;
	if (!strcmp(path, "-"))
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	is_new = fd >= 0;
	if (is_new)
		guard_give(fd, path);
	else if (errno == EEXIST)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 ? fail() : 0;
}

int report_drawing_begin(void)
{
	/* a pipe or a device has no length: that is no error */
	if (fd != STDOUT_FILENO && ftruncate(fd, 0) && errno != EINVAL)
		return -fail();
	return fd;
}

void report_drawing_discard(void)
{
	if (is_new)
		unlink(file);
}
