/*
 * strtol(3), strtoll(3), strtoul(3) and strtoull(3) in place of the C library's, whose common part
 * reads streams: 3 KiB. Bases 0, 2 to 36; overflow gives the nearest value and ERANGE, a text
 * without a number 0 and its own beginning as the end.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static unsigned digit(char c)
{
	unsigned value = (unsigned)c - '0';

	if (value < 10)
		return value;
	value = ((unsigned)c | 32) - 'a';
	return value < 26 ? value + 10 : UINT_MAX;
}

static const char *prefix(const char *at, int *base)
{
	bool zero = *at == '0', hex = zero && (at[1] | 32) == 'x' && digit(at[2]) < 16;

	if (!*base)
		*base = hex ? 16 : zero ? 8 : 10;
	return *base == 16 && hex ? at + 2 : at;
}

/* The magnitude; where it does not fit, the `most` there is and ERANGE. */
static uint64_t scan(const char *text, char **end, int base, bool *negative, bool *most)
{
	const char *at = text, *first;
	uint64_t value = 0;
	bool over = false;

	while (isspace((unsigned char)*at))
		at++;
	*negative = *at == '-';
	at += *at == '-' || *at == '+';
	first = at = prefix(at, &base);
	for (; digit(*at) < (unsigned)base; at++) {
		over |= __builtin_mul_overflow(value, (uint64_t)base, &value);
		over |= __builtin_add_overflow(value, (uint64_t)digit(*at), &value);
	}
	if (end)
		*end = (char *)(at == first ? text : at);
	if (!over)
		return value;
	errno = ERANGE;
	*most = true;
	return UINT64_MAX;
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	bool negative, most = false;
	uint64_t value = scan(text, end, base, &negative, &most);

	return negative && !most ? -value : value;
}

long long strtoll(const char *text, char **end, int base)
{
	bool negative, over = false;
	uint64_t value = scan(text, end, base, &negative, &over);
	uint64_t most = (uint64_t)INT64_MAX + negative;

	if (value > most) {
		errno = ERANGE;
		value = most;
	}
	return (long long)(negative ? -value : value);
}

_Static_assert(sizeof(long) == sizeof(long long), "one scan for both");

unsigned long strtoul(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

long strtol(const char *text, char **end, int base)
{
	return strtoll(text, end, base);
}
