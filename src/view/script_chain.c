#include "view/script.h"

#include <string.h>

#define SLOTS 16384
#define RING_WORDS (384u << 10)
#define SLACK_WORDS 4

/* What a call chain was written as. `at` counts the ring's words from the beginning of time: what
 * lies farther back than the ring is long was written over. */
struct script_chain {
	uint64_t from_ns, until_ns, at;
	uint64_t fields;
	uint32_t pid, count, bytes;
	uint8_t mode;
	bool shown;
};

bool script_chains_init(struct script_chains *chains, struct arena *arena)
{
	*chains = (struct script_chains){ .slot = arena_array(arena, struct script_chain, SLOTS),
		.ring = arena_array(arena, uint64_t, RING_WORDS + SLACK_WORDS) };
	return chains->slot && chains->ring;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static struct script_chain *slot_of(
	const struct script_chains *c, const struct script_chain_key *key)
{
	uint64_t hash = (uint64_t)key->pid << 8 | key->mode;

	for (uint64_t i = 0; i < key->count; i++)
		hash = mix(hash, key->words[i]);
	return &c->slot[hash >> 20 & (SLOTS - 1)];
}

static bool is_same(const struct script_chains *c, const struct script_chain *chain,
	const struct script_chain_key *key)
{
	const uint64_t *words = c->ring + chain->at % RING_WORDS;

	if (!chain->until_ns || chain->pid != key->pid || chain->count != key->count ||
		chain->mode != key->mode || chain->fields != key->fields ||
		key->time_ns < chain->from_ns || key->time_ns >= chain->until_ns ||
		c->head - chain->at > RING_WORDS)
		return false;
	for (uint32_t i = 0; i < chain->count; i++)
		if (words[i] != key->words[i])
			return false;
	return true;
}

const char *script_chain_find(
	struct script_chains *chains, const struct script_chain_key *key, bool shown, size_t *bytes)
{
	const struct script_chain *chain;

	if (key->count > SCRIPT_CHAIN_WORDS)
		return NULL;
	chain = slot_of(chains, key);
	if (!is_same(chains, chain, key) || (shown && !chain->shown))
		return NULL;
	*bytes = chain->bytes;
	return (const char *)(chains->ring + chain->at % RING_WORDS + chain->count);
}

/* The next `words` of the ring that lie behind each other. */
static uint64_t advance(struct script_chains *c, uint64_t words)
{
	uint64_t place = c->head % RING_WORDS;

	if (place + words > RING_WORDS)
		c->head += RING_WORDS - place;
	c->head += words;
	return c->head - words;
}

void script_chain_keep(struct script_chains *chains, const struct script_chain_key *key,
	const struct chain_times *holds, const char *text, size_t bytes)
{
	struct script_chain *chain;
	uint64_t *to;

	if (key->count > SCRIPT_CHAIN_WORDS || bytes > SCRIPT_CHAIN_BYTES)
		return;
	chain = slot_of(chains, key);
	*chain = (struct script_chain){ .from_ns = holds->from_ns,
		.until_ns = holds->until_ns,
		.at = advance(chains, key->count + (bytes + 7) / 8),
		.fields = key->fields,
		.pid = key->pid,
		.count = (uint32_t)key->count,
		.bytes = (uint32_t)bytes,
		.mode = key->mode,
		.shown = text };
	to = chains->ring + chain->at % RING_WORDS;
	for (uint64_t i = 0; i < key->count; i++)
		to[i] = key->words[i];
	if (text)
		memcpy(to + key->count, text, bytes);
}
