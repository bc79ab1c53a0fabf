#include "profile/demangle.h"
#include "profile/demangle_text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/*
 * Rust's older scheme: C++ nested names whose last part is a hash and whose parts hold escapes
 * ("$LT$"), since only letters, digits, '_', '.' and '$' may be in a symbol.
 */

#define HASH_PART "17h"
#define HASH_DIGITS 16

/* "17h" and 16 digits, at least 5 of them different: else it is a C++ name that looks alike. */
static bool is_hash(const char *at, size_t size)
{
	unsigned seen = 0;

	if (size != strlen(HASH_PART) + HASH_DIGITS || memcmp(at, HASH_PART, strlen(HASH_PART)))
		return false;
	for (int i = 0; i < HASH_DIGITS; i++) {
		if (!text_is_hex(at[3 + i]))
			return false;
		seen |= 1u << text_hex(at[3 + i]);
	}
	return __builtin_popcount(seen) >= 5;
}

/* What the escape "$LT$" at `at` stands for, and its size; 0 where it is none. */
static char unescape(const char *at, size_t size, size_t *used)
{
	static const struct {
		char code[5], c;
	} escapes[] = {
		{ "$C$", ',' },
		{ "$SP$", '@' },
		{ "$BP$", '*' },
		{ "$RF$", '&' },
		{ "$LT$", '<' },
		{ "$GT$", '>' },
		{ "$LP$", '(' },
		{ "$RP$", ')' },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		*used = strlen(escapes[i].code);
		if (*used <= size && !memcmp(at, escapes[i].code, *used))
			return escapes[i].c;
	}
	*used = 5;
	if (size >= 5 && at[1] == 'u' && at[2] >= '2' && at[2] <= '7' && text_is_hex(at[3]) &&
		at[4] == '$')
		return (char)(text_hex(at[2]) << 4 | text_hex(at[3]));
	return 0;
}

static void legacy_part(struct demangle_text *text, const char *at, size_t size)
{
	/* a part cannot begin with $, so "_" stands before it */
	if (size >= 2 && at[0] == '_' && at[1] == '$')
		at++, size--;
	while (size) {
		size_t used = 1;
		char c = *at == '$' ? unescape(at, size, &used) : 0;

		if (c) {
			text_char(text, c);
		} else if (*at == '$') {
			used = size;
			text_bytes(text, at, size);
		} else if (size >= 2 && at[0] == '.' && at[1] == '.') {
			used = 2;
			text_string(text, "::");
		} else {
			used = 1 + strcspn(at + 1, "$.");
			used = used < size ? used : size;
			text_bytes(text, at, used);
		}
		at += used;
		size -= used;
	}
}

/* One part of _ZN...E: its length and text; false at what is none. */
static bool next_part(const char **at, const char **part, size_t *size)
{
	*size = 0;
	while (isdigit((uint8_t) * *at) && *size < 1 << 16)
		*size = *size * 10 + (size_t)(*(*at)++ - '0');
	*part = *at;
	if (!*size || strnlen(*at, *size) < *size)
		return false;
	*at += *size;
	return true;
}

bool demangle_rust_legacy(struct demangle_text *text, const char *name, int flags)
{
	const char *at = name + 3, *part, *last = NULL;
	size_t size;

	if (strncmp(name, "_ZN", 3))
		return false;
	while (*at != 'E') {
		last = at;
		if (!next_part(&at, &part, &size))
			return false;
	}
	/* ".llvm.1234": in full it is what C++ says of it */
	if (!last || !is_hash(last, (size_t)(at - last)) ||
		(at[1] && (at[1] != '.' || flags & DEMANGLE_VERBOSE)))
		return false;
	for (at = name + 3; flags & DEMANGLE_VERBOSE ? *at != 'E' : at != last;) {
		if (text->used)
			text_string(text, "::");
		next_part(&at, &part, &size);
		legacy_part(text, part, size);
	}
	return true;
}
