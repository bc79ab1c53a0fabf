#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

/*
 * Text from outside (process names, paths, symbols) made safe for where it goes. Input is a
 * NUL-terminated string of any bytes; output is always NUL-terminated and valid UTF-8, cut at
 * `cap` (never in the middle of an escape). Each returns the bytes written without the NUL.
 */

#include <stddef.h>

enum escape_flags {
	ESCAPE_KEEP_NEWLINE = 1,
};

/* Terminals and plain text: control bytes (C0, DEL, C1) and broken UTF-8 become \xNN. */
size_t escape_text(char *to, size_t cap, const char *from, int flags);

/* Inside a JSON string, without the quotes. Broken UTF-8 becomes U+FFFD. */
size_t escape_json(char *to, size_t cap, const char *from);

/* Inside XML text or a double-quoted attribute; what XML 1.0 cannot carry becomes U+FFFD. */
size_t escape_xml(char *to, size_t cap, const char *from);

/* Length of the valid UTF-8 sequence at `at` (1 to 4), or 0 where it is broken. `at` ends in NUL.
 */
size_t escape_utf8_length(const char *at);

#endif
