#include "made.h"

#include "profile/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>

static struct arena arena;
static struct images images;
static struct resolve_options options;
static struct resolve_result result;

static int setup(void **state)
{
	return made_begin(state) || arena_reserve(&arena, 16 << 20) ||
	       system("gcc -O1 made.c -Wl,--build-id -o whole && "
		      "objcopy --only-keep-debug whole whole.debug && "
		      "objcopy --strip-all --add-gnu-debuglink=whole.debug whole bare && "
		      "gcc -O1 -shared -fPIC made.c -o lib.so && "
		      "gcc -O0 made.c -Wl,--build-id -o other && "
		      "echo 'int main(void) { return getpid() + getppid(); }' > plt.c && "
		      "gcc -w -O1 -Wl,-z,lazy plt.c -o plt");
}

static int begin(void **state)
{
	(void)state;
	arena_back(&arena, 0);
	images_init(&images, &arena);
	options = (struct resolve_options){ 0 };
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", made_dir, name);
	return path[turn];
}

static struct image *add(const char *path)
{
	return image_find_or_add(&images, &(struct image_id){ .path = path });
}

/* The first number that a command prints, in hexadecimal. */
static uint64_t ask(const char *command)
{
	FILE *out = made_output("%s", command);
	unsigned long value = 0;

	assert_int_equal(fscanf(out, "%lx", &value), 1);
	pclose(out);
	return value;
}

static const char *name_of(const struct place *place)
{
	return place->symbol ? place->symbol->name : "nothing";
}

/* In these files offset and address of code are the same, as readelf -l shows. */
static void check_named(struct image *image)
{
	uint64_t main_at = ask("nm whole | awk '/ T main$/ { print $1 }'");
	uint64_t size = ask("nm -S whole | awk '/ T main$/ { print $2 }'");
	uint64_t local = ask("nm whole | awk '/ t local_fn$/ { print $1 }'");
	struct place *first = image_place(&images, image, main_at);
	struct place *last = image_place(&images, image, main_at + size - 1);
	struct place *other = image_place(&images, image, local + 1);

	resolve_images(&images, &options, &result);
	assert_string_equal(image_status_text(image->status), "named");
	assert_string_equal(name_of(first), "main");
	assert_ptr_equal(first->symbol, last->symbol);
	assert_int_equal(first->symbol->start, main_at);
	assert_int_equal(first->symbol->size, size);
	assert_string_equal(name_of(other), "local_fn");
	assert_int_equal(other->symbol->start, local);
	assert_int_equal(result.named, 3);
	assert_int_equal(result.images[IMAGE_NAMED], 1);
}

static void names_come_from_the_file(void **state)
{
	(void)state;
	check_named(add(path_of("whole")));
}

static void names_come_through_the_debug_link(void **state)
{
	static const char *const places[] = { "", ".debug/" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(state);
		made_run("rm -rf linked && mkdir -p linked/.debug && cp bare linked/bare && "
			 "cp whole.debug linked/%s",
			places[i]);
		check_named(add(path_of("linked/bare")));
	}
	begin(state);
	made_run("rm -rf below && mkdir -p below%s/app below/usr/lib/debug/app && "
		 "cp bare below/app && cp whole.debug below/usr/lib/debug/app",
		"");
	options.symfs = path_of("below");
	check_named(add("/app/bare"));
}

static void names_come_by_build_id(void **state)
{
	(void)state;
	made_run("mkdir -p sym/app && cp bare sym/app/ && id=$(readelf -n whole | "
		 "sed -n 's/.*Build ID: //p') && d=sym/usr/lib/debug/.build-id/$(echo $id | cut "
		 "-c1-2) "
		 "&& mkdir -p $d && cp whole.debug $d/$(echo $id | cut -c3-).debug");
	options.symfs = path_of("sym");
	check_named(add("/app/bare"));
}

/* A link that fits in name only: the CRC or the build ID tells. */
static void other_debug_files_are_refused(void **state)
{
	struct image *image;

	(void)state;
	made_run("mkdir -p wrong && cp bare wrong/ && objcopy --only-keep-debug other "
		 "wrong/whole.debug");
	image = add(path_of("wrong/bare"));
	image_place(&images, image, ask("nm whole | awk '/ T main$/ { print $1 }'"));
	resolve_images(&images, &options, &result);
	assert_int_equal(result.named, 0);
	begin(state);
	made_run("mkdir -p crc && objcopy --remove-section=.note.gnu.build-id bare crc/bare && "
		 "cp whole.debug crc/ && echo >> crc/whole.debug");
	image = add(path_of("crc/bare"));
	image_place(&images, image, ask("nm whole | awk '/ t local_fn$/ { print $1 }'"));
	resolve_images(&images, &options, &result);
	assert_int_equal(result.named, 0);
}

static void another_build_is_said_and_not_used(void **state)
{
	uint8_t id[20] = { 1, 2, 3 };
	struct image *image = image_find_or_add(
		&images, &(struct image_id){
				 .path = path_of("whole"), .build_id = id, .build_id_size = 20 });

	(void)state;
	image_place(&images, image, 0x1000);
	resolve_images(&images, &options, &result);
	assert_int_equal(image->status, IMAGE_OTHER_BUILD);
	assert_int_equal(result.images[IMAGE_OTHER_BUILD], 1);
}

static void what_is_no_image_is_said(void **state)
{
	struct image *fifo, *text, *missing, *device, *empty;

	(void)state;
	made_run("mkfifo fifo; : > empty");
	fifo = add(path_of("fifo"));
	text = add(path_of("made.c"));
	missing = add(path_of("missing"));
	device = add("/dev/null");
	empty = add(path_of("empty"));
	for (struct image *image = images.first; image; image = image->next)
		image_place(&images, image, 0x1000);
	resolve_images(&images, &options, &result);
	assert_int_equal(fifo->status, IMAGE_NO_FILE);
	assert_int_equal(fifo->error, EINVAL);
	assert_int_equal(text->status, IMAGE_NOT_ELF);
	assert_int_equal(missing->error, ENOENT);
	assert_int_equal(device->status, IMAGE_NO_FILE);
	assert_int_equal(empty->status, IMAGE_NOT_ELF);
	assert_int_equal(result.unnamed, 5);
}

static void procedure_linkage_entries_are_named(void **state)
{
	struct image *image = add(path_of("plt"));
	uint64_t section = ask("readelf -SW plt | awk '$2 ~ /^\\.plt(\\.sec)?$/ { a = $5 } "
			       "$3 ~ /^\\.plt(\\.sec)?$/ { a = $6 } END { print a }'");
	bool found = false;

	(void)state;
	for (uint64_t at = 0; at < 64; at++)
		image_place(&images, image, section + at);
	resolve_images(&images, &options, &result);
	for (struct place *place = image->places; place; place = place->next)
		found |= !strcmp(name_of(place), "getppid@plt");
	assert_true(found);
}

static void kernel_and_modules_come_from_one_sweep(void **state)
{
	struct image *kernel =
		image_find_or_add(&images, &(struct image_id){ .path = "[kernel.kallsyms]_text",
						   .kernel = true,
						   .reference = 0xffffffff81000000 });
	struct image *module = image_find_or_add(
		&images, &(struct image_id){
				 .path = "/lib/modules/1/kernel/nf-tables.ko.xz", .kernel = true });
	struct place *a, *b, *c, *gap, *code;

	(void)state;
	made_run(
		"printf '%%s\\n' '0000000000000000 A fixed' 'ffffffff91000000 T _text' "
		"'ffffffff91000000 T start' 'ffffffff91000040 t local' 'ffffffff91000040 T global' "
		"'ffffffff91000080 r table' 'ffffffff91000100 T end' "
		"'ffffffffc0000010 t in_module\t[nf_tables]' 'ffffffffc0000010 t foreign\t[other]' "
		"> kallsyms");
	a = image_place(&images, kernel, 0xffffffff81000004);
	b = image_place(&images, kernel, 0xffffffff81000090);
	gap = image_place(&images, kernel, 0xffffffff81003000);
	c = image_place(&images, module, 0xffffffffc0000012);
	code = image_place(&images, kernel, 0xffffffff71000000);
	options.kallsyms = path_of("kallsyms");
	resolve_images(&images, &options, &result);
	assert_string_equal(kernel->path, "[kernel.kallsyms]");
	assert_string_equal(module->name, "[nf_tables]");
	assert_string_equal(name_of(a), "start");
	assert_int_equal(a->symbol->start, 0xffffffff81000000);
	assert_int_equal(a->symbol->size, 0x40);
	assert_string_equal(name_of(b), "global");
	assert_string_equal(name_of(gap), "nothing");
	assert_string_equal(name_of(code), "nothing");
	assert_string_equal(name_of(c), "in_module");
}

static void hidden_kernel_addresses_are_said(void **state)
{
	struct image *kernel = image_find_or_add(
		&images, &(struct image_id){ .path = "[kernel.kallsyms]_text", .kernel = true });

	(void)state;
	made_run("printf '%%s\\n' '0000000000000000 T _text' '0000000000000000 t local' > zeroes");
	image_place(&images, kernel, 0xffffffff81000004);
	options.kallsyms = path_of("zeroes");
	resolve_images(&images, &options, &result);
	assert_int_equal(kernel->status, IMAGE_HIDDEN);
	begin(state);
	kernel = image_find_or_add(
		&images, &(struct image_id){ .path = "[kernel]", .kernel = true });
	image_place(&images, kernel, 0xffffffff81000004);
	options.kallsyms = path_of("missing");
	resolve_images(&images, &options, &result);
	assert_int_equal(kernel->status, IMAGE_NO_FILE);
	assert_int_equal(kernel->error, ENOENT);
}

static void jit_code_is_named_by_its_map(void **state)
{
	char path[64];
	uint32_t pid = (uint32_t)getpid();
	struct image *image =
		image_find_or_add(&images, &(struct image_id){ .path = "//anon", .pid = pid });
	struct place *a, *b, *none;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	assert_string_equal(image->path, path);
	file = fopen(path, "w");
	fputs("7f0000001000 100 old one\n7f0000001000 80 LazyCompile:~f /a b.js:1\nno line\n"
	      "0x7f0000002000 0x10 second\n",
		file);
	fclose(file);
	a = image_place(&images, image, 0x7f0000001010);
	b = image_place(&images, image, 0x7f000000200f);
	none = image_place(&images, image, 0x7f0000002010);
	resolve_images(&images, &options, &result);
	assert_string_equal(name_of(a), "LazyCompile:~f /a b.js:1");
	assert_string_equal(name_of(b), "second");
	assert_string_equal(name_of(none), "nothing");
	if (!geteuid()) {
		begin(state);
		assert_int_equal(chown(path, 12345, 12345), 0);
		image = image_find_or_add(
			&images, &(struct image_id){ .path = "//anon", .pid = pid });
		image_place(&images, image, 0x7f0000001010);
		resolve_images(&images, &options, &result);
		assert_int_equal(image->error, EPERM);
	}
	unlink(path);
}

static void vdso_names_come_from_this_process(void **state)
{
	struct image *image = add("[vdso]");
	bool found = false;

	(void)state;
	if (!getauxval(AT_SYSINFO_EHDR))
		return; /* qemu-user without one */
	for (uint64_t at = 0; at < 0x2000; at += 8)
		image_place(&images, image, at);
	resolve_images(&images, &options, &result);
	assert_int_equal(image->status, IMAGE_NAMED);
	for (struct place *place = image->places; place; place = place->next)
		found |= strstr(name_of(place), "gettime") != NULL;
	assert_true(found);
	begin(state);
	image = add("[vdso]");
	image_place(&images, image, 0x800);
	options.foreign = true;
	resolve_images(&images, &options, &result);
	assert_int_equal(image->status, IMAGE_NO_FILE);
}

static void bpf_programs_are_their_own_name(void **state)
{
	struct image *image = image_find_or_add(
		&images, &(struct image_id){
				 .path = "bpf_prog_0123_filter", .kernel = true, .ksymbol = true });
	struct place *place = image_place(&images, image, 0xffffffffc0001234);

	(void)state;
	resolve_images(&images, &options, &result);
	assert_string_equal(name_of(place), "bpf_prog_0123_filter");
}

/* 64 KiB of arena hold neither all places nor all names; the rest is counted and nothing breaks. */
static void full_arena_is_counted(void **state)
{
	struct arena small;
	struct image *image;

	(void)state;
	assert_int_equal(arena_reserve(&small, 1 << 16), 0);
	images_init(&images, &small);
	image = add(path_of("whole"));
	for (uint64_t at = 0; at < 4096; at++)
		assert_non_null(image_place(&images, image, 0x1000 + at));
	assert_in_range(images.dropped, 1000, 4096);
	resolve_images(&images, &options, &result);
	assert_int_equal(result.named + result.unnamed, images.place_count);
	assert_true(result.dropped > 0);
	assert_int_equal(small.size, 1 << 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_come_from_the_file, begin),
		cmocka_unit_test_setup(names_come_through_the_debug_link, begin),
		cmocka_unit_test_setup(names_come_by_build_id, begin),
		cmocka_unit_test_setup(other_debug_files_are_refused, begin),
		cmocka_unit_test_setup(another_build_is_said_and_not_used, begin),
		cmocka_unit_test_setup(what_is_no_image_is_said, begin),
		cmocka_unit_test_setup(procedure_linkage_entries_are_named, begin),
		cmocka_unit_test_setup(kernel_and_modules_come_from_one_sweep, begin),
		cmocka_unit_test_setup(hidden_kernel_addresses_are_said, begin),
		cmocka_unit_test_setup(jit_code_is_named_by_its_map, begin),
		cmocka_unit_test_setup(vdso_names_come_from_this_process, begin),
		cmocka_unit_test_setup(bpf_programs_are_their_own_name, begin),
		cmocka_unit_test_setup(full_arena_is_counted, begin),
	};

	return cmocka_run_group_tests(tests, setup, made_end);
}
