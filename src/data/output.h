#ifndef DATA_OUTPUT_H
#define DATA_OUTPUT_H

/*
 * The file a recording goes to: new, mode 0600, never through a symbolic link. What was there keeps
 * its bytes as PATH.old. A FIFO, or "-" for standard output, gets a stream; a device is written as
 * it is. The directory is opened once: later calls are openat, fstatat, renameat and unlinkat on
 * that descriptor, of single names, and nothing else.
 *
 * A recording may go on in further files: the next one is begun as NAME.PID, and takes over the
 * name once it is whole, while the finished one is kept as NAME.STAMP.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

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
	int directory;	  /* descriptor */
	int pid;	  /* ours */
	const char *path; /* as given */
	const char *name; /* its last part */
	bool stream;
	bool created;  /* the file is ours: output_discard may remove it */
	bool kept_old; /* PATH.old is, or will be, made of what was there */
	bool is_aside; /* it has a name of its own until output_place() */
	int error;     /* errno */
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

/* Opens NAME.PID. A descriptor or -errno. */
int output_next(struct output *output);

/* NAME becomes NAME.STAMP (the stamp's decimal digits), with the first stamp from `*stamp` on that
 * is free; and what output_next() opened as `next` becomes NAME, -1: nothing does. 0 or -errno. */
int output_keep(struct output *output, uint64_t *stamp, int next);

/* Removes NAME.STAMP. 0 or -errno. */
int output_drop(struct output *output, uint64_t stamp);

#endif
