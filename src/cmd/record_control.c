#include "cmd/record_control.h"

#include "base/message.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const commands[] = {
	[COMMAND_ENABLE] = "enable",
	[COMMAND_DISABLE] = "disable",
	[COMMAND_EVLIST] = "evlist",
	[COMMAND_SNAPSHOT] = "snapshot",
	[COMMAND_STOP] = "stop",
	[COMMAND_PING] = "ping",
};

/* A FIFO is opened for both directions: then it neither waits for the other end nor sees it go. */
static int open_end(const char *how, bool fifo, int *fd)
{
	uint64_t number;

	if (fifo) {
		*fd = open(how, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		return *fd < 0 ? message_fail("--control: %s: %s", how, strerror(errno)) : 0;
	}
	if (number_u64(how, &number) || number > INT_MAX || fcntl((int)number, F_GETFD) < 0)
		return message_usage("--control: '%s' is no open descriptor", how);
	*fd = (int)number;
	return 0;
}

int record_control_open(struct record_control *control, const char *how)
{
	bool fifo = how && !strncmp(how, "fifo:", 5);
	char first[PATH_MAX];
	const char *comma;
	int status;

	*control = (struct record_control){ .fd = -1, .ack = -1 };
	if (!how)
		return 0;
	if (!fifo && strncmp(how, "fd:", 3))
		return message_usage("--control %s: want fifo:CTL[,ACK] or fd:CTL[,ACK]", how);
	how += fifo ? 5 : 3;
	comma = strchr(how, ',');
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(how, ","), how);
	status = open_end(first, fifo, &control->fd);
	return status || !comma ? status : open_end(comma + 1, fifo, &control->ack);
}

void record_control_read(struct record_control *control)
{
	size_t room = sizeof(control->line) - 1 - control->used;
	ssize_t n;

	/* no command is as long: it is none, and forgotten */
	if (!room) {
		control->used = 0;
		room = sizeof(control->line) - 1;
	}
	n = read(control->fd, control->line + control->used, room);
	if (n > 0)
		control->used += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		control->fd = -1;
}

static enum record_command find(const char *word, size_t size)
{
	for (size_t i = 1; i < sizeof(commands) / sizeof(*commands); i++)
		if (strlen(commands[i]) == size && !strncmp(commands[i], word, size))
			return (enum record_command)i;
	return COMMAND_NONE;
}

enum record_command record_control_next(struct record_control *control)
{
	enum record_command command = COMMAND_NONE;
	char *end;

	while (!command && (end = memchr(control->line, '\n', control->used))) {
		size_t size = (size_t)(end + 1 - control->line), word;

		*end = 0;
		word = strcspn(control->line, " ");
		command = find(control->line, word);
		snprintf(control->argument, sizeof(control->argument), "%s",
			control->line + word + strspn(control->line + word, " "));
		control->used -= size;
		memmove(control->line, control->line + size, control->used);
	}
	return command;
}

void record_control_done(const struct record_control *control)
{
	static const char ack[] = "ack\n";

	if (control->ack >= 0 && write(control->ack, ack, sizeof(ack)) < 0)
		message("--control: the acknowledgement was not taken: %s", strerror(errno));
}
