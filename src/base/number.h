#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

/* Numbers and lists as people write them on a command line. Each returns 0 or -EINVAL, -ERANGE. */

#include <stdbool.h>
#include <stdint.h>

/* Decimal, 0x hexadecimal or 0 octal; nothing may follow. */
int number_u64(const char *text, uint64_t *value);

/* A size with an optional unit B, K, M, G (powers of 1024), as perf's -m and --max-size take it. */
int number_bytes(const char *text, uint64_t *bytes);

/* Seconds with an optional fraction ("0.25"), as nanoseconds. */
int number_seconds(const char *text, uint64_t *ns);

/* Hexadecimal digits (no 0x) at `*at`, which moves behind them. False where there are none, or more
 * than 16. */
bool number_hex(const char **at, uint64_t *value);

/* Walks "0-3,5": gives each number in turn. `*at` starts at the text; 1 per number with `*value`
 * set, 0 at the end, -EINVAL where the text is no list. `range` is the walk's memory, zeroed first.
 */
struct number_range {
	uint32_t next, last;
	uint8_t inside;
};
int number_list_next(const char **at, struct number_range *range, uint32_t *value);

/* A decimal number such as "6.1e-5" at `*at`, which moves behind it; good to 15 digits. 0 or
 * -EINVAL. (strtod would bring 6 KiB of arithmetic along.) */
int number_decimal(const char **at, double *value);

#endif
