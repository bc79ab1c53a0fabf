#ifndef BASE_SPAN_H
#define BASE_SPAN_H

/*
 * A bounded cursor over bytes that someone else made. Every read checks the bounds; the first read
 * past the end makes the span bad, and from then on every read returns zero. Callers read a whole
 * structure and test `bad` once at the end. Integers are little-endian, unaligned.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct span span_of(const void *bytes, size_t size)
{
	return (struct span){ .at = bytes, .end = (const uint8_t *)bytes + size };
}

static inline size_t span_left(const struct span *s)
{
	return (size_t)(s->end - s->at);
}

/* The next `size` bytes, or NULL (and the span is bad) when there are fewer. */
static inline const void *span_take(struct span *s, size_t size)
{
	const uint8_t *at = s->at;

	if (s->bad || size > span_left(s)) {
		s->bad = true;
		return NULL;
	}
	s->at += size;
	return at;
}

/* Copies the next `size` bytes to `to`; zeroes where there are fewer. */
static inline void span_read(struct span *s, void *to, size_t size)
{
	const void *from = span_take(s, size);

	if (from)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

static inline uint8_t span_u8(struct span *s)
{
	uint8_t v;

	span_read(s, &v, sizeof(v));
	return v;
}

static inline uint16_t span_u16(struct span *s)
{
	uint16_t v;

	span_read(s, &v, sizeof(v));
	return v;
}

static inline uint32_t span_u32(struct span *s)
{
	uint32_t v;

	span_read(s, &v, sizeof(v));
	return v;
}

static inline uint64_t span_u64(struct span *s)
{
	uint64_t v;

	span_read(s, &v, sizeof(v));
	return v;
}

/* The next `size` bytes as a span of their own; bad when there are fewer. */
static inline struct span span_sub(struct span *s, size_t size)
{
	const void *at = span_take(s, size);

	return at ? span_of(at, size) : (struct span){ .bad = true };
}

/* A NUL-terminated string inside the span, or NULL; moves past the NUL. */
static inline const char *span_string(struct span *s)
{
	const void *nul = s->bad || s->at == s->end ? NULL : memchr(s->at, 0, span_left(s));

	if (!nul) {
		s->bad = true;
		return NULL;
	}
	return span_take(s, (size_t)((const uint8_t *)nul - s->at) + 1);
}

#endif
