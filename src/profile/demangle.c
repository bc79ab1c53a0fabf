#include "profile/demangle.h"

#include "profile/demangle_text.h"

#include <string.h>

void text_bytes(struct demangle_text *text, const char *bytes, size_t size)
{
	size_t room = text->cap - 1 - text->used;

	if (text->cut || !size)
		return;
	if (size > room) {
		text->cut = true;
		size = room;
	}
	memcpy(text->to + text->used, bytes, size);
	text->used += size;
	text->last = bytes[size ? size - 1 : 0];
}

void text_string(struct demangle_text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

void text_char(struct demangle_text *text, char c)
{
	text_bytes(text, &c, 1);
}

void text_number(struct demangle_text *text, long number)
{
	char digits[24];
	size_t at = sizeof(digits);
	unsigned long value = number < 0 ? 0ul - (unsigned long)number : (unsigned long)number;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	if (number < 0)
		digits[--at] = '-';
	text_bytes(text, digits + at, sizeof(digits) - at);
}

bool text_enter(struct demangle_text *text)
{
	if (++text->depth > DEMANGLE_DEPTH_MAX || ++text->steps > DEMANGLE_STEPS_MAX)
		text->cut = true;
	return !text->cut && !text->failed;
}

void text_leave(struct demangle_text *text)
{
	text->depth--;
}

size_t demangle_as(char *to, size_t cap, const char *name, int flags)
{
	static bool (*const schemes[])(struct demangle_text *, const char *,
		int) = { demangle_rust_v0, demangle_rust_legacy, demangle_cxx };

	if (!cap)
		return 0;
	for (size_t i = 0; name[0] == '_' && i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct demangle_text text = { .to = to, .cap = cap };

		if (!schemes[i](&text, name, flags) || text.failed || !text.used)
			continue;
		if (text.cut && cap > 3) {
			text.used = text.used < cap - 4 ? text.used : cap - 4;
			memcpy(to + text.used, "...", 3);
			text.used += 3;
		}
		to[text.used] = 0;
		return text.used;
	}
	to[0] = 0;
	return 0;
}

size_t demangle(char *to, size_t cap, const char *name)
{
	return demangle_as(to, cap, name, 0);
}
