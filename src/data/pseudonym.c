#include "data/pseudonym.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define PIDS (1u << 22) /* PID_MAX_LIMIT of 64-bit kernels */
#define PIDS_END (1u << 31)
#define ROUNDS 4

int pseudonym_random(struct pseudonym *pseudonym)
{
	ssize_t got = getrandom(pseudonym->key, sizeof(pseudonym->key), 0);

	memset(pseudonym->recent, 0, sizeof(pseudonym->recent));
	return got == sizeof(pseudonym->key) ? 0 : got < 0 ? -errno : -EIO;
}

static uint64_t left(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = left(v[1], 13) ^ v[0];
		v[3] = left(v[3], 16) ^ v[2];
		v[0] = left(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = left(v[1], 17) ^ v[2];
		v[3] = left(v[3], 21) ^ v[0];
		v[2] = left(v[2], 32);
	}
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

uint64_t pseudonym_hash(const struct pseudonym *pseudonym, const void *bytes, size_t size)
{
	uint64_t v[4] = { pseudonym->key[0] ^ 0x736f6d6570736575,
		pseudonym->key[1] ^ 0x646f72616e646f6d, pseudonym->key[0] ^ 0x6c7967656e657261,
		pseudonym->key[1] ^ 0x7465646279746573 };
	const char *at = bytes;
	uint64_t last = (uint64_t)size << 56, word;

	for (size_t left_over = size; left_over >= 8; left_over -= 8, at += 8) {
		memcpy(&word, at, 8);
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, at, size % 8);
	sip_word(v, last | word);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void pseudonym_key(struct pseudonym *pseudonym, const void *bytes, size_t size)
{
	uint64_t halves[2];

	*pseudonym = (struct pseudonym){ { 1, 1 }, { { 0, 0 } } };
	halves[0] = pseudonym_hash(pseudonym, bytes, size);
	pseudonym->key[0] = 2;
	halves[1] = pseudonym_hash(pseudonym, bytes, size);
	memcpy(pseudonym->key, halves, sizeof(halves));
}

/* A Feistel network over two halves of `bits`. */
static uint32_t permute(const struct pseudonym *p, uint32_t value, int bits)
{
	uint32_t mask = (1u << bits) - 1, a = value >> bits, b = value & mask;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t in[2] = { round << 8 | (uint32_t)bits, b };
		uint32_t next = a ^ ((uint32_t)pseudonym_hash(p, in, sizeof(in)) & mask);

		a = b;
		b = next;
	}
	return a << bits | b;
}

/* Goes on until it is back in the range it came from: still a permutation of that range. */
static uint32_t permute_pid(const struct pseudonym *p, uint32_t pid)
{
	bool small = pid < PIDS;

	do
		pid = permute(p, pid, small ? 11 : 16);
	while (small ? !pid : pid < PIDS || pid >= PIDS_END);
	return pid;
}

uint32_t pseudonym_pid(struct pseudonym *pseudonym, uint32_t pid)
{
	uint32_t at = pid % PSEUDONYM_RECENT;

	if (!pid || pid >= PIDS_END)
		return pid;
	if (pseudonym->recent[at].from != pid) {
		pseudonym->recent[at].to = permute_pid(pseudonym, pid);
		pseudonym->recent[at].from = pid;
	}
	return pseudonym->recent[at].to;
}

size_t pseudonym_text(const struct pseudonym *pseudonym, char *to, const char *prefix,
	const char *text, int digits)
{
	uint64_t hash = pseudonym_hash(pseudonym, text, strlen(text));
	size_t used = strlen(prefix);

	memcpy(to, prefix, used);
	for (int i = 0; i < digits; i++)
		to[used++] = "0123456789abcdef"[hash >> 4 * i & 15];
	to[used] = 0;
	return used;
}

/* Names that are the same on every machine. */
static bool public_path(const char *path)
{
	static const char names[] =
		"[vdso]\0[vsyscall]\0[vvar]\0[heap]\0[stack]\0[uprobes]\0//anon";

	if (!strncmp(path, "[kernel.kallsyms]", 17))
		return !path[17] || !strcmp(path + 17, "_text") || !strcmp(path + 17, "_stext");
	for (const char *name = names; name < names + sizeof(names); name += strlen(name) + 1)
		if (!strcmp(path, name))
			return true;
	return false;
}

size_t pseudonym_path(
	const struct pseudonym *pseudonym, char to[PSEUDONYM_TEXT_MAX], const char *path)
{
	bool special = *path == '[';
	size_t used;

	if (public_path(path)) {
		strcpy(to, path);
		return strlen(path);
	}
	used = pseudonym_text(pseudonym, to, special ? "[" : "/anonymous/", path, 12);
	strcpy(to + used, special ? "]" : strstr(path, ".ko") ? ".ko" : "");
	return strlen(to);
}
