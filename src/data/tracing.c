#include "data/tracing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char magic[10] = "\x17\x08\x44tracing";

const struct tracing_event *tracing_find(const struct tracing *tracing, uint64_t id)
{
	const struct tracing_event *event = tracing->events;

	while (event && event->id != id)
		event = event->next;
	return event;
}

const struct tracing_field *tracing_field(
	const struct tracing_event *event, const char *name, size_t length)
{
	const struct tracing_field *field = event->fields;

	while (field && (strlen(field->name) != length || strncmp(field->name, name, length)))
		field = field->next;
	return field;
}

/* The text behind `key` up to the end, or NULL; bounded, since no text here ends in a NUL. */
static const char *after(const char *at, const char *end, const char *key)
{
	size_t size = strlen(key);
	const char *found =
		(size_t)(end - at) < size ? NULL : memmem(at, (size_t)(end - at), key, size);

	return found ? found + size : NULL;
}

static uint64_t decimal(const char *at, const char *end)
{
	uint64_t value = 0;

	while (at && at < end && isdigit((uint8_t)*at) && value < UINT32_MAX)
		value = value * 10 + (uint64_t)(*at++ - '0');
	return value;
}

static bool is_word(char c)
{
	return isalnum((uint8_t)c) || c == '_';
}

/* "char comm[16]", "__data_loc char[] name", "unsigned int x": up to its semicolon. */
static void read_declaration(
	struct tracing *t, struct tracing_field *field, const char *at, const char *end)
{
	const char *bracket = memchr(at, '[', (size_t)(end - at)), *stop = end, *start;

	if (bracket)
		field->flags |= TRACING_ARRAY;
	if (after(at, end, "__data_loc"))
		field->flags |= TRACING_DYNAMIC;
	if (after(at, end, "__rel_loc"))
		field->flags |= TRACING_DYNAMIC | TRACING_RELATIVE;
	if (bracket && !(field->flags & TRACING_DYNAMIC))
		stop = bracket;
	if (bracket && (after(at, end, "char") || after(at, end, "u8") || after(at, end, "s8")))
		field->flags |= TRACING_STRING;
	for (start = stop; start > at && is_word(start[-1]);)
		start--;
	field->name = arena_copy(t->arena, start, (size_t)(stop - start));
	field->element = field->size;
	if (bracket && !(field->flags & TRACING_DYNAMIC)) {
		uint64_t count = decimal(bracket + 1, end);

		field->element = count && count <= field->size ? field->size / (uint32_t)count : 1;
	}
}

static bool read_field(
	struct tracing *t, struct tracing_event *event, const char *line, const char *end)
{
	const char *at = after(line, end, "field:"), *semicolon;
	struct tracing_field *field, **last = &event->fields;

	semicolon = at ? memchr(at, ';', (size_t)(end - at)) : NULL;
	if (!semicolon)
		return true;
	field = arena_new(t->arena, struct tracing_field);
	if (!field)
		return false;
	field->offset = (uint32_t)decimal(after(semicolon, end, "offset:"), end);
	field->size = (uint32_t)decimal(after(semicolon, end, "size:"), end);
	if (decimal(after(semicolon, end, "signed:"), end))
		field->flags |= TRACING_SIGNED;
	read_declaration(t, field, at, semicolon);
	while (*last)
		last = &(*last)->next;
	if (field->name)
		*last = field;
	return field->name;
}

static bool read_event(struct tracing *t, const char *at, size_t size)
{
	struct tracing_event *event = arena_new(t->arena, struct tracing_event);
	const char *end = at + size, *print = after(at, end, "print fmt: ");
	const char *name = after(at, end, "name: "), *newline;

	if (!event || !name)
		return false;
	event->id = decimal(after(at, end, "ID: "), end);
	newline = memchr(name, '\n', (size_t)(end - name));
	event->name = arena_copy(t->arena, name, (size_t)((newline ? newline : end) - name));
	for (const char *line = at, *next; line < end && line != print; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			break;
		if (!read_field(t, event, line, next))
			return false;
	}
	if (print && !tracing_format(t, event, print, end))
		event->format = NULL;
	event->next = t->events;
	t->events = event;
	return event->name;
}

/* What is read over: a size, and so many bytes. */
static void skip_sized(struct span *s)
{
	span_take(s, span_u64(s));
}

bool tracing_parse(struct tracing *tracing, struct span section, struct arena *arena)
{
	struct span *s = &section;
	const void *begin = span_take(s, sizeof(magic));
	uint32_t count;

	*tracing = (struct tracing){ .arena = arena };
	if (!begin || memcmp(begin, magic, sizeof(magic)) || !span_string(s) || span_u8(s))
		return false;
	tracing->long_bytes = span_u8(s);
	span_u32(s);
	for (int i = 0; i < 2; i++) { /* header_page, header_event */
		span_string(s);
		skip_sized(s);
	}
	count = span_u32(s);
	for (uint32_t i = 0; i < count && !s->bad; i++) /* of ftrace itself */
		skip_sized(s);
	count = span_u32(s);
	for (uint32_t i = 0; i < count && !s->bad; i++) {
		uint32_t events;

		span_string(s);
		events = span_u32(s);
		for (uint32_t k = 0; k < events && !s->bad; k++) {
			uint64_t size = span_u64(s);
			const char *text = span_take(s, size);

			if (text && !read_event(tracing, text, size))
				return false;
		}
	}
	return !s->bad;
}
