#include "profile/chain.h"

#include <string.h>

#define RECENT 64	 /* threads whose last chain is remembered */
#define RECENT_DEPTH 256 /* words; what lies deeper is not remembered */
#define KNOWN 8192	 /* addresses whose place is remembered */

/* The last chain of a thread: its words, the outermost first, and the node each led to. */
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
	bool back;
};

bool chains_init(struct chains *chains, struct arena *arena, struct processes *processes,
	struct images *images, struct tree *tree)
{
	*chains = (struct chains){ .processes = processes, .images = images, .tree = tree };
	chains->recent = arena_array(arena, struct chain_recent, RECENT);
	chains->known = arena_array(arena, struct chain_known, KNOWN);
	chains->modes = arena_array(arena, uint8_t, CHAIN_DEPTH_MAX);
	chains->nowhere = image_find_or_add(images, &(struct image_id){ .path = "[unknown]" });
	return chains->recent && chains->known && chains->modes;
}

static struct place *look_up(struct chains *c, uint32_t pid, uint64_t address, bool back,
	uint64_t time_ns, struct process_hit *hit)
{
	const struct mapping *m;

	*hit = process_find(c->processes, pid, address - back, time_ns);
	m = hit->mapping;
	if (m)
		return image_place(c->images, m->image,
			image_offset(m->image, address - back, m->start, m->pgoff));
	return c->collapsed ? c->unmapped : image_place(c->images, c->nowhere, address);
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

/* `back`: the address is one to return to, what is meant lies before it. */
static struct place *place_of(struct chains *c, uint32_t pid, uint8_t mode, uint64_t address,
	bool back, uint64_t time_ns, struct chain_times *holds)
{
	uint32_t space = space_of(pid, mode);
	uint64_t mix = ((address * 2 + back) ^ (uint64_t)space << 32) * 0x9e3779b97f4a7c15ull;
	struct chain_known *k = &c->known[(mix >> 40) % KNOWN];

	if (!k->place || k->address != address || k->back != back || k->pid != space ||
		time_ns < k->from_ns || time_ns >= k->until_ns) {
		struct process_hit hit;

		k->place = look_up(c, space, address, back, time_ns, &hit);
		k->address = address;
		k->back = back;
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
	struct chain_times holds = { 0, UINT64_MAX };

	return place_of(chains, pid, cpumode, address, false, time_ns, &holds);
}

struct place *chains_place_during(struct chains *chains, uint32_t pid, uint8_t cpumode,
	uint64_t address, uint64_t time_ns, struct chain_times *holds)
{
	return place_of(chains, pid, cpumode, address, false, time_ns, holds);
}

static bool is_marker(uint64_t word)
{
	return word >= PERF_CONTEXT_MAX;
}

uint8_t chains_mode(uint64_t marker)
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
	return CHAIN_MODE_NONE;
}

/* A sample's chain, its words counted from the outermost. */
struct walk {
	struct chains *chains;
	const struct sample *sample;
	const uint64_t *outermost; /* the others lie before it */
	uint64_t time_ns;
	struct chain_times holds;
	uint32_t count;
	uint32_t leaf; /* the innermost address where the sampled one stands for it, or `count` */
};

/*
 * The sampled address is the leaf even where the chain does not begin with it (precise events); it
 * comes on top where the chain tells of another context (of user space, for a sample in the
 * kernel).
 */
static void walk_begin(struct walk *w, bool callers)
{
	const struct sample *s = w->sample;
	uint32_t at = 0;
	uint8_t mode = s->cpumode;

	w->count = callers ? (uint32_t)s->chain.count : 0;
	if (w->count > CHAIN_DEPTH_MAX) {
		w->count = CHAIN_DEPTH_MAX;
		w->chains->cut++;
	}
	w->leaf = w->count;
	if (!w->count)
		return;
	w->outermost = s->chain.at + w->count - 1;
	while (at < w->count && is_marker(s->chain.at[at]))
		mode = chains_mode(s->chain.at[at++]);
	if (s->type & PERF_SAMPLE_IP && at < w->count && mode == s->cpumode)
		w->leaf = w->count - 1 - at;
}

static uint64_t word_at(const struct walk *w, uint32_t i)
{
	return i == w->leaf ? w->sample->ip : *(w->outermost - i);
}

/* Whether the word is where execution stood, and no address to return to. */
static bool exact(const struct walk *w, uint32_t i)
{
	return i + 1 >= w->count || is_marker(word_at(w, i + 1));
}

static bool exact_recent(const struct chain_recent *r, uint32_t i)
{
	return i + 1 >= r->count || is_marker(r->word[i + 1]);
}

/* The modes of the words from `from` inwards; a marker has the mode it begins. */
static void find_modes(const struct walk *w, uint32_t from)
{
	uint8_t mode = w->sample->cpumode;

	for (uint32_t i = w->count; i-- > from;) {
		uint64_t word = word_at(w, i);

		if (is_marker(word))
			mode = chains_mode(word);
		w->chains->modes[i] = mode;
	}
}

static bool still_holds(const struct chain_recent *r, const struct walk *w, uint32_t root)
{
	return r->count && r->pid == w->sample->pid && r->tid == w->sample->tid &&
	       r->root == root && w->time_ns >= r->from_ns && w->time_ns < r->until_ns;
}

/* How many of the outer words lead to the nodes that they led to in the thread's last chain. */
static uint32_t shared(const struct walk *w, const struct chain_recent *r)
{
	uint32_t most = w->count < r->count ? w->count : r->count, n = 0;

	while (n < most && word_at(w, n) == r->word[n])
		n++;
	if (n && exact(w, n - 1) != exact_recent(r, n - 1))
		n--;
	find_modes(w, n ? n - 1 : 0);
	if (n && w->chains->modes[n - 1] != r->mode[n - 1]) {
		find_modes(w, 0);
		n = 0;
	}
	return n;
}

/* Inwards from word `i`, `node` being that of the word before. */
static uint32_t descend(struct walk *w, uint32_t node, uint32_t i, struct chain_recent *r)
{
	struct chains *c = w->chains;

	for (; i < w->count; i++) {
		uint64_t word = word_at(w, i);
		uint8_t mode = c->modes[i];

		if (!is_marker(word) && mode != CHAIN_MODE_NONE) {
			struct place *p = place_of(
				c, w->sample->pid, mode, word, !exact(w, i), w->time_ns, &w->holds);

			node = tree_child(c->tree, node, p, mode);
		}
		if (r) {
			r->word[i] = word;
			r->node[i] = node;
			r->mode[i] = mode;
		}
	}
	return node;
}

static uint32_t callers_node(struct walk *w, uint32_t root)
{
	const struct sample *s = w->sample;
	struct chain_recent *r = &w->chains->recent[(s->tid * 0x9e3779b1u >> 16) % RECENT];
	uint32_t same = 0, node = root;

	if (w->count > RECENT_DEPTH) {
		find_modes(w, 0);
		return descend(w, root, 0, NULL);
	}
	if (still_holds(r, w, root))
		same = shared(w, r);
	else
		find_modes(w, 0);
	if (same) {
		node = r->node[same - 1];
		w->holds = (struct chain_times){ r->from_ns, r->until_ns };
	}
	node = descend(w, node, same, r);
	r->pid = s->pid;
	r->tid = s->tid;
	r->root = root;
	r->count = w->count;
	r->from_ns = w->holds.from_ns;
	r->until_ns = w->holds.until_ns;
	return node;
}

uint32_t chains_node(struct chains *chains, uint32_t root, const struct sample *sample,
	uint64_t time_ns, bool callers)
{
	struct walk w = {
		.chains = chains,
		.sample = sample,
		.time_ns = time_ns,
		.holds = { 0, UINT64_MAX },
	};
	uint32_t node = root;
	struct place *p;

	walk_begin(&w, callers);
	if (w.count)
		node = callers_node(&w, root);
	if (w.leaf < w.count || !(sample->type & PERF_SAMPLE_IP))
		return node;
	p = place_of(chains, sample->pid, sample->cpumode, sample->ip, false, time_ns, &w.holds);
	return tree_child(chains->tree, node, p, sample->cpumode);
}

void chains_forget(struct chains *chains)
{
	memset(chains->recent, 0, RECENT * sizeof(*chains->recent));
}

bool chains_collapse(struct chains *chains, struct arena *arena)
{
	struct symbol *symbol = arena_new(arena, struct symbol);
	struct tree *tree = chains->tree;

	chains->unmapped = arena_new(arena, struct place);
	if (!symbol || !chains->unmapped)
		return false;
	symbol->name = "[unknown]";
	chains->unmapped->image = chains->nowhere;
	chains->unmapped->symbol = symbol;
	chains->collapsed = true;
	for (uint32_t i = 0; i < tree->count; i++)
		if (tree->node[i].place && tree->node[i].place->image == chains->nowhere)
			tree->node[i].place = chains->unmapped;
	chains_forget(chains);
	memset(chains->known, 0, KNOWN * sizeof(*chains->known));
	return !tree->count || tree_merge(tree, arena);
}
