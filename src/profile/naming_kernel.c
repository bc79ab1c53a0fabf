#include "profile/naming.h"

#include "base/file.h"
#include "profile/elf.h"
#include "profile/kallsyms.h"
#include "profile/symfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WANTS_MAX 256 /* the kernel and the modules that samples met */

struct kernel {
	struct naming *naming;
	struct lines lines;
	char path[PATH_MAX];
	bool running; /* names come from the kernel that runs here */
	struct kallsyms_want want[WANTS_MAX];
	struct match match[WANTS_MAX];
	struct image *image[WANTS_MAX];
	uint32_t count;
};

static bool is_kernel(const struct image *image)
{
	return image->kind == IMAGE_KERNEL || image->kind == IMAGE_MODULE;
}

static int open_lines(struct kernel *kernel, const char *path)
{
	int fd = symfile_open_path(path);

	if (fd >= 0)
		lines_begin(&kernel->lines, fd);
	return fd;
}

/* Whether the notes in a small file of sysfs tell another build than was recorded. */
static bool is_other_build(const struct image *image, const char *path)
{
	uint8_t build_id[ELF_BUILD_ID_MAX];
	char notes[4096];
	ssize_t size = file_slurp(path, notes, sizeof(notes));
	size_t found = size > 0 ? note_build_id(span_of(notes, (size_t)size), build_id) : 0;

	return image->build_id_size && found && !symfile_same_build(image, build_id, found);
}

static bool is_other_kernel(const struct image *image)
{
	char path[160];

	if (image->kind == IMAGE_KERNEL)
		return is_other_build(image, "/sys/kernel/notes");
	snprintf(path, sizeof(path), "/sys/module/%.*s/notes/.note.gnu.build-id",
		(int)strcspn(image->name + 1, "]"), image->name + 1);
	return is_other_build(image, path);
}

/* Where the module lies now, 0 where it is not known. */
static uint64_t module_address(struct kernel *kernel, const char *name)
{
	size_t length = strcspn(name + 1, "]");
	uint64_t address = 0, found = 0;
	const char *module;
	char *line;

	if (!kernel->running || open_lines(kernel, "/proc/modules") < 0)
		return 0;
	while (!found && (line = lines_next(&kernel->lines)))
		if (kallsyms_module_line(line, &module, &address) && strlen(module) == length &&
			!memcmp(module, name + 1, length))
			found = address;
	lines_close(&kernel->lines);
	return found;
}

/* How far the image has moved since it was recorded: another boot puts it elsewhere. */
static uint64_t slide_of(struct kernel *kernel, const struct image *image)
{
	uint64_t now = 0;

	if (!image->reference)
		return 0;
	if (image->kind == IMAGE_MODULE) {
		now = module_address(kernel, image->name);
	} else if (*image->reference_symbol && open_lines(kernel, kernel->path) >= 0) {
		now = kallsyms_find(&kernel->lines, image->reference_symbol);
		lines_close(&kernel->lines);
	}
	return now ? now - image->reference : 0;
}

static enum image_status prepare(struct kernel *kernel, struct image *image)
{
	struct match *match = kernel->match + kernel->count;
	uint64_t slide;

	if (kernel->running && is_other_kernel(image))
		return IMAGE_OTHER_BUILD;
	if (kernel->count == WANTS_MAX || !naming_match(kernel->naming, match, image, NULL, NULL))
		return IMAGE_PENDING;
	slide = slide_of(kernel, image);
	for (struct place *place = image->places; place; place = place->next)
		match_add(match, place->offset + slide, place);
	if (!match_sort(match))
		return IMAGE_PENDING;
	kernel->want[kernel->count] = (struct kallsyms_want){
		.module = image->kind == IMAGE_MODULE ? image->name : NULL,
		.match = match,
	};
	kernel->image[kernel->count++] = image;
	return IMAGE_NAMED;
}

static bool choose_path(struct kernel *kernel, const struct resolve_options *options)
{
	if (options->kallsyms)
		return snprintf(kernel->path, sizeof(kernel->path), "%s", options->kallsyms) <
		       (int)sizeof(kernel->path);
	kernel->running = !options->symfs;
	if (options->foreign && !options->symfs)
		return false;
	return snprintf(kernel->path, sizeof(kernel->path), "%s/proc/kallsyms",
		       options->symfs ? options->symfs : "") < (int)sizeof(kernel->path);
}

static void sweep(struct kernel *kernel, int *error, enum image_status *status)
{
	struct kallsyms_sum sum;
	int fd = open_lines(kernel, kernel->path);

	if (fd < 0) {
		*error = -fd;
		*status = IMAGE_NO_FILE;
		return;
	}
	sum = kallsyms_sweep(&kernel->lines, kernel->want, kernel->count);
	lines_close(&kernel->lines);
	*status = sum.hidden ? IMAGE_HIDDEN : sum.symbols ? IMAGE_NAMED : IMAGE_NO_SYMBOLS;
}

void naming_kernel(struct naming *naming, struct images *images)
{
	static struct kernel kernel;
	size_t mark = naming->scratch.used;
	enum image_status status = IMAGE_NO_FILE;
	int error = 0;

	kernel.naming = naming;
	kernel.count = 0;
	kernel.running = false;
	for (struct image *image = images->first; image; image = image->next)
		if (is_kernel(image) && image->places)
			image->status = IMAGE_NO_FILE;
	if (!choose_path(&kernel, naming->options))
		return;
	for (struct image *image = images->first; image; image = image->next)
		if (is_kernel(image) && image->places)
			image->status = prepare(&kernel, image);
	if (kernel.count)
		sweep(&kernel, &error, &status);
	for (uint32_t i = 0; i < kernel.count; i++) {
		naming_finish(naming, kernel.match + i);
		kernel.image[i]->status = status;
		kernel.image[i]->error = error;
	}
	arena_back(&naming->scratch, mark);
}
