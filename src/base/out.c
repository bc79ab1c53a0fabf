#include "base/out.h"

#include "base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 8192

void out_begin(struct out *out, int fd)
{
	out->fd = fd;
	out->error = 0;
	out->used = 0;
}

int out_flush(struct out *out)
{
	size_t done = 0;

	while (!out->error && done < out->used) {
		ssize_t n = write(out->fd, out->buffer + done, out->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			out->error = errno;
	}
	out->used = 0;
	return -out->error;
}

void out_bytes(struct out *out, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		size_t room = sizeof(out->buffer) - out->used;
		size_t n = size < room ? size : room;

		memcpy(out->buffer + out->used, from, n);
		out->used += n;
		from += n;
		size -= n;
		if (out->used == sizeof(out->buffer))
			out_flush(out);
	}
}

void out_string(struct out *out, const char *text)
{
	out_bytes(out, text, strlen(text));
}

void out_char(struct out *out, char c)
{
	out_bytes(out, &c, 1);
}

void out_u64(struct out *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	out_bytes(out, digits + at, sizeof(digits) - at);
}

void out_hex(struct out *out, uint64_t value, int digits)
{
	char text[16];
	int at = sizeof(text);

	do {
		text[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (at > 0 && (value || (int)sizeof(text) - at < digits));
	out_bytes(out, text + at, sizeof(text) - (size_t)at);
}

void out_fill(struct out *out, char c, int count)
{
	while (count > 0) {
		int room = (int)(sizeof(out->buffer) - out->used), n = count < room ? count : room;

		memset(out->buffer + out->used, c, (size_t)n);
		out->used += (size_t)n;
		count -= n;
		if (n == room)
			out_flush(out);
	}
}

void out_printf(struct out *out, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		out_bytes(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void out_text(struct out *out, const char *text)
{
	char safe[PIECE_BYTES];

	out_bytes(out, safe, escape_text(safe, sizeof(safe), text, 0));
}

void out_json(struct out *out, const char *text)
{
	char safe[PIECE_BYTES];

	out_char(out, '"');
	out_bytes(out, safe, escape_json(safe, sizeof(safe), text));
	out_char(out, '"');
}

void out_xml(struct out *out, const char *text)
{
	char safe[PIECE_BYTES];

	out_bytes(out, safe, escape_xml(safe, sizeof(safe), text));
}

void out_column(struct out *out, const char *text, int width)
{
	char safe[PIECE_BYTES];
	int size = (int)escape_text(safe, sizeof(safe), text, 0);

	out_fill(out, ' ', -width - size);
	out_bytes(out, safe, (size_t)size);
	out_fill(out, ' ', width - size);
}
