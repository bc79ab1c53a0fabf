#ifndef DATA_PSEUDONYM_H
#define DATA_PSEUDONYM_H

/*
 * Names that stand for others: the same for the same input under the same key, not to be undone or
 * guessed at without it. Text goes through SipHash-2-4 (Aumasson and Bernstein, 2012); process ids
 * through a keyed permutation, so that two never become one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSEUDONYM_KEY_BYTES 16
#define PSEUDONYM_RECENT 256

struct pseudonym {
	uint64_t key[2];
	struct {
		uint32_t from, to; /* 0: free */
	} recent[PSEUDONYM_RECENT];
};

/* A random key, known to nobody. 0 or -errno. */
int pseudonym_random(struct pseudonym *pseudonym);

/* A key from any bytes: all of them count. */
void pseudonym_key(struct pseudonym *pseudonym, const void *bytes, size_t size);

uint64_t pseudonym_hash(const struct pseudonym *pseudonym, const void *bytes, size_t size);

/* Process and thread ids from 1 to 2^31 - 1; 0 (idle) and what is above (the kernel) stay. What any
 * kernel gives out (below 2^22) stays in that range. */
uint32_t pseudonym_pid(struct pseudonym *pseudonym, uint32_t pid);

/* "comm-1f0c22d1" for `prefix` "comm-": that and `digits` (<= 16) of the hash. Returns the length;
 * `to` has room for both and a NUL. */
size_t pseudonym_text(const struct pseudonym *pseudonym, char *to, const char *prefix,
	const char *text, int digits);

#define PSEUDONYM_TEXT_MAX 48

/* The same for the path of a mapping. What is the same on every machine stays ("[vdso]",
 * "[kernel.kallsyms]_text"), and so does what perf knows kernel modules by (brackets, ".ko"). */
size_t pseudonym_path(
	const struct pseudonym *pseudonym, char to[PSEUDONYM_TEXT_MAX], const char *path);

#endif
