/*
 * snprintf(3) and vsnprintf(3) in place of the C library's, whose floating point alone is 8 KiB and
 * on arm64 brings arithmetic of 128-bit floats along. Conversions d i u x X o c s p f and %, flags
 * - 0 + space #, width and precision as numbers or *, lengths hh h l ll j z t. %f below 2^64 rounds
 * to the nearest even digit as the C library does, up to nine decimals; beyond, the last may
 * differ.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FRACTION_BITS 60
#define MOST_DECIMALS 18

struct sink {
	char *to;
	size_t cap, used; /* used may grow beyond cap: what did not fit */
};

struct conversion {
	bool left, zero, plus, space, alternate;
	int width, precision; /* precision -1: not given */
	int bytes;	      /* of an integer */
	char kind;
};

static void put(struct sink *sink, const char *text, size_t size)
{
	size_t room = sink->used < sink->cap ? sink->cap - sink->used : 0;

	memcpy(sink->to + (room ? sink->used : 0), text, size < room ? size : room);
	sink->used += size;
}

static void fill(struct sink *sink, char c, int count)
{
	while (count-- > 0)
		put(sink, &c, 1);
}

/* A sign or 0x, then the body, padded to the width. */
static void put_padded(struct sink *sink, const struct conversion *c, const char *head,
	const char *body, size_t size)
{
	int padding = c->width - (int)(strlen(head) + size);

	if (!c->left && !c->zero)
		fill(sink, ' ', padding);
	put(sink, head, strlen(head));
	if (!c->left && c->zero)
		fill(sink, '0', padding);
	put(sink, body, size);
	if (c->left)
		fill(sink, ' ', padding);
}

/* Backwards from `end`; where the digits begin. */
static char *digits_of(char *end, uint64_t value, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = digits[value % base];
		value /= base;
	} while (value);
	return end;
}

static void put_integer(
	struct sink *sink, struct conversion *c, uint64_t value, const char *head, unsigned base)
{
	char text[80], *end = text + sizeof(text);
	char *at = c->precision || value ? digits_of(end, value, base, c->kind == 'X') : end;

	while (c->precision > end - at && at > text)
		*--at = '0';
	c->zero &= c->precision < 0;
	put_padded(sink, c, head, at, (size_t)(end - at));
}

static const char *sign_of(const struct conversion *c, bool negative)
{
	return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
}

static void put_signed(struct sink *sink, struct conversion *c, int64_t value)
{
	if (c->bytes < 8)
		value = (int64_t)((uint64_t)value << (64 - 8 * c->bytes)) >> (64 - 8 * c->bytes);
	put_integer(
		sink, c, value < 0 ? -(uint64_t)value : (uint64_t)value, sign_of(c, value < 0), 10);
}

static void put_unsigned(struct sink *sink, struct conversion *c, uint64_t value)
{
	unsigned base = c->kind == 'u' ? 10 : c->kind == 'o' ? 8 : 16;
	const char *head = c->alternate && base == 16 && value ? "0x" : "";

	if (c->bytes < 8)
		value &= (1ull << 8 * c->bytes) - 1;
	put_integer(sink, c, value, head, base);
}

/* A double below 2^64 as whole part and fraction in 2^-60; what is smaller leaves a sticky bit. */
static uint64_t split(double value, uint64_t *fraction)
{
	uint64_t bits, mantissa;
	int shift;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = (bits & ((1ull << 52) - 1)) | (bits >> 52 ? 1ull << 52 : 0);
	shift = 1075 - (int)(bits >> 52 ? bits >> 52 : 1);
	*fraction = 0;
	if (shift <= 0)
		return mantissa << -shift;
	if (shift <= FRACTION_BITS)
		*fraction = (mantissa << (FRACTION_BITS - shift)) & ((1ull << FRACTION_BITS) - 1);
	else if (shift < FRACTION_BITS + 53)
		*fraction = mantissa >> (shift - FRACTION_BITS) |
			    !!(mantissa & ((1ull << (shift - FRACTION_BITS)) - 1));
	else
		*fraction = mantissa != 0;
	return shift < 64 ? mantissa >> shift : 0;
}

static bool rounds_up(uint64_t rest, bool odd)
{
	uint64_t half = 1ull << (FRACTION_BITS - 1);

	return rest > half || (rest == half && odd);
}

static void put_double(struct sink *sink, struct conversion *c, double value)
{
	int decimals = c->precision < 0 ? 6 : c->precision;
	char text[64], *point = text + 32, *at;
	bool negative = __builtin_signbit(value);
	uint64_t whole, rest;

	if (value != value || value >= 0x1p64 || value <= -0x1p64) {
		c->zero = false;
		put_padded(sink, c, sign_of(c, negative), value != value ? "nan" : "inf", 3);
		return;
	}
	if (decimals > MOST_DECIMALS)
		decimals = MOST_DECIMALS;
	whole = split(negative ? -value : value, &rest);
	for (int i = 0; i < decimals; i++) {
		rest *= 10;
		point[i + 1] = (char)('0' + (rest >> FRACTION_BITS));
		rest &= (1ull << FRACTION_BITS) - 1;
	}
	if (rounds_up(rest, decimals ? point[decimals] & 1 : whole & 1)) {
		int i = decimals;

		while (i > 0 && point[i] == '9')
			point[i--] = '0';
		if (i)
			point[i]++;
		else
			whole++;
	}
	*point = '.';
	at = digits_of(point, whole, 10, false);
	put_padded(sink, c, sign_of(c, negative), at,
		(size_t)(point - at) + (decimals ? (size_t)decimals + 1 : 0));
}

static int number(const char **at, va_list *args)
{
	int value = 0;

	if (**at == '*') {
		++*at;
		return va_arg(*args, int);
	}
	while (**at >= '0' && **at <= '9')
		value = value * 10 + *(*at)++ - '0';
	return value;
}

static void parse_flags(struct conversion *c, const char **at)
{
	for (;; ++*at)
		if (**at == '-')
			c->left = true;
		else if (**at == '0')
			c->zero = true;
		else if (**at == '+')
			c->plus = true;
		else if (**at == ' ')
			c->space = true;
		else if (**at == '#')
			c->alternate = true;
		else
			return;
}

static const char *parse(struct conversion *c, const char *at, va_list *args)
{
	*c = (struct conversion){ .precision = -1, .bytes = sizeof(int) };
	parse_flags(c, &at);
	c->width = number(&at, args);
	if (c->width < 0) {
		c->left = true;
		c->width = -c->width;
	}
	if (*at == '.') {
		at++;
		c->precision = number(&at, args);
	}
	for (; *at && strchr("hljzt", *at); at++)
		c->bytes = *at == 'h' ? (c->bytes == 2 ? 1 : 2) : 8;
	c->kind = *at;
	return at + (*at != 0);
}

static uint64_t integer_argument(const struct conversion *c, va_list *args)
{
	return c->bytes == 8 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
}

static void put_conversion(struct sink *sink, struct conversion *c, va_list *args)
{
	const char *text;
	char one;

	switch (c->kind) {
	case 's':
		text = va_arg(*args, const char *);
		text = text ? text : "(null)";
		c->zero = false;
		put_padded(sink, c, "", text,
			c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision));
		return;
	case 'c':
		one = (char)va_arg(*args, int);
		c->zero = false;
		put_padded(sink, c, "", &one, 1);
		return;
	case 'd':
	case 'i':
		put_signed(sink, c, (int64_t)integer_argument(c, args));
		return;
	case 'p':
		*c = (struct conversion){ .alternate = true,
			.left = c->left,
			.width = c->width,
			.precision = -1,
			.bytes = sizeof(void *),
			.kind = 'x' };
		put_unsigned(sink, c, (uint64_t)(uintptr_t)va_arg(*args, void *));
		return;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(sink, c, integer_argument(c, args));
		return;
	case 'f':
		put_double(sink, c, va_arg(*args, double));
		return;
	default:
		put(sink, &c->kind, c->kind != 0);
	}
}

int vsnprintf(char *restrict to, size_t cap, const char *restrict format, va_list given)
{
	struct sink sink = { to, cap ? cap - 1 : 0, 0 };
	va_list args;

	va_copy(args, given);
	while (*format) {
		size_t plain = strcspn(format, "%");
		struct conversion c;

		put(&sink, format, plain);
		format += plain;
		if (!*format)
			break;
		format = parse(&c, format + 1, &args);
		put_conversion(&sink, &c, &args);
	}
	va_end(args);
	if (cap)
		to[sink.used < sink.cap ? sink.used : sink.cap] = 0;
	return (int)sink.used;
}

int snprintf(char *restrict to, size_t cap, const char *restrict format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(to, cap, format, args);
	va_end(args);
	return size;
}
