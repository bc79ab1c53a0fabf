#include "unit.h"

#include "profile/callgraph.h"
#include "profile/chain.h"

#include <string.h>

#define FUNCTIONS 8

static struct arena arena;
static struct images images;
static struct processes processes;
static struct tree tree;
static struct chains chains;
static struct hist hist;
static struct symbol symbols[FUNCTIONS];
static const char *const names[FUNCTIONS] = { "main", "a", "b", "c", "d", "e", "f", "g" };

/* Function i has [0x1000 * i, + 0x1000) of an image that lies at 0x100000. */
enum {
	MAIN,
	A,
	B,
	C,
	D
};
#define CODE(function, offset) (0x100000ull + 0x1000 * (function) + (offset))

static int setup(void **state)
{
	struct record r = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_USER };

	(void)state;
	if (!arena.base && arena_reserve(&arena, 16u << 20))
		return -1;
	arena_back(&arena, 0);
	images_init(&images, &arena);
	processes_init(&processes, &arena, &images);
	r.mmap = (struct record_mmap){
		.pid = 1, .start = 0x100000, .size = 0x1000 * FUNCTIONS, .path = "/prog"
	};
	processes_tell(&processes, &r, 0);
	for (int i = 0; i < FUNCTIONS; i++)
		symbols[i] = (struct symbol){ names[i], 0x1000ull * (unsigned)i, 0x1000 };
	return tree_init(&tree, &arena, 4096) &&
			       chains_init(&chains, &arena, &processes, &images, &tree)
		       ? 0
		       : -1;
}

/* One sample of weight `period`, its chain the leaf first. */
static uint32_t add(uint64_t period, const uint64_t *chain, size_t count)
{
	struct sample s = { .type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.cpumode = PERF_RECORD_MISC_USER,
		.pid = 1,
		.tid = 1,
		.ip = chain[0] };
	uint64_t words[64] = { PERF_CONTEXT_USER };
	uint32_t root = tree_root(&tree, &(struct tree_root){ .comm = "comm" }), node;

	memcpy(words + 1, chain, count * sizeof(*chain));
	s.chain = (struct sample_words){ words, count + 1 };
	node = chains_node(&chains, root, &s, 5, true);
	tree_add(&tree, node, period);
	return node;
}

#define ADD(period, ...)                                                                           \
	add(period, (const uint64_t[]){ __VA_ARGS__ },                                             \
		sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void name_and_sum(void)
{
	for (struct image *i = images.first; i; i = i->next)
		for (struct place *p = i->places; p; p = p->next)
			if (i->kind == IMAGE_FILE)
				p->symbol = &symbols[p->offset / 0x1000];
	assert_true(tree_merge(&tree, &arena));
	assert_true(hist_make(&hist, &arena, &tree, 0, 1u << HIST_SYMBOL));
	hist_sort(&hist, true);
}

static const struct hist_row *row_of(int function)
{
	for (uint32_t i = 0; i < hist.count; i++)
		if (hist.row[i].place && hist.row[i].place->symbol == &symbols[function])
			return &hist.row[i];
	fail_msg("no row of %s", names[function]);
	return NULL;
}

static void same_chains_share_nodes(void **state)
{
	uint32_t first, second;

	(void)state;
	first = ADD(10, CODE(B, 8), CODE(A, 8), CODE(MAIN, 8));
	second = ADD(10, CODE(B, 8), CODE(A, 8), CODE(MAIN, 8));
	assert_int_equal(first, second);
	assert_int_equal(tree.count, 4);
	ADD(10, CODE(C, 8), CODE(A, 8), CODE(MAIN, 8));
	assert_int_equal(tree.count, 5);
	ADD(10, CODE(A, 8), CODE(MAIN, 8));
	assert_int_equal(tree.count, 6);
	ADD(10, CODE(B, 8), CODE(A, 8), CODE(MAIN, 8));
	assert_int_equal(tree.count, 6);
	assert_int_equal(tree.node[first].samples, 3);
}

/* A call at the very end of a function returns to the next one's first byte. */
static void return_addresses_belong_to_the_call(void **state)
{
	(void)state;
	ADD(1, CODE(C, 0), CODE(B, 0), CODE(MAIN, 8));
	name_and_sum();
	assert_int_equal(row_of(C)->self, 1);
	assert_int_equal(row_of(A)->children, 1);
}

static void self_and_children_are_summed(void **state)
{
	(void)state;
	ADD(5, CODE(B, 1), CODE(A, 8), CODE(MAIN, 8));
	ADD(7, CODE(B, 2), CODE(A, 16), CODE(MAIN, 8));
	ADD(3, CODE(A, 9), CODE(MAIN, 24));
	ADD(2, CODE(MAIN, 1));
	name_and_sum();
	assert_int_equal(tree.count, 4);
	assert_int_equal(row_of(MAIN)->children, 17);
	assert_int_equal(row_of(MAIN)->self, 2);
	assert_int_equal(row_of(A)->children, 15);
	assert_int_equal(row_of(A)->self, 3);
	assert_int_equal(row_of(B)->self, 12);
	assert_int_equal(row_of(B)->samples, 2);
	assert_int_equal(hist.self, 17);
}

static void recursion_counts_once(void **state)
{
	(void)state;
	ADD(4, CODE(A, 1), CODE(A, 8), CODE(B, 8), CODE(A, 8), CODE(MAIN, 8));
	name_and_sum();
	assert_int_equal(row_of(A)->children, 4);
	assert_int_equal(row_of(A)->self, 4);
	assert_int_equal(row_of(B)->children, 4);
}

static void a_full_tree_keeps_every_sample(void **state)
{
	uint64_t samples = 0, weight = 0;

	(void)state;
	for (uint64_t i = 0; i < 6000; i++)
		ADD(2, CODE(B, i % 4096), CODE(A, 1 + i / 4096 * 8), CODE(MAIN, 8));
	assert_true(tree.dropped > 0);
	for (uint32_t i = 0; i < tree.count; i++) {
		samples += tree.node[i].samples;
		weight += tree.node[i].weight;
	}
	assert_int_equal(samples, 6000);
	assert_int_equal(weight, 12000);
}

static void stray_words_collapse(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 500; i++)
		ADD(1, CODE(B, 8), CODE(A, 8), 0x7000000000 + i);
	assert_true(tree.count > 1500);
	assert_true(chains_collapse(&chains, &arena));
	assert_int_equal(tree.count, 4);
	ADD(1, CODE(B, 8), CODE(A, 8), 0x9000000000);
	assert_int_equal(tree.count, 4);
	name_and_sum();
	assert_int_equal(row_of(B)->self, 501);
}

static const char *name_at(const struct callgraph *g, uint32_t node)
{
	return g->tree.node[node].place->symbol->name;
}

static void graphs_by_caller_and_callee(void **state)
{
	const struct callgraph_branch *first;
	struct callgraph graph;
	uint32_t row, node;

	(void)state;
	ADD(5, CODE(C, 1), CODE(A, 8), CODE(MAIN, 8));
	ADD(7, CODE(C, 1), CODE(B, 8), CODE(MAIN, 8));
	name_and_sum();
	assert_true(callgraph_init(&graph, &arena, &hist));
	row = (uint32_t)(row_of(C) - hist.row);
	assert_true(callgraph_make(&graph, row, false, false, 1));
	assert_int_equal(callgraph_branches(&graph, 0, &first), 1);
	assert_string_equal(name_at(&graph, first->node), "c");
	node = first->node;
	assert_int_equal(callgraph_branches(&graph, node, &first), 2);
	assert_string_equal(name_at(&graph, first[0].node), "b");
	assert_int_equal(first[0].total, 7);
	assert_string_equal(name_at(&graph, first[1].node), "a");
	assert_string_equal(name_at(&graph, callgraph_follow(&graph, first[1].node)), "main");
	row = (uint32_t)(row_of(MAIN) - hist.row);
	assert_true(callgraph_make(&graph, row, true, true, 6));
	assert_int_equal(callgraph_branches(&graph, 0, &first), 1);
	assert_int_equal(first->total, 12);
	node = first->node;
	assert_int_equal(callgraph_follow(&graph, node), TREE_NONE);
	assert_int_equal(callgraph_branches(&graph, node, &first), 1);
	assert_string_equal(name_at(&graph, first->node), "b");
}

static void kernel_and_user_parts_join(void **state)
{
	const uint64_t words[] = { PERF_CONTEXT_KERNEL, 0xffffffff81000010, 0xffffffff81000020,
		PERF_CONTEXT_USER, CODE(B, 0), CODE(A, 0) };
	struct sample s = { .type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.cpumode = PERF_RECORD_MISC_KERNEL,
		.pid = 1,
		.tid = 1,
		.ip = words[1],
		.chain = { words, 6 } };
	uint32_t root = tree_root(&tree, &(struct tree_root){ 0 });
	uint32_t node = chains_node(&chains, root, &s, 5, true);
	const struct tree_node *n = tree.node;

	(void)state;
	assert_int_equal(n[node].place->offset, words[1]);
	assert_int_equal(n[node].cpumode, PERF_RECORD_MISC_KERNEL);
	node = n[n[node].parent].parent;
	/* where the user's code was interrupted, and where it was called from */
	assert_int_equal(n[node].place->offset, 0x2000);
	assert_int_equal(n[n[node].parent].place->offset, 0x0fff);
}

static void the_sampled_address_is_the_leaf(void **state)
{
	const uint64_t words[] = { PERF_CONTEXT_USER, CODE(B, 8) };
	struct sample s = { .type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.cpumode = PERF_RECORD_MISC_KERNEL,
		.pid = 1,
		.tid = 1,
		.ip = 0xffffffff81000010,
		.chain = { words, 2 } };
	uint32_t root = tree_root(&tree, &(struct tree_root){ 0 }), node;

	(void)state;
	node = chains_node(&chains, root, &s, 5, true);
	assert_int_equal(tree.node[node].place->offset, s.ip);
	assert_int_equal(tree.node[tree.node[node].parent].place->offset, 0x2008);
	s.cpumode = PERF_RECORD_MISC_USER;
	s.ip = CODE(C, 1);
	node = chains_node(&chains, root, &s, 5, true);
	assert_int_equal(tree.node[node].place->offset, 0x3001);
	assert_int_equal(tree.node[node].parent, root);
	node = chains_node(&chains, root, &s, 5, false);
	assert_int_equal(tree.node[node].place->offset, 0x3001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(same_chains_share_nodes, setup),
		cmocka_unit_test_setup(return_addresses_belong_to_the_call, setup),
		cmocka_unit_test_setup(self_and_children_are_summed, setup),
		cmocka_unit_test_setup(recursion_counts_once, setup),
		cmocka_unit_test_setup(a_full_tree_keeps_every_sample, setup),
		cmocka_unit_test_setup(stray_words_collapse, setup),
		cmocka_unit_test_setup(graphs_by_caller_and_callee, setup),
		cmocka_unit_test_setup(kernel_and_user_parts_join, setup),
		cmocka_unit_test_setup(the_sampled_address_is_the_leaf, setup),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
