#ifndef BASE_LINES_H
#define BASE_LINES_H

/* A file read line by line in fixed memory. Lines longer than the buffer are cut and counted. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_BUFFER_BYTES 16384

struct lines {
	int fd;
	bool ended;
	bool skips; /* inside a line that was cut */
	size_t at, used;
	uint32_t cut;	  /* lines that were longer than the buffer */
	const char *rest; /* without a descriptor: bytes not yet in the buffer */
	size_t rest_bytes;
	char buffer[LINES_BUFFER_BYTES];
};

/* 0 or -errno of open(2). */
int lines_open(struct lines *lines, const char *path);

/* From a descriptor, which lines_close() closes; or from bytes in memory. */
void lines_begin(struct lines *lines, int fd);
void lines_of(struct lines *lines, const void *bytes, size_t size);

/* The next line without its newline, valid until the next call; NULL at the end. */
char *lines_next(struct lines *lines);
void lines_close(struct lines *lines);

#endif
