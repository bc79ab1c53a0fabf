#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void lines_begin(struct lines *lines, int fd)
{
	lines->fd = fd;
	lines->ended = lines->skips = false;
	lines->at = lines->used = 0;
	lines->cut = 0;
	lines->rest = "";
	lines->rest_bytes = 0;
}

void lines_of(struct lines *lines, const void *bytes, size_t size)
{
	lines_begin(lines, -1);
	lines->rest = bytes;
	lines->rest_bytes = size;
}

int lines_open(struct lines *lines, const char *path)
{
	lines_begin(lines, open(path, O_RDONLY | O_CLOEXEC));
	return lines->fd < 0 ? -errno : 0;
}

/* The next bytes of the descriptor, or of the memory that stands for one. */
static ssize_t read_some(struct lines *lines, char *to, size_t room)
{
	ssize_t n;

	if (lines->fd >= 0) {
		do
			n = read(lines->fd, to, room);
		while (n < 0 && errno == EINTR);
		return n;
	}
	if (room > lines->rest_bytes)
		room = lines->rest_bytes;
	if (room)
		memcpy(to, lines->rest, room);
	lines->rest += room;
	lines->rest_bytes -= room;
	return (ssize_t)room;
}

/* Moves what is left to the front and reads on behind it. */
static void fill(struct lines *lines)
{
	ssize_t n;

	memmove(lines->buffer, lines->buffer + lines->at, lines->used - lines->at);
	lines->used -= lines->at;
	lines->at = 0;
	n = read_some(lines, lines->buffer + lines->used, sizeof(lines->buffer) - 1 - lines->used);
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
