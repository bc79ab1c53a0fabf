#include "view/script.h"

#include "base/escape.h"
#include "view/script_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 8192
#define FIRST_SLOTS 4096

/* A place as it is written in a call chain; `name_at` is where its name begins. */
struct script_frame {
	const struct place *place;
	uint32_t fields, size, name_at;
	char text[];
};

static const char *image_text(const struct place *place, char path[32])
{
	if (place->image->kind != IMAGE_JIT)
		return place->image->path;
	snprintf(path, 32, "/tmp/perf-%" PRIu32 ".map", place->image->pid);
	return path;
}

static size_t put_symbol(char *to, size_t cap, uint32_t fields, const struct place *place)
{
	const struct symbol *symbol = place->symbol;
	size_t size;

	to[0] = ' ';
	size = 1 + escape_text(to + 1, cap - 1, symbol ? symbol->name : "[unknown]", 0);
	if (symbol && fields & 1u << SCRIPT_SYMOFF)
		size += (size_t)snprintf(
			to + size, cap - size, "+0x%" PRIx64, place->offset - symbol->start);
	return size;
}

static size_t make(
	char text[TEXT_BYTES], uint32_t fields, const struct place *place, uint32_t *name_at)
{
	const size_t half = TEXT_BYTES / 2 - 32;
	size_t size = 0;
	char path[32];

	if (fields & 1u << SCRIPT_IP)
		size = (size_t)snprintf(text, half, "\t%16" PRIx64, place->offset);
	*name_at = (uint32_t)size;
	if (fields & 1u << SCRIPT_SYM)
		size += put_symbol(text + size, half, fields, place);
	if (fields & 1u << SCRIPT_DSO) {
		text[size++] = ' ';
		text[size++] = '(';
		size += escape_text(text + size, half, image_text(place, path), 0);
		text[size++] = ')';
	}
	text[size++] = '\n';
	return size;
}

static struct script_frame **slot_of(
	const struct script_frames *f, const struct place *place, uint32_t fields)
{
	uint64_t mix = ((uint64_t)(uintptr_t)place ^ fields) * 0x9e3779b97f4a7c15ull;
	uint32_t at = (uint32_t)(mix >> 32) & f->mask;

	while (f->table[at] && (f->table[at]->place != place || f->table[at]->fields != fields))
		at = (at + 1) & f->mask;
	return &f->table[at];
}

static bool grow(struct script_frames *f)
{
	struct script_frame **old = f->table;
	uint32_t slots = old ? 2 * (f->mask + 1) : FIRST_SLOTS, old_slots = old ? f->mask + 1 : 0;
	struct script_frame **table = arena_array(f->arena, struct script_frame *, slots);

	if (!table)
		return f->count < f->mask;
	f->table = table;
	f->mask = slots - 1;
	for (uint32_t i = 0; i < old_slots; i++)
		if (old[i])
			*slot_of(f, old[i]->place, old[i]->fields) = old[i];
	return true;
}

static const struct script_frame *keep(struct script_frames *f, struct script_frame **slot,
	const struct place *place, uint32_t fields, const char *text, size_t size)
{
	struct script_frame *frame = arena_take(f->arena, 1, sizeof(*frame) + size + PUT_BLOCK);

	if (!frame)
		return NULL;
	frame->place = place;
	frame->fields = fields;
	frame->size = (uint32_t)size;
	memcpy(frame->text, text, size);
	*slot = frame;
	f->count++;
	return frame;
}

static void put(struct script *script, const char *text, size_t size, uint32_t name_at, bool chain)
{
	struct out *out = script->out;

	if (!chain) {
		text += name_at;
		size -= name_at + 1;
	}
	if (sizeof(out->buffer) - out->used > size + PUT_SLACK) {
		put_end(out, put_blocks(out->buffer + out->used, text, size));
	} else {
		script->splits++;
		out_bytes(out, text, size);
	}
}

void script_frame(struct script *script, uint32_t fields, const struct place *place, bool chain)
{
	const uint32_t shown =
		1u << SCRIPT_IP | 1u << SCRIPT_SYM | 1u << SCRIPT_SYMOFF | 1u << SCRIPT_DSO;
	struct script_frames *f = &script->frames;
	struct script_frame **slot;
	char text[TEXT_BYTES + PUT_BLOCK];
	uint32_t name_at;
	size_t size;

	fields &= shown;
	if (f->count >= f->mask / 4 * 3 && !grow(f))
		f->dropped++;
	slot = slot_of(f, place, fields);
	if (!*slot) {
		size = make(text, fields, place, &name_at);
		if (f->count >= f->mask || !keep(f, slot, place, fields, text, size)) {
			f->dropped++;
			put(script, text, size, name_at, chain);
			return;
		}
		(*slot)->name_at = name_at;
	}
	put(script, (*slot)->text, (*slot)->size, (*slot)->name_at, chain);
}

bool script_init(struct script *script, struct out *out, struct chains *chains, struct arena *arena)
{
	*script = (struct script){ .out = out, .chains = chains, .frames = { .arena = arena } };
	return grow(&script->frames) && script_chains_init(&script->kept, arena);
}
