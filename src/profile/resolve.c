#include "profile/resolve.h"

#include "profile/naming.h"
#include "profile/perfmap.h"
#include "profile/symfile.h"

#include <stdlib.h>
#include <string.h>

static enum image_status name_jit(struct naming *naming, struct image *image)
{
	static struct lines lines;
	size_t mark = naming->scratch.used;
	int fd = symfile_open_perfmap(image, naming->options);
	enum image_status status = IMAGE_PENDING;
	struct match match;

	if (fd < 0) {
		image->error = -fd;
		return IMAGE_NO_FILE;
	}
	lines_begin(&lines, fd);
	if (naming_match(naming, &match, image, NULL, NULL)) {
		for (struct place *place = image->places; place; place = place->next)
			match_add(&match, place->offset, place);
		if (match_sort(&match)) {
			status = perfmap_sweep(&lines, &match) ? IMAGE_NAMED : IMAGE_NO_SYMBOLS;
			naming_finish(naming, &match);
		}
	}
	lines_close(&lines);
	arena_back(&naming->scratch, mark);
	return status;
}

/* The whole image is one symbol, and its path the symbol's name. */
static enum image_status name_ksymbol(struct naming *naming, struct image *image)
{
	struct symbol *symbol = arena_new(naming->arena, struct symbol);

	if (!symbol)
		return IMAGE_PENDING;
	symbol->name = image->path;
	for (struct place *place = image->places; place; place = place->next)
		place->symbol = symbol;
	return IMAGE_NAMED;
}

static void name_image(struct naming *naming, struct image *image)
{
	switch (image->kind) {
	case IMAGE_FILE:
	case IMAGE_VDSO:
		image->status = naming_elf(naming, image);
		break;
	case IMAGE_JIT:
		image->status = name_jit(naming, image);
		break;
	case IMAGE_KSYMBOL:
		image->status = name_ksymbol(naming, image);
		break;
	case IMAGE_KERNEL: /* all at once: naming_kernel() */
	case IMAGE_MODULE:
	case IMAGE_OTHER:
		break;
	}
}

static void count_image(const struct image *image, struct resolve_result *result)
{
	result->images[image->status]++;
	for (const struct place *place = image->places; place; place = place->next)
		if (place->symbol)
			result->named++;
		else
			result->unnamed++;
}

void resolve_images(
	struct images *images, const struct resolve_options *options, struct resolve_result *result)
{
	struct naming naming;

	memset(result, 0, sizeof(*result));
	naming_begin(&naming, images->arena, options, result);
	naming_kernel(&naming, images);
	for (struct image *image = images->first; image; image = image->next)
		if (image->places)
			name_image(&naming, image);
	naming_end(&naming);
	for (const struct image *image = images->first; image; image = image->next)
		if (image->places)
			count_image(image, result);
}

/* The functions of an image that are known already, by start. */
struct known {
	const struct symbol **at; /* NULL: no room */
	uint32_t count;
};

static int by_start(const void *left, const void *right)
{
	const struct symbol *a = *(const struct symbol *const *)left;
	const struct symbol *b = *(const struct symbol *const *)right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static struct known known_of(struct arena *scratch, const struct image *image)
{
	struct known known = { 0 };
	uint32_t most = 0;

	for (const struct place *p = image->settled; p; p = p->next)
		most += p->symbol != image->nameless;
	known.at = arena_array(scratch, const struct symbol *, most);
	for (const struct place *p = image->settled; p && known.at; p = p->next)
		if (p->symbol != image->nameless)
			known.at[known.count++] = p->symbol;
	if (known.count)
		qsort(known.at, known.count, sizeof(*known.at), by_start);
	return known;
}

static const struct symbol *cover(const struct known *known, uint64_t offset)
{
	uint32_t low = 0, high = known->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (known->at[middle]->start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || offset - known->at[low - 1]->start >= known->at[low - 1]->size)
		return NULL;
	return known->at[low - 1];
}

/* Moves places with a symbol to the settled ones. */
static void settle(struct image *image)
{
	struct place **link = &image->places, *place;

	while ((place = *link)) {
		if (!place->symbol) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		place->next = image->settled;
		image->settled = place;
		image->place_count--;
	}
}

struct symbol *resolve_nameless(struct images *images, struct image *image)
{
	if (!image->nameless)
		image->nameless = arena_new(images->arena, struct symbol);
	if (image->nameless)
		image->nameless->name = "[unnamed]";
	return image->nameless;
}

static void settle_all(struct images *images, struct image *image)
{
	settle(image);
	for (struct place *p = image->places; p; p = p->next)
		p->symbol = resolve_nameless(images, image);
	settle(image);
}

static void name_known(struct arena *scratch, struct image *image)
{
	size_t mark = scratch->used;
	struct known known;

	settle(image);
	known = known_of(scratch, image);
	for (struct place *p = image->places; p; p = p->next)
		p->symbol = (struct symbol *)(uintptr_t)cover(&known, p->offset);
	arena_back(scratch, mark);
	settle(image);
}

uint32_t resolve_more(struct images *images, const struct resolve_options *options,
	struct resolve_result *result, bool sweep)
{
	struct naming naming;
	uint32_t waiting = 0;

	memset(result, 0, sizeof(*result));
	naming_begin(&naming, images->arena, options, result);
	for (struct image *image = images->first; image; image = image->next) {
		if (image->places)
			name_known(&naming.scratch, image);
		waiting += image->place_count;
	}
	if (sweep && waiting) {
		naming_kernel(&naming, images);
		for (struct image *image = images->first; image; image = image->next)
			if (image->places) {
				name_image(&naming, image);
				settle_all(images, image);
			}
		waiting = 0;
	}
	naming_end(&naming);
	return waiting;
}
