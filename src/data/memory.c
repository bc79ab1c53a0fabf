#include "data/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *at, *end;
};

static void put(struct text *t, const char *word)
{
	size_t size = strlen(word), room = (size_t)(t->end - t->at) - 1;

	size = size < room ? size : room;
	memcpy(t->at, word, size);
	t->at += size;
	*t->at = 0;
}

/* The names of the bits that are set, with " or " between them; false where none is. */
static bool put_bits(struct text *t, unsigned bits, const char *const *names, unsigned count)
{
	bool any = false;

	for (unsigned i = 0; i < count; i++) {
		if (!(bits >> i & 1) || !names[i])
			continue;
		if (any)
			put(t, " or ");
		put(t, names[i]);
		any = true;
	}
	return any;
}

#define BITS(t, bits, names) put_bits(t, bits, names, sizeof(names) / sizeof(*(names)))

static void put_hit(struct text *t, unsigned bits)
{
	if (bits & 2)
		put(t, " hit");
	if (bits & 4)
		put(t, " miss");
}

static void put_level(struct text *t, uint64_t v)
{
	static const char *const levels[] = { "N/A", NULL, NULL, "L1", "LFB/MAB", "L2", "L3",
		"Local RAM", "Remote RAM (1 hop)", "Remote RAM (2 hops)", "Remote Cache (1 hop)",
		"Remote Cache (2 hops)", "I/O", "Uncached" };
	static const char *const numbers[16] = { NULL, "L1", "L2", "L3",
		"L4", [9] = "CXL", [10] = "I/O", [11] = "Any cache", [12] = "LFB/MAB", [13] = "RAM",
		[14] = "PMEM", [15] = "N/A" };
	static const char *const hops[8] = { NULL, "core, same node", "node, same socket",
		"socket, same board", "board" };
	unsigned level = v >> 5 & 0x3fff, number = v >> 33 & 15, hop = v >> 43 & 7;
	bool remote = v >> 37 & 1, any = false;

	put(t, "|LVL ");
	if (remote)
		put(t, "Remote ");
	if (hops[hop]) {
		put(t, hops[hop]);
		put(t, " ");
	} else {
		any = BITS(t, level, levels);
	}
	if (number) {
		put(t, any ? " or " : "");
		put(t, numbers[number] ? numbers[number] : "?");
	} else if (!any && !hops[hop]) {
		put(t, "N/A");
	}
	put_hit(t, level);
}

void memory_text(char *to, size_t cap, uint64_t data_src)
{
	static const char *const operations[] = { "N/A", "LOAD", "STORE", "PFETCH", "EXEC" };
	static const char *const snoops[] = { "N/A", "None", "Hit", "Miss", "HitM", "Fwd", "Peer" };
	static const char *const tlbs[] = { "N/A", NULL, NULL, "L1", "L2", "Walker", "Fault" };
	struct text t = { to, to + cap };
	unsigned tlb = data_src >> 26 & 0x7f, lock = data_src >> 24 & 3, block = data_src >> 40 & 7;

	*to = 0;
	put(&t, "|OP ");
	/* one of them: the lowest bit */
	if (!BITS(&t, data_src & 31 & (0 - data_src), operations))
		put(&t, "No");
	put_level(&t, data_src);
	put(&t, "|SNP ");
	if (!BITS(&t, (data_src >> 19 & 31) | (unsigned)(data_src >> 38 & 3) << 5, snoops))
		put(&t, "N/A");
	put(&t, "|TLB ");
	if (!BITS(&t, tlb, tlbs))
		put(&t, "N/A");
	put_hit(&t, tlb);
	put(&t, lock & 1 ? "|LCK N/A" : lock & 2 ? "|LCK Yes" : "|LCK No");
	put(&t, "|BLK ");
	if (!block || block & 1)
		put(&t, " N/A");
	if (block & 2)
		put(&t, " Data");
	if (block & 4)
		put(&t, " Addr");
}
