#ifndef DATA_OUTPUT_H
#define DATA_OUTPUT_H

/*
 * The file a recording goes to: new, mode 0600, never through a symbolic link. What was there keeps
 * its bytes as PATH.old. A FIFO, or "-" for standard output, gets a stream; a device is written as
 * it is.
 */

#include <limits.h>
#include <stdbool.h>

enum output_status {
	OUTPUT_OK,
	OUTPUT_LONG,	 /* the path is too long */
	OUTPUT_LINK,	 /* it is a symbolic link */
	OUTPUT_OLD,	 /* what is there cannot be renamed: errno */
	OUTPUT_OPEN,	 /* cannot be made: errno */
	OUTPUT_TERMINAL, /* standard output is a terminal */
};

struct output {
	int fd;
	bool stream;
	bool created;  /* the file is ours: output_discard may remove it */
	bool kept_old; /* PATH.old was made of what was there */
	int error;     /* errno */
	bool is_aside; /* it has a name of its own until output_place() */
	const char *path;
	char aside[PATH_MAX];
	char old[PATH_MAX];
};

enum output_status output_open(struct output *output, const char *path);

/* The same in two steps, for a command that must open everything before it can tell whether there
 * will be an output at all: what is there, and its PATH.old, are left alone until output_place().
 */
enum output_status output_open_aside(struct output *output, const char *path);
enum output_status output_place(struct output *output);

/* As if nothing had been: removes the file and gives the old one its name back. */
void output_discard(struct output *output);

/* "is a symbolic link": what follows the path in a message. */
const char *output_text(enum output_status status);

#endif
