#ifndef VIEW_SCRIPT_PUT_H
#define VIEW_SCRIPT_PUT_H

/*
 * The short pieces of a script's lines, written where `to` points; each returns where the next one
 * goes. For speed they write in whole blocks: PUT_SLACK bytes behind the piece may be written over.
 */

#include "base/out.h"

#include <stdint.h>
#include <string.h>

#define PUT_SLACK 32
#define PUT_BLOCK 16

/* Room for `size` bytes and the slack, at most half of the buffer. */
static inline char *put_begin(struct out *out, size_t size)
{
	if (sizeof(out->buffer) - out->used < size + PUT_SLACK)
		out_flush(out);
	return out->buffer + out->used;
}

static inline void put_end(struct out *out, const char *to)
{
	out->used = (size_t)(to - out->buffer);
}

/* `text` has PUT_BLOCK bytes to read behind its end. */
static inline char *put_blocks(char *to, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i += PUT_BLOCK)
		memcpy(to + i, text + i, PUT_BLOCK);
	return to + size;
}

static inline char *put_char(char *to, char c)
{
	*to = c;
	return to + 1;
}

/* For literals: their length is known. */
static inline char *put_text(char *to, const char *text)
{
	size_t size = __builtin_strlen(text);

	memcpy(to, text, size);
	return to + size;
}

/* Of a value below 100. */
static inline char *put_two_digits(char *to, uint32_t value)
{
	uint32_t tens = value * 103 >> 10;

	to[0] = (char)('0' + tens);
	to[1] = (char)('0' + value - tens * 10);
	return to + 2;
}

/* The last `digits` (even) of a value, with zeroes. */
static inline char *put_zeroed(char *to, uint32_t value, int digits)
{
	for (int at = digits; at > 0; value /= 100)
		put_two_digits(to + (at -= 2), value % 100);
	return to + digits;
}

/* Decimal, at least `width` (<= 16) wide, on the right. */
static inline char *put_number(char *to, uint64_t value, unsigned width)
{
	char digits[20 + PUT_BLOCK + 8];
	unsigned at = 20, size;

	for (; value >= 100; value /= 100)
		put_two_digits(digits + (at -= 2), (uint32_t)(value % 100));
	if (value >= 10)
		put_two_digits(digits + (at -= 2), (uint32_t)value);
	else
		digits[--at] = (char)('0' + value);
	size = 20 - at;
	memset(to, ' ', PUT_BLOCK);
	to += width > size ? width - size : 0;
	memcpy(to, digits + at, 20);
	return to + size;
}

/* The eight nibbles of a value as hexadecimal digits, the highest in the lowest byte. */
static inline uint64_t put_hex_digits(uint32_t value)
{
	uint64_t x = value, letters;

	x = (x << 16 | x) & 0x0000ffff0000ffffull;
	x = (x << 8 | x) & 0x00ff00ff00ff00ffull;
	x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0full;
	letters = (x + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	return __builtin_bswap64(x + 0x3030303030303030ull + letters * ('a' - '0' - 10));
}

/* Hexadecimal, 16 wide. */
static inline char *put_address(char *to, uint64_t value)
{
	uint64_t digits[4] = { put_hex_digits((uint32_t)(value >> 32)),
		put_hex_digits((uint32_t)value) };
	unsigned blank = (unsigned)__builtin_clzll(value | 1) / 4;

	memset(to, ' ', PUT_BLOCK);
	memcpy(to + blank, (const char *)digits + blank, PUT_BLOCK);
	return to + 16;
}

#endif
