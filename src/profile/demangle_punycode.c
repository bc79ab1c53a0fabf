#include "profile/demangle_text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static void put_utf8(struct demangle_text *text, uint32_t c)
{
	char bytes[4];
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[size] | c);
	text_bytes(text, bytes, size);
}

#define PUNYCODE_CHARS_MAX 128

/* Punycode (RFC 3492) as its section 6.2 decodes it; how many characters, 0 where it is broken. */
static size_t decode(const struct rust_identifier *id, uint32_t to[PUNYCODE_CHARS_MAX])
{
	const uint32_t base = 36, t_min = 1, t_max = 26, skew = 38;
	uint32_t damp = 700, bias = 72, c = 0x80, i = 0;
	size_t count = 0, at = 0;

	if (id->ascii_size >= PUNYCODE_CHARS_MAX)
		return 0;
	for (; count < id->ascii_size; count++)
		to[count] = (uint8_t)id->ascii[count];
	while (at < id->punycode_size) {
		uint32_t old = i, weight = 1, delta, steps = 0;

		for (uint32_t k = base;; k += base) {
			uint32_t t = k <= bias ? t_min : k >= bias + t_max ? t_max : k - bias;
			char digit = at < id->punycode_size ? id->punycode[at++] : 0;
			uint32_t d = digit >= 'a' && digit <= 'z' ? (uint32_t)(digit - 'a')
				     : isdigit((uint8_t)digit)	  ? (uint32_t)(digit - '0' + 26)
								  : base;

			if (d == base || d > (0x7fffffff - i) / weight)
				return 0;
			i += d * weight;
			if (d < t)
				break;
			if (weight > 0x7fffffff / base)
				return 0;
			weight *= base - t;
		}
		if (count == PUNYCODE_CHARS_MAX)
			return 0;
		count++;
		delta = (i - old) / damp;
		damp = 2;
		delta += delta / (uint32_t)count;
		for (; delta > (base - t_min) * t_max / 2; steps += base)
			delta /= base - t_min;
		bias = steps + (base - t_min + 1) * delta / (delta + skew);
		c += i / (uint32_t)count;
		i %= (uint32_t)count;
		if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return 0;
		memmove(&to[i + 1], &to[i], (count - 1 - i) * sizeof(*to));
		to[i++] = c;
	}
	return count;
}

void rust_identifier_put(struct demangle_text *text, const struct rust_identifier *id)
{
	uint32_t decoded[PUNYCODE_CHARS_MAX];
	size_t count;

	if (!id->punycode) {
		text_bytes(text, id->ascii, id->ascii_size);
		return;
	}
	count = decode(id, decoded);
	for (size_t i = 0; i < count; i++)
		put_utf8(text, decoded[i]);
	if (count)
		return;
	/* what cannot be decoded is shown as it is written */
	text_string(text, "punycode{");
	text_bytes(text, id->ascii, id->ascii_size);
	text_string(text, id->ascii_size ? "-" : "");
	text_bytes(text, id->punycode, id->punycode_size);
	text_string(text, "}");
}
