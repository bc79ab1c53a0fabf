#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

size_t escape_utf8_length(const char *at)
{
	const uint8_t *b = (const uint8_t *)at;
	size_t length = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if (!b[0] || b[0] > 0xf4)
		length = 0;
	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
		(b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

static bool is_control(const char *at, size_t length)
{
	uint8_t b = (uint8_t)at[0];

	return b < 0x20 || b == 0x7f || (length == 2 && b == 0xc2 && (uint8_t)at[1] < 0xa0);
}

/* What stands for the `length` bytes at `from` (0: one broken byte); at most 7 bytes and a NUL. */
typedef void piece_of(char piece[8], const char *from, size_t length);

/* Printable ASCII but for `special` stands for itself: nearly all there is, and copied at once. */
static size_t escape(char *to, size_t cap, const char *from, piece_of *piece_for,
	const char *special, bool keep_newline)
{
	size_t used = 0;

	while (*from) {
		size_t length, size;
		char piece[8] = "";

		if (*from >= ' ' && *from <= '~' && !(*special && strchr(special, *from))) {
			if (used + 1 >= cap)
				break;
			to[used++] = *from++;
			continue;
		}
		length = escape_utf8_length(from);
		if (keep_newline && *from == '\n')
			strcpy(piece, "\n");
		else
			piece_for(piece, from, length);
		if (!piece[0])
			memcpy(piece, from, length);
		size = strlen(piece);
		if (used + size >= cap)
			break;
		memcpy(to + used, piece, size);
		used += size;
		from += length ? length : 1;
	}
	if (cap)
		to[used] = 0;
	return used;
}

static void text_piece(char piece[8], const char *from, size_t length)
{
	if (!length || is_control(from, length))
		snprintf(piece, 8, "\\x%02x", (uint8_t)from[length == 2]);
}

static void json_piece(char piece[8], const char *from, size_t length)
{
	if (!length)
		strcpy(piece, REPLACEMENT);
	else if (*from == '"' || *from == '\\')
		snprintf(piece, 8, "\\%c", *from);
	else if (is_control(from, length))
		snprintf(piece, 8, "\\u%04x", (uint8_t)from[length == 2]);
}

static void xml_piece(char piece[8], const char *from, size_t length)
{
	static const struct {
		char byte;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" } };

	if (!length || is_control(from, length) || !strncmp(from, "\xef\xbf\xbe", 3) ||
		!strncmp(from, "\xef\xbf\xbf", 3))
		strcpy(piece, REPLACEMENT);
	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (*from == entities[i].byte)
			strcpy(piece, entities[i].entity);
}

size_t escape_text(char *to, size_t cap, const char *from, int flags)
{
	return escape(to, cap, from, text_piece, "", flags & ESCAPE_KEEP_NEWLINE);
}

size_t escape_json(char *to, size_t cap, const char *from)
{
	return escape(to, cap, from, json_piece, "\"\\", false);
}

size_t escape_xml(char *to, size_t cap, const char *from)
{
	return escape(to, cap, from, xml_piece, "&<>\"'", false);
}
