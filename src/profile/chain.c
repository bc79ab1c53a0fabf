#include "profile/chain.h"

#include <string.h>

#define RECENT 64	 /* threads whose last chain is remembered */
#define RECENT_DEPTH 256 /* words; deeper chains are not remembered */
#define KNOWN 8192	 /* addresses whose place is remembered */
#define WORDS_MAX (CHAIN_DEPTH_MAX + 16)
#define MODE_SKIP 0xff /* what follows is no address */

/* The last chain of a thread: its words, the leaf first, and the node each led to. */
struct chain_recent {
	uint32_t pid, tid, root, count;
	uint64_t from_ns, until_ns;
	uint64_t word[RECENT_DEPTH];
	uint32_t node[RECENT_DEPTH];
	uint8_t mode[RECENT_DEPTH];
};

struct chain_known {
	uint64_t address, from_ns, until_ns;
	struct place *place;
	uint32_t pid;
};

struct span_ns {
	uint64_t from_ns, until_ns;
};

bool chains_init(struct chains *chains, struct arena *arena, struct processes *processes,
	struct images *images, struct tree *tree)
{
	*chains = (struct chains){ .processes = processes, .images = images, .tree = tree };
	chains->recent = arena_array(arena, struct chain_recent, RECENT);
	chains->known = arena_array(arena, struct chain_known, KNOWN);
	chains->words = arena_array(arena, uint64_t, WORDS_MAX);
	chains->modes = arena_array(arena, uint8_t, WORDS_MAX);
	chains->nowhere = image_find_or_add(images, &(struct image_id){ .path = "[unknown]" });
	return chains->recent && chains->known && chains->words && chains->modes;
}

static struct place *look_up(
	struct chains *c, uint32_t pid, uint64_t address, uint64_t time_ns, struct process_hit *hit)
{
	const struct mapping *m;

	*hit = process_find(c->processes, pid, address, time_ns);
	m = hit->mapping;
	if (!m)
		return image_place(c->images, c->nowhere, address);
	return image_place(
		c->images, m->image, image_offset(m->image, address, m->start, m->pgoff));
}

/* Guests and hypervisors are not ours to name. */
static uint32_t space_of(uint32_t pid, uint8_t mode)
{
	switch (mode) {
	case PERF_RECORD_MISC_KERNEL:
		return PROCESS_KERNEL;
	case PERF_RECORD_MISC_USER:
	case PERF_RECORD_MISC_CPUMODE_UNKNOWN:
		return pid;
	}
	return PROCESS_KERNEL - 1;
}

static struct place *place_of(struct chains *c, uint32_t pid, uint8_t mode, uint64_t address,
	uint64_t time_ns, struct span_ns *holds)
{
	uint32_t space = space_of(pid, mode);
	uint64_t mix = (address ^ (uint64_t)space << 32) * 0x9e3779b97f4a7c15ull;
	struct chain_known *k = &c->known[(mix >> 40) % KNOWN];

	if (!k->place || k->address != address || k->pid != space || time_ns < k->from_ns ||
		time_ns >= k->until_ns) {
		struct process_hit hit;

		k->place = look_up(c, space, address, time_ns, &hit);
		k->address = address;
		k->pid = space;
		k->from_ns = hit.from_ns;
		k->until_ns = hit.until_ns;
	}
	if (k->from_ns > holds->from_ns)
		holds->from_ns = k->from_ns;
	if (k->until_ns < holds->until_ns)
		holds->until_ns = k->until_ns;
	return k->place;
}

struct place *chains_place(
	struct chains *chains, uint32_t pid, uint8_t cpumode, uint64_t address, uint64_t time_ns)
{
	struct span_ns holds = { 0, UINT64_MAX };

	return place_of(chains, pid, cpumode, address, time_ns, &holds);
}

static bool is_marker(uint64_t word)
{
	return word >= PERF_CONTEXT_MAX;
}

static uint8_t mode_after(uint64_t marker)
{
	switch (marker) {
	case PERF_CONTEXT_HV:
		return PERF_RECORD_MISC_HYPERVISOR;
	case PERF_CONTEXT_KERNEL:
		return PERF_RECORD_MISC_KERNEL;
	case PERF_CONTEXT_USER:
		return PERF_RECORD_MISC_USER;
	case PERF_CONTEXT_GUEST_KERNEL:
		return PERF_RECORD_MISC_GUEST_KERNEL;
	case PERF_CONTEXT_GUEST:
	case PERF_CONTEXT_GUEST_USER:
		return PERF_RECORD_MISC_GUEST_USER;
	}
	return MODE_SKIP;
}

/* The mode of each word up to `count`; a marker has the mode it begins. */
static void find_modes(struct chains *c, uint8_t mode, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (is_marker(c->words[i]))
			mode = mode_after(c->words[i]);
		c->modes[i] = mode;
	}
}

/*
 * The sample's words, the leaf first. The sampled address is the leaf even where the chain does
 * not begin with it (precise events; a chain of the user part alone for an address in the kernel).
 */
static uint32_t gather(struct chains *c, const struct sample *s, bool callers)
{
	uint64_t n = callers ? s->chain.count : 0, put = 0, at = 0;

	if (n > CHAIN_DEPTH_MAX) {
		n = CHAIN_DEPTH_MAX;
		c->cut++;
	}
	while (at < n && is_marker(s->chain.at[at]))
		c->words[put++] = s->chain.at[at++];
	if (s->type & PERF_SAMPLE_IP) {
		uint8_t mode = at ? mode_after(s->chain.at[at - 1]) : s->cpumode;

		if (mode == s->cpumode && at < n) {
			c->words[put++] = s->ip;
			at++;
		} else {
			memmove(c->words + 1, c->words, put * sizeof(*c->words));
			c->words[0] = s->ip;
			put++;
		}
	}
	if (at < n)
		memcpy(c->words + put, s->chain.at + at, (n - at) * sizeof(*c->words));
	return (uint32_t)(put + n - at);
}

/* Whether the word is where execution stood, and no address to return to. */
static bool exact(const uint64_t *words, uint32_t i)
{
	return !i || is_marker(words[i - 1]);
}

/* How many of the outer words, with their modes, are those of the thread's last chain. */
static uint32_t shared(const struct chains *c, const struct chain_recent *r, uint32_t count)
{
	uint32_t n = 0, most = count < r->count ? count : r->count, i, k;

	while (n < most && c->words[count - 1 - n] == r->word[r->count - 1 - n])
		n++;
	if (n == count && n == r->count)
		return n;
	for (; n; n--) {
		i = count - n;
		k = r->count - n;
		if (!exact(c->words, i) && !exact(r->word, k))
			break;
	}
	return n;
}

static struct chain_recent *recent_of(struct chains *c, const struct sample *s)
{
	return &c->recent[(s->tid * 0x9e3779b1u >> 16) % RECENT];
}

static bool still_holds(
	const struct chain_recent *r, const struct sample *s, uint32_t root, uint64_t time_ns)
{
	return r->count && r->pid == s->pid && r->tid == s->tid && r->root == root &&
	       time_ns >= r->from_ns && time_ns < r->until_ns;
}

/* Down from the word before `i` (counted from the leaf) to the leaf. */
static uint32_t descend(struct chains *c, uint32_t node, const struct sample *s, uint32_t i,
	uint64_t time_ns, struct chain_recent *r, struct span_ns *holds)
{
	while (i--) {
		if (!is_marker(c->words[i]) && c->modes[i] != MODE_SKIP) {
			uint64_t address = c->words[i] - !exact(c->words, i);
			struct place *p = place_of(c, s->pid, c->modes[i], address, time_ns, holds);

			node = tree_child(c->tree, node, p, c->modes[i]);
		}
		if (r)
			r->node[i] = node;
	}
	return node;
}

static void remember(struct chain_recent *r, const struct chains *c, const struct sample *s,
	uint32_t root, uint32_t count)
{
	r->pid = s->pid;
	r->tid = s->tid;
	r->root = root;
	r->count = count;
	memcpy(r->word, c->words, count * sizeof(*r->word));
	memcpy(r->mode, c->modes, count);
}

uint32_t chains_node(struct chains *chains, uint32_t root, const struct sample *sample,
	uint64_t time_ns, bool callers)
{
	uint32_t count = gather(chains, sample, callers), same = 0, node = root;
	struct chain_recent *r = recent_of(chains, sample);
	struct span_ns holds = { 0, UINT64_MAX };

	if (!count)
		return root;
	find_modes(chains, sample->cpumode, count);
	if (count > RECENT_DEPTH)
		return descend(chains, root, sample, count, time_ns, NULL, &holds);
	if (still_holds(r, sample, root, time_ns)) {
		same = shared(chains, r, count);
		if (same && chains->modes[count - same] != r->mode[r->count - same])
			same = 0;
	}
	if (same) {
		node = r->node[r->count - same];
		holds = (struct span_ns){ r->from_ns, r->until_ns };
		memmove(r->node + count - same, r->node + r->count - same, same * sizeof(*r->node));
	}
	node = descend(chains, node, sample, count - same, time_ns, r, &holds);
	r->from_ns = holds.from_ns;
	r->until_ns = holds.until_ns;
	remember(r, chains, sample, root, count);
	return node;
}
