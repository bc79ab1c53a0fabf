#include "profile/symbolize.h"

#include <stdio.h>
#include <string.h>

/* Where no kernel has code: below the one that perf is told of. A caller's place is asked for one
 * byte earlier, so a name covers some bytes on both sides. */
#define NAMES_BASE 0xffffc00000000000u
#define NAME_STRIDE 4096
#define NAME_BYTES 16
#define KERNEL_BASE 0xffffffff81000000u

/* Shares its first member with all places of the name; its start is what they become. */
struct symbol_number {
	struct symbol symbol;
	struct symbol_number *next;
};

/* All that has no number of its own. */
static struct symbol_number no_room = {
	.symbol = { .name = "[no room]", .start = NAMES_BASE + NAME_BYTES / 2 },
};

enum reader_status symbolize_begin(
	struct symbolize *symbolize, struct reader *reader, struct arena *arena)
{
	memset(symbolize, 0, sizeof(*symbolize));
	symbolize->next = symbolize->last = &no_room;
	no_room.next = NULL;
	if (!recording_init_flat(&symbolize->recording, reader, arena) ||
		!chains_collapse(&symbolize->recording.chains, arena))
		return READER_TOO_MANY;
	return recording_sideband(&symbolize->recording);
}

static uint64_t number_of(
	struct symbolize *s, const struct scrub_owner *owner, uint8_t mode, uint64_t address)
{
	struct recording *r = &s->recording;
	uint64_t time = recording_time(r, owner->time_ns);
	const struct place *place;

	if (mode == PERF_RECORD_MISC_CPUMODE_UNKNOWN)
		mode = address >> 63 ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	place = chains_place(&r->chains, owner->pid, mode, address, time);
	return place->symbol ? place->symbol->start : 0;
}

void symbolize_addresses(
	void *symbolize, const struct scrub_owner *owner, uint64_t *at, uint64_t count, bool chain)
{
	uint8_t mode = owner->mode;
	bool exact = true;

	for (uint64_t i = 0; i < count; i++) {
		if (chain && at[i] >= PERF_CONTEXT_MAX) {
			mode = chains_mode(at[i]);
			if (mode != CHAIN_MODE_NONE)
				at[i] = PERF_CONTEXT_KERNEL;
			exact = true;
		} else if (mode != CHAIN_MODE_NONE) {
			at[i] = number_of(symbolize, owner, mode, at[i] - !exact);
			exact = !chain;
		}
	}
}

static struct symbol_number **slot_of(const struct symbolize *s, const char *name)
{
	uint32_t hash = 2166136261u;

	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	for (hash &= s->table_mask; s->table[hash]; hash = (hash + 1) & s->table_mask)
		if (!strcmp(s->table[hash]->symbol.name, name))
			break;
	return &s->table[hash];
}

static struct symbol *number(struct symbolize *s, const char *name, bool lasting)
{
	struct arena *arena = s->recording.arena;
	struct symbol_number **slot = slot_of(s, name), *n;

	if (*slot)
		return &(*slot)->symbol;
	n = arena_new(arena, struct symbol_number);
	if (n && !lasting)
		name = arena_copy(arena, name, strlen(name));
	if (!n || !name) {
		s->recording.images.dropped++;
		return &no_room.symbol;
	}
	*slot = s->last->next = n;
	s->last = n;
	n->symbol.name = name;
	n->symbol.start = NAMES_BASE + ++s->functions * (uint64_t)NAME_STRIDE + NAME_BYTES / 2;
	return &n->symbol;
}

static struct symbol *nameless(
	struct symbolize *s, const struct image *image, const struct pseudonym *pseudonym)
{
	char path[PSEUDONYM_TEXT_MAX], text[512];
	const char *name = image->name;

	if (pseudonym) {
		pseudonym_path(pseudonym, path, image->path);
		name = path;
	}
	snprintf(text, sizeof(text), *name == '[' ? "%s" : "[%s]", name);
	return number(s, text, false);
}

bool symbolize_name(struct symbolize *symbolize, const struct resolve_options *options,
	const struct pseudonym *pseudonym)
{
	struct images *images = &symbolize->recording.images;
	struct resolve_result result;
	uint32_t slots = 64;

	resolve_images(images, options, &result);
	symbolize->places = result.named;
	symbolize->unnamed = result.unnamed;
	while (slots / 2 < images->place_count + images->count)
		slots *= 2;
	symbolize->table = arena_array(symbolize->recording.arena, struct symbol_number *, slots);
	if (!symbolize->table)
		return false;
	symbolize->table_mask = slots - 1;
	for (const struct image *i = images->first; i; i = i->next)
		for (struct place *p = i->places; p; p = p->next)
			p->symbol = p->symbol ? number(symbolize, p->symbol->name, true)
					      : nameless(symbolize, i, pseudonym);
	images->no_place.symbol = &no_room.symbol;
	symbolize->recording.chains.unmapped->symbol = number(symbolize, "[unknown]", true);
	return true;
}

size_t symbolize_kernel(void *to, const struct perf_event_attr *attr)
{
	struct record r = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_KERNEL };

	r.mmap = (struct record_mmap){ .pid = PROCESS_KERNEL,
		.start = KERNEL_BASE,
		.size = NAME_STRIDE,
		.pgoff = KERNEL_BASE,
		.path = "[kernel.kallsyms]_text" };
	return record_encode(to, RECORD_MAX, &r, attr);
}

size_t symbolize_next(struct symbolize *symbolize, void *to, const struct perf_event_attr *attr)
{
	struct record r = { .type = PERF_RECORD_KSYMBOL, .misc = PERF_RECORD_MISC_KERNEL };
	const struct symbol_number *n = symbolize->next;

	if (!n)
		return 0;
	symbolize->next = n->next;
	r.ksymbol = (struct record_ksymbol){ .start = n->symbol.start - NAME_BYTES / 2,
		.size = NAME_BYTES,
		.type = RECORD_KSYMBOL_OUT_OF_LINE,
		.name = n->symbol.name };
	return record_encode(to, RECORD_MAX, &r, attr);
}
