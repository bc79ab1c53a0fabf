#ifndef CMD_RECORD_CONTROL_H
#define CMD_RECORD_CONTROL_H

/*
 * record --control: commands from another process, a line each, over a FIFO or a descriptor; each
 * one that is known is answered with "ack\n" and, as perf does, a NUL when it is done. What comes
 * is from outside.
 */

#include <stddef.h>

enum record_command {
	COMMAND_NONE, /* nothing whole has come */
	COMMAND_ENABLE,
	COMMAND_DISABLE,
	COMMAND_EVLIST,
	COMMAND_SNAPSHOT,
	COMMAND_STOP,
	COMMAND_PING,
};

struct record_control {
	int fd;	 /* to be polled; -1: none, or its other end is gone */
	int ack; /* or -1 */
	size_t used;
	char line[256];
	char argument[256]; /* of the command that was given last, "" where it has none */
};

/* `how` as given: fifo:CTL[,ACK] or fd:CTL[,ACK]; NULL opens nothing. 0 or an exit status after a
 * message. */
int record_control_open(struct record_control *control, const char *how);

/* Reads what has come, once; to be called when `fd` is readable. */
void record_control_read(struct record_control *control);

/* The next whole line's command; lines that are none are skipped. */
enum record_command record_control_next(struct record_control *control);

/* The command is done. */
void record_control_done(const struct record_control *control);

#endif
