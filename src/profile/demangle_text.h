#ifndef PROFILE_DEMANGLE_TEXT_H
#define PROFILE_DEMANGLE_TEXT_H

/* Inside of demangle: the bounded text the printers write into. */

#include <stdbool.h>
#include <stddef.h>

/* A name may refer to its own parts again and again: what takes more steps than this is cut. */
#define DEMANGLE_STEPS_MAX 100000
#define DEMANGLE_DEPTH_MAX 400

struct demangle_text {
	char *to;
	size_t cap, used;
	unsigned steps;
	int depth;
	bool cut;    /* it did not fit, or took too many steps: everything more is ignored */
	bool failed; /* the name says something that has no meaning */
	char last;   /* byte written last, although a list may have taken it back */
};

void text_bytes(struct demangle_text *text, const char *bytes, size_t size);
void text_string(struct demangle_text *text, const char *string);
void text_char(struct demangle_text *text, char c);
void text_number(struct demangle_text *text, long number);

/* One more step, one level deeper; false where printing has to end. Pairs with text_leave. */
bool text_enter(struct demangle_text *text);
void text_leave(struct demangle_text *text);

/* Lower-case hexadecimal digits. */
static inline bool text_is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static inline unsigned text_hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* A name of Rust; where it is not ASCII, its other characters are in `punycode` (RFC 3492). */
struct rust_identifier {
	const char *ascii, *punycode; /* not NUL-terminated; punycode NULL: all is in ascii */
	size_t ascii_size, punycode_size;
};
void rust_identifier_put(struct demangle_text *text, const struct rust_identifier *id);

/* Each reads all of `name` and returns false where it is not of its scheme. */
bool demangle_cxx(struct demangle_text *text, const char *name, int flags);
bool demangle_rust_v0(struct demangle_text *text, const char *name, int flags);
bool demangle_rust_legacy(struct demangle_text *text, const char *name, int flags);

#endif
