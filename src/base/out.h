#ifndef BASE_OUT_H
#define BASE_OUT_H

/*
 * A buffered output stream over a descriptor. Errors stick: writing goes on silently and the
 * command asks once at the end (out_flush). A closed pipe is no error worth a word: `error` is
 * EPIPE.
 */

#include <stddef.h>
#include <stdint.h>

struct out {
	int fd;
	int error; /* errno of the first write that failed, or 0 */
	size_t used;
	char buffer[16384];
};

void out_begin(struct out *out, int fd);

/* Writes what is buffered. 0, or -errno of the first failure since out_begin. */
int out_flush(struct out *out);

void out_bytes(struct out *out, const void *bytes, size_t size);
void out_string(struct out *out, const char *text);
void out_char(struct out *out, char c);
void out_u64(struct out *out, uint64_t value);

/* Lower-case hexadecimal without 0x, padded with zeroes to `digits`. */
void out_hex(struct out *out, uint64_t value, int digits);

/* `count` times `c`; nothing where count <= 0. */
void out_fill(struct out *out, char c, int count);

/* printf; the result of one call is cut at 1 KiB. Text from outside goes through the calls below.
 */
__attribute__((format(printf, 2, 3))) void out_printf(struct out *out, const char *format, ...);

/* Text from outside, escaped for where it goes (base/escape.h), cut at 8 KiB. */
void out_text(struct out *out, const char *text);
void out_json(struct out *out, const char *text); /* with its quotes */
void out_xml(struct out *out, const char *text);

/* Text from outside, padded with spaces to `width` (negative: on the left). */
void out_column(struct out *out, const char *text, int width);

#endif
