#include "unit.h"

#include "profile/image.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct images images;

static int begin(void **state)
{
	(void)state;
	if (!arena.base && arena_reserve(&arena, 16 << 20))
		return -1;
	arena_back(&arena, 0);
	images_init(&images, &arena);
	return 0;
}

static void paths_tell_the_kind(void **state)
{
	static const struct {
		const char *path;
		bool kernel;
		enum image_kind kind;
		const char *name;
	} rows[] = {
		{ "/usr/bin/gzip", false, IMAGE_FILE, "gzip" },
		{ "/usr/lib/", false, IMAGE_FILE, "/usr/lib/" },
		{ "[vdso]", false, IMAGE_VDSO, "[vdso]" },
		{ "[stack]", false, IMAGE_OTHER, "[stack]" },
		{ "[unknown]", true, IMAGE_OTHER, "[unknown]" },
		{ "/SYSV00000000", false, IMAGE_OTHER, "SYSV00000000" },
		{ "//anon", false, IMAGE_JIT, "[JIT] tid 7" },
		{ "/dev/zero (deleted)", false, IMAGE_JIT, "[JIT] tid 7" },
		{ "[kernel.kallsyms]_stext", true, IMAGE_KERNEL, "[kernel.kallsyms]" },
		{ "/usr/lib/debug/boot/vmlinux-6.1", true, IMAGE_KERNEL, "[kernel.kallsyms]" },
		{ "[guest.kernel.kallsyms]", true, IMAGE_OTHER, "[guest.kernel.kallsyms]" },
		{ "[nf_tables]", true, IMAGE_MODULE, "[nf_tables]" },
		{ "/lib/modules/6/nf-tables.ko", true, IMAGE_MODULE, "[nf_tables]" },
		{ "/lib/modules/6/nf-tables.ko.zst", true, IMAGE_MODULE, "[nf_tables]" },
		{ "/lib/modules/6/nf.korea", true, IMAGE_OTHER, "nf.korea" },
		{ "", false, IMAGE_OTHER, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct image *image = image_find_or_add(&images,
			&(struct image_id){
				.path = rows[i].path, .kernel = rows[i].kernel, .pid = 7 });

		if (image->kind != rows[i].kind || strcmp(image->name, rows[i].name))
			fail_msg("%s: kind %d, name %s", rows[i].path, image->kind, image->name);
	}
	/* the kernel and the module were met more than once */
	assert_int_equal(images.count, sizeof(rows) / sizeof(*rows) - 4);
}

static void what_is_learned_joins_and_tells_apart(void **state)
{
	const uint8_t a[20] = { 1 }, b[20] = { 2 };
	struct image_id id = { .path = "/bin/x", .build_id = a, .build_id_size = 20 };
	struct image *first = image_find_or_add(&images, &id);

	(void)state;
	assert_ptr_equal(
		image_find_or_add(&images, &(struct image_id){ .path = "/bin/x", .inode = 5 }),
		first);
	assert_int_equal(first->inode, 5);
	assert_ptr_not_equal(
		image_find_or_add(&images, &(struct image_id){ .path = "/bin/x", .inode = 6 }),
		first);
	id.build_id = b;
	/* it may well be the one with inode 6 */
	assert_ptr_not_equal(image_find_or_add(&images, &id), first);
	id.build_id = a;
	assert_ptr_equal(image_find_or_add(&images, &id), first);
	id.build_id_size = 255;
	assert_int_equal(image_find_or_add(&images, &id)->build_id_size, 20);
	assert_int_equal(images.count, 2);
}

static void places_are_the_same_each_time(void **state)
{
	struct image *x = image_find_or_add(&images, &(struct image_id){ .path = "/x" });
	struct image *y = image_find_or_add(&images, &(struct image_id){ .path = "/y" });
	static struct place *places[2][5000];

	(void)state;
	for (uint64_t i = 0; i < 5000; i++) {
		places[0][i] = image_place(&images, x, i << 12);
		places[1][i] = image_place(&images, y, i << 12);
	}
	for (uint64_t i = 0; i < 5000; i++) {
		assert_ptr_equal(image_place(&images, x, i << 12), places[0][i]);
		assert_ptr_equal(image_place(&images, y, i << 12), places[1][i]);
		assert_int_equal(places[1][i]->offset, i << 12);
		assert_ptr_equal(places[1][i]->image, y);
	}
	assert_int_equal(images.place_count, 10000);
	assert_int_equal(x->place_count, 5000);
}

static void no_room_is_counted(void **state)
{
	struct arena small;
	char path[32];

	(void)state;
	assert_int_equal(arena_reserve(&small, 4096), 0);
	images_init(&images, &small);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/lib/%d", i);
		assert_non_null(
			image_find_or_add(&images, &(struct image_id){ .path = path })->name);
	}
	assert_int_equal(images.count + images.dropped, 100);
	assert_in_range(images.dropped, 50, 99);
	assert_ptr_equal(image_place(&images, images.first, 1)->image, &images.no_room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(paths_tell_the_kind, begin),
		cmocka_unit_test_setup(what_is_learned_joins_and_tells_apart, begin),
		cmocka_unit_test_setup(places_are_the_same_each_time, begin),
		cmocka_unit_test_setup(no_room_is_counted, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
