#include "base/message.h"

#include "base/escape.h"
#include "base/file.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 4096

static const char *command;
static bool quiet;

void message_command(const char *name)
{
	command = name;
}

void message_quiet(void)
{
	quiet = true;
}

/* One write where the kernel takes it, so that lines of several processes do not mix. */
static void say_text(const char *text, int flags)
{
	char line[LINE_BYTES + 64];
	int head = snprintf(line, 64, command ? "perfbox %s: " : "perfbox: ", command);
	size_t used = (size_t)head + escape_text(line + head, LINE_BYTES - 1, text, flags);

	line[used++] = '\n';
	file_write(STDERR_FILENO, line, used);
}

static void say(const char *format, va_list args)
{
	char raw[LINE_BYTES];

	vsnprintf(raw, sizeof(raw), format, args);
	say_text(raw, 0);
}

void message_lines(const char *text)
{
	if (!quiet)
		say_text(text, ESCAPE_KEEP_NEWLINE);
}

int message_fail_lines(const char *text)
{
	say_text(text, ESCAPE_KEEP_NEWLINE);
	return 1;
}

void message(const char *format, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, format);
	say(format, args);
	va_end(args);
}

int message_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return 1;
}

int message_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return EXIT_USAGE;
}
