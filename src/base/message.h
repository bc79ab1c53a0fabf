#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

/*
 * What a command says to its user on standard error: one line that tells what was asked, why it
 * failed and what to do. Only commands (and main) speak; everything below returns a status.
 * Control bytes, newlines and broken UTF-8 in the finished line are escaped as \xNN, so names that
 * come from outside may be passed as they are.
 */

#define EXIT_USAGE 2

/* "perfbox COMMAND: text". The line is cut at 4 KiB. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);

/* As message, and gives back 1 (or EXIT_USAGE) so that a command can `return message_fail(...)`. */
__attribute__((format(printf, 1, 2))) int message_fail(const char *format, ...);
__attribute__((format(printf, 1, 2))) int message_usage(const char *format, ...);

/* The same for a text of several lines, in which no name comes from outside. */
void message_lines(const char *text);
int message_fail_lines(const char *text);

/* The command's name that messages start with; set once by main. */
void message_command(const char *name);

/* -q: message() says nothing any more; failures are still said. */
void message_quiet(void);

#endif
