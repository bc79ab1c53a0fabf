#include "profile/resolve.h"

#include "profile/naming.h"
#include "profile/perfmap.h"
#include "profile/symfile.h"

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
