#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int lines_open(struct lines *lines, const char *path)
{
	lines->fd = open(path, O_RDONLY | O_CLOEXEC);
	lines->ended = lines->skips = false;
	lines->at = lines->used = 0;
	lines->cut = 0;
	return lines->fd < 0 ? -errno : 0;
}

/* Moves what is left to the front and reads on behind it. */
static void fill(struct lines *lines)
{
	ssize_t n;

	memmove(lines->buffer, lines->buffer + lines->at, lines->used - lines->at);
	lines->used -= lines->at;
	lines->at = 0;
	do
		n = read(lines->fd, lines->buffer + lines->used,
			sizeof(lines->buffer) - 1 - lines->used);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		lines->used += (size_t)n;
	else
		lines->ended = true;
}

char *lines_next(struct lines *lines)
{
	for (;;) {
		char *start = lines->buffer + lines->at;
		size_t size = lines->used - lines->at;
		char *newline = memchr(start, '\n', size);
		bool full = size == sizeof(lines->buffer) - 1;

		if (!newline && !full && !lines->ended) {
			fill(lines);
			continue;
		}
		if (!newline && !size)
			return NULL;
		start[newline ? (size_t)(newline - start) : size] = 0;
		lines->at += newline ? (size_t)(newline - start) + 1 : size;
		if (!lines->skips) {
			lines->skips = full && !newline;
			lines->cut += lines->skips;
			return start;
		}
		lines->skips = !newline;
	}
}

void lines_close(struct lines *lines)
{
	if (lines->fd >= 0)
		close(lines->fd);
	lines->fd = -1;
}
