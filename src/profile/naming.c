#include "profile/naming.h"

#include "profile/demangle.h"

#include <string.h>

#define NAME_BYTES 4096

void naming_begin(struct naming *naming, struct arena *arena, const struct resolve_options *options,
	struct resolve_result *result)
{
	size_t split = (arena->used + (arena->size - arena->used) / 2) & ~(size_t)15;

	*naming = (struct naming){ .arena = arena, .options = options, .result = result };
	naming->scratch.base = arena->base + split;
	naming->scratch.size = arena->size - split;
	arena->size = split;
}

void naming_end(struct naming *naming)
{
	arena_back(&naming->scratch, 0);
	naming->arena->size += naming->scratch.size;
}

bool naming_match(struct naming *naming, struct match *match, const struct image *image,
	match_name_of name_of, void *from)
{
	if (match_init(match, &naming->scratch, image->place_count, name_of, from))
		return true;
	naming->result->dropped += image->place_count;
	return false;
}

/* Names of files as people wrote them; those of the kernel and of JITs are no linker names. A stub
 * is called after its function. */
static const char *readable(const struct naming *naming, const struct image *image,
	const char *name, char to[NAME_BYTES])
{
	static const char stub[] = "@plt";
	size_t length = strlen(name), end = length - strlen(stub);
	bool is_stub = length > strlen(stub) && !strcmp(name + end, stub);
	char target[NAME_BYTES];

	if (naming->options->raw || image->kind > IMAGE_VDSO || length >= NAME_BYTES)
		return name;
	if (!is_stub)
		return demangle(to, NAME_BYTES, name) ? to : name;
	memcpy(target, name, end);
	target[end] = 0;
	end = demangle(to, NAME_BYTES - strlen(stub), target);
	return end ? strcpy(to + end, stub), to : name;
}

static struct symbol *make_symbol(struct naming *naming, const struct image *image,
	const struct match *match, const struct match_found *found)
{
	char raw[NAME_BYTES], text[NAME_BYTES];
	const char *name = found->name;
	struct symbol *symbol;

	if (!name) {
		if (match->name_of(match->from, found->name_at, raw, sizeof(raw)) <= 0)
			return NULL;
		name = raw;
	}
	name = readable(naming, image, name, text);
	symbol = arena_new(naming->arena, struct symbol);
	name = symbol ? arena_copy(naming->arena, name, strlen(name)) : NULL;
	if (!name) {
		naming->result->dropped++;
		return NULL;
	}
	symbol->name = name;
	symbol->size = found->size;
	return symbol;
}

void naming_finish(struct naming *naming, struct match *match)
{
	struct match_found *found;
	struct place *place;
	struct symbol *symbol;

	match_finish(match);
	naming->result->dropped += match->dropped;
	for (uint32_t i = 0; i < match->count; i++) {
		found = match->spot[i].sized;
		if (!found)
			continue;
		place = match->spot[i].place;
		symbol = found->user;
		if (!symbol) {
			symbol = make_symbol(naming, place->image, match, found);
			if (!symbol)
				continue;
			symbol->start = place->offset - (match->address[i] - found->start);
			found->user = symbol;
		}
		place->symbol = symbol;
	}
}
