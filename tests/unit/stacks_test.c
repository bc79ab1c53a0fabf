#include "unit.h"

#include "view/flamegraph.h"
#include "view/folded.h"
#include "view/stacks.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct images images;
static struct tree tree;
static struct stacks stacks;
static struct image *program, *library, *kernel;

static int begin(void **state)
{
	(void)state;
	if (!arena.base && arena_reserve(&arena, 16 << 20))
		return -1;
	arena_back(&arena, 0);
	images_init(&images, &arena);
	program = image_find_or_add(&images, &(struct image_id){ .path = "/bin/program" });
	library = image_find_or_add(&images, &(struct image_id){ .path = "/lib/lib;c.so" });
	kernel = image_find_or_add(
		&images, &(struct image_id){ .path = "[kernel.kallsyms]", .kernel = true });
	return tree_init(&tree, &arena, 4096) ? 0 : -1;
}

static struct place *place(struct image *image, uint64_t offset, const char *name)
{
	struct place *p = image_place(&images, image, offset);

	if (name && !p->symbol) {
		p->symbol = arena_new(&arena, struct symbol);
		p->symbol->name = name;
	}
	return p;
}

static uint32_t root_of(const char *comm, uint32_t pid, uint32_t event)
{
	return tree_root(&tree, &(struct tree_root){ .comm = comm, .pid = pid, .event = event });
}

static void sample(
	uint32_t root, uint64_t weight, struct place *a, struct place *b, struct place *c)
{
	if (a)
		root = tree_child(&tree, root, a, 2);
	if (b)
		root = tree_child(&tree, root, b, 2);
	if (c)
		root = tree_child(&tree, root, c, 2);
	tree_add(&tree, root, weight);
}

/* What a writer writes. */
static const char *written(bool (*write)(struct out *))
{
	static struct out out;
	static char text[65536];
	FILE *file = tmpfile();
	size_t size;

	out_begin(&out, fileno(file));
	assert_true(write(&out));
	assert_int_equal(out_flush(&out), 0);
	rewind(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = 0;
	fclose(file);
	return text;
}

static bool fold(struct out *out)
{
	folded_write(out, &stacks);
	return true;
}

static bool draw(struct out *out)
{
	return flamegraph_write(out, &stacks, &(struct flamegraph_text){ .command = "a <b>" });
}

static void processes_join_and_events_do_not(void **state)
{
	static const char comm[] = "comm";
	struct place *start = place(program, 1, "main"), *leaf = place(program, 2, "leaf");

	(void)state;
	sample(root_of(comm, 1, 0), 10, start, leaf, NULL);
	sample(root_of(comm, 2, 0), 5, start, leaf, NULL);
	sample(root_of(comm, 2, 0), 3, start, NULL, NULL);
	sample(root_of(comm, 2, 0), 2, NULL, NULL, NULL);
	sample(root_of(comm, 1, 1), 100, start, NULL, NULL);
	sample(root_of("a", 3, 0), 1, place(program, 3, "main2"), NULL, NULL);
	assert_true(stacks_make(&stacks, &arena, &tree, 0));
	assert_string_equal(written(fold), "a;main2 1\ncomm 2\ncomm;main 3\ncomm;main;leaf 15\n");
	assert_int_equal(stacks.frame->total, 21);
	assert_int_equal(stacks.frame->samples, 5);
}

static void runs_without_names_are_one_frame(void **state)
{
	uint32_t root = root_of("x", 1, 0);
	struct place *main_at = place(program, 1, "main");

	(void)state;
	sample(root, 1, place(library, 1, NULL), place(library, 2, NULL), main_at);
	sample(root, 2, main_at, main_at, place(library, 3, NULL));
	sample(root, 4, place(kernel, 7, NULL), place(kernel, 8, "schedule"), NULL);
	assert_true(stacks_make(&stacks, &arena, &tree, 0));
	assert_string_equal(written(fold),
		"x;[kernel.kallsyms];schedule 4\nx;[lib:c.so];main 1\nx;main;main;[lib:c.so] 2\n");
	for (uint32_t i = 1; i < stacks.count; i++)
		if (!strcmp(stacks.frame[i].name, "schedule"))
			assert_int_equal(stacks.frame[i].kind, FRAME_KERNEL);
}

/* Each frame stands inside its caller, beside its sisters, in the order of names. */
static void frames_stand_in_their_callers(void **state)
{
	static char names[600][8];
	uint32_t root = root_of("x", 1, 0);

	(void)state;
	for (uint32_t i = 0; i < 600; i++) {
		snprintf(names[i], sizeof(names[i]), "f%u", i * 7919 % 600);
		sample(root, i + 1, place(program, i % 20, names[i % 20]),
			place(program, i, names[i]), NULL);
	}
	assert_true(stacks_make(&stacks, &arena, &tree, 0));
	assert_int_equal(stacks.frame->total, 600 * 601 / 2);
	for (uint32_t i = 0; i < stacks.count; i++) {
		const struct frame *f = stacks.frame + i, *child;
		uint64_t at = f->left;

		for (uint32_t c = f->child; c; c = child->sibling) {
			child = stacks.frame + c;
			assert_int_equal(child->left, at);
			assert_true(c > i && child->parent == i);
			assert_true(!child->sibling ||
				    strcmp(child->name, stacks.frame[child->sibling].name) <= 0);
			at += child->total;
		}
		assert_int_equal(at + f->self, f->left + f->total);
	}
}

static void a_full_arena_lumps(void **state)
{
	struct arena small;

	(void)state;
	frames_stand_in_their_callers(state);
	assert_int_equal(arena_reserve(&small, 16384), 0);
	assert_true(stacks_make(&stacks, &small, &tree, 0));
	assert_true(stacks.lumped > 0 && stacks.count < 600);
	assert_int_equal(stacks.frame->total, 600 * 601 / 2);
	arena_back(&small, 0);
	small.size = 1024;
	assert_false(stacks_make(&stacks, &small, &tree, 0));
}

static void nothing_is_not_drawn(void **state)
{
	(void)state;
	assert_true(stacks_make(&stacks, &arena, &tree, 0));
	assert_false(flamegraph_write(NULL, &stacks, &(struct flamegraph_text){ 0 }));
}

static void labels_fit_and_letters_stay_whole(void **state)
{
	char name[1200];
	uint32_t root = root_of("x", 1, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 2; i += 2)
		memcpy(name + i, "\303\251", 3);
	sample(root, 1, place(program, 1, name), NULL, NULL);
	sample(root, 99999, place(program, 2, "wide"), NULL, NULL);
	assert_true(stacks_make(&stacks, &arena, &tree, 0));
	assert_null(strstr(written(draw), "\303\251"));
	assert_non_null(strstr(written(draw), "1 frames too narrow"));
	assert_non_null(strstr(written(draw), ">a &lt;b&gt; "));
	for (int i = 0; i < 8; i++) {
		sample(root, 100000, place(program, 1, name), NULL, NULL);
		assert_true(stacks_make(&stacks, &arena, &tree, 0));
		assert_non_null(strstr(written(draw), "\303\251..</text>"));
		assert_null(strstr(written(draw), "\357\277\275"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(processes_join_and_events_do_not, begin),
		cmocka_unit_test_setup(runs_without_names_are_one_frame, begin),
		cmocka_unit_test_setup(frames_stand_in_their_callers, begin),
		cmocka_unit_test_setup(a_full_arena_lumps, begin),
		cmocka_unit_test_setup(nothing_is_not_drawn, begin),
		cmocka_unit_test_setup(labels_fit_and_letters_stay_whole, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
