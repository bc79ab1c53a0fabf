#include "profile/match.h"

#include <string.h>

#define PAGE 4096u
#define NAME_MAX_BYTES 1024u
#define STEPS_MAX (1u << 27) /* symbols that overlap each other without end */

bool match_init(
	struct match *match, struct arena *arena, uint32_t cap, match_name_of name_of, void *from)
{
	*match = (struct match){
		.arena = arena,
		.name_of = name_of,
		.from = from,
		.cap = cap,
		.after = UINT64_MAX,
	};
	match->address = arena_array(arena, uint64_t, cap);
	match->spot = arena_array(arena, struct match_spot, cap);
	return match->address && match->spot;
}

void match_add(struct match *match, uint64_t address, void *place)
{
	if (match->count == match->cap)
		return;
	match->address[match->count] = address;
	match->spot[match->count].place = place;
	match->count++;
}

struct pair {
	uint64_t address;
	void *place;
};

/* One digit of a radix sort. False when all have the same digit, and nothing was moved. */
static bool sort_digit(const struct pair *from, struct pair *to, uint32_t count, int shift)
{
	uint32_t at[257] = { 0 };

	for (uint32_t i = 0; i < count; i++)
		at[(from[i].address >> shift & 255) + 1]++;
	if (at[(from[0].address >> shift & 255) + 1] == count)
		return false;
	for (int i = 0; i < 256; i++)
		at[i + 1] += at[i];
	for (uint32_t i = 0; i < count; i++)
		to[at[from[i].address >> shift & 255]++] = from[i];
	return true;
}

bool match_sort(struct match *match)
{
	size_t mark = match->arena->used;
	struct pair *from = arena_array(match->arena, struct pair, match->count);
	struct pair *to = arena_array(match->arena, struct pair, match->count);
	struct pair *swap;

	if (!from || !to)
		return false;
	for (uint32_t i = 0; i < match->count; i++)
		from[i] = (struct pair){ match->address[i], match->spot[i].place };
	for (int shift = 0; match->count && shift < 64; shift += 8)
		if (sort_digit(from, to, match->count, shift)) {
			swap = from;
			from = to;
			to = swap;
		}
	for (uint32_t i = 0; i < match->count; i++) {
		match->address[i] = from[i].address;
		match->spot[i].place = from[i].place;
		match->spot[i].first = UINT64_MAX;
	}
	arena_back(match->arena, mark);
	return true;
}

/* The first spot at or behind `address`. */
static uint32_t spot_from(const struct match *match, uint64_t address)
{
	const uint64_t *base = match->address;
	uint32_t count = match->count;

	while (count > 1) {
		base += base[count / 2 - 1] < address ? count / 2 : 0;
		count -= count / 2;
	}
	return (uint32_t)(base - match->address) + (count && *base < address);
}

static void score(struct match *match, struct match_found *found)
{
	char name[NAME_MAX_BYTES];
	const char *text = found->name;
	int length;

	if (found->scored)
		return;
	found->scored = true;
	if (!text) {
		length = match->name_of(match->from, found->name_at, name, sizeof(name));
		text = length < 0 ? "" : name;
	}
	found->underscores = (uint16_t)strspn(text, "_");
	found->length = (uint16_t)strlen(text);
}

/* Of two sized symbols with one start: whether the new one is the better. */
static bool is_better(struct match *match, struct match_found *new, struct match_found *old)
{
	if (match->latest)
		return true;
	if (new->rank != old->rank)
		return new->rank > old->rank;
	score(match, new);
	score(match, old);
	if (new->underscores != old->underscores)
		return new->underscores < old->underscores;
	return new->length > old->length;
}

static struct match_found from_symbol(const struct match_symbol *symbol)
{
	return (struct match_found){
		.start = symbol->start,
		.size = symbol->size,
		.name_at = symbol->name_at,
		.name = (char *)(uintptr_t)symbol->name,
		.rank = symbol->rank,
	};
}

/* Makes `new`, whose name is the caller's, last: in `at` where that is one of ours already. */
static struct match_found *keep(struct match *match, struct match_found *at, struct match_found new)
{
	size_t length = new.name ? strnlen(new.name, NAME_MAX_BYTES - 1) : 0;
	char *name = at ? at->name : NULL;
	uint32_t room = at ? at->name_room : 0;

	if (new.name && length >= room) {
		room = (uint32_t)(length + 1 + 31) & ~31u;
		name = arena_take(match->arena, room, 1);
	}
	if (!at)
		at = arena_new(match->arena, struct match_found);
	if (!at || (new.name && !name)) {
		match->dropped++;
		return NULL;
	}
	if (new.name) {
		memcpy(name, new.name, length);
		name[length] = 0;
		new.name = name;
		new.name_room = room;
	}
	*at = new;
	return at;
}

static void offer_unsized(struct match *match, uint32_t i, struct match_found new)
{
	struct match_spot *spot = match->spot + i;
	struct match_found *kept;

	if (new.start != spot->last)
		return;
	kept = keep(match, spot->unsized, new);
	if (kept)
		spot->unsized = kept;
}

static void offer_sized(struct match *match, uint32_t i, struct match_found new)
{
	uint64_t end = new.size < UINT64_MAX - new.start ? new.start + new.size : UINT64_MAX;
	struct match_found *kept = NULL, *old, *beaten = NULL;

	for (; i < match->count && match->address[i] < end; i++) {
		if (match->steps == STEPS_MAX) {
			match->dropped++;
			return;
		}
		match->steps++;
		old = match->spot[i].sized;
		if (old && old != beaten &&
			(old->start > new.start ||
				(old->start == new.start && !is_better(match, &new, old))))
			continue;
		beaten = old;
		if (!kept)
			kept = keep(match, NULL, new);
		if (!kept)
			return;
		match->spot[i].sized = kept;
	}
}

void match_offer(struct match *match, const struct match_symbol *symbol)
{
	uint32_t i = spot_from(match, symbol->start);
	struct match_spot *spot = match->spot + i;

	if (i == match->count) {
		if (symbol->start < match->after)
			match->after = symbol->start;
		return;
	}
	if (symbol->start < spot->first)
		spot->first = symbol->start;
	if (symbol->start > spot->last)
		spot->last = symbol->start;
	if (symbol->size)
		offer_sized(match, i, from_symbol(symbol));
	else
		offer_unsized(match, i, from_symbol(symbol));
}

/* An unsized symbol reaches to the next one; the last of all a page or so. */
static bool reaches(struct match_found *found, uint64_t address, uint64_t next)
{
	if (next == UINT64_MAX)
		next = ((found->start + PAGE - 1) & ~(uint64_t)(PAGE - 1)) + PAGE;
	found->size = next - found->start;
	return address < next;
}

void match_finish(struct match *match)
{
	struct match_found *unsized = NULL;
	uint64_t next = match->after, first;

	/* from the end: `first` becomes the next start behind the spot */
	for (uint32_t i = match->count; i-- > 0;) {
		first = match->spot[i].first;
		match->spot[i].first = next;
		next = first < next ? first : next;
	}
	for (uint32_t i = 0; i < match->count; i++) {
		struct match_spot *spot = match->spot + i;

		if (spot->last || spot->unsized)
			unsized = spot->unsized && spot->unsized->start == spot->last
					  ? spot->unsized
					  : NULL;
		if (unsized && (!spot->sized || spot->sized->start < unsized->start) &&
			reaches(unsized, match->address[i], spot->first))
			spot->sized = unsized;
	}
}
