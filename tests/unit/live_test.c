#include "unit.h"

#include "profile/live.h"

#include <stdio.h>
#include <string.h>

#define MEMORY (4u << 20)
#define CODE 0x100000ull

static struct arena arena;
static struct live live;
static struct hist hist;
/* nothing here is on this machine: no file is looked for */
static const struct resolve_options options = { .symfs = "/nonexistent", .foreign = true };

static void tell_process(uint32_t pid)
{
	struct record r = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_USER };

	r.mmap = (struct record_mmap){
		.pid = pid, .start = CODE, .size = 0x10000, .path = pid % 2 ? "/odd" : "/even"
	};
	live_tell(&live, &r);
	r = (struct record){ .type = PERF_RECORD_COMM };
	r.comm = (struct record_comm){ .pid = pid, .tid = pid, .name = pid % 2 ? "odd" : "even" };
	live_tell(&live, &r);
}

static void tell_all(void)
{
	tell_process(1);
	tell_process(2);
}

static int setup(void **state)
{
	(void)state;
	if (!arena.base && arena_reserve(&arena, MEMORY))
		return -1;
	arena_back(&arena, 0);
	live = (struct live){ .callers = true };
	if (!live_init(&live, &arena, &options))
		return -1;
	tell_all();
	return 0;
}

/* A sample at an offset of a process's code, called from another. */
static void add(uint32_t pid, uint64_t offset, uint64_t caller, uint64_t period)
{
	uint64_t words[] = { PERF_CONTEXT_USER, CODE + offset, CODE + caller };
	struct sample s = { .type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
		.cpumode = PERF_RECORD_MISC_USER,
		.pid = pid,
		.tid = pid,
		.time_ns = 10,
		.ip = CODE + offset,
		.period = period };

	s.chain = (struct sample_words){ words, 3 };
	live_sample(&live, 0, &s);
}

/* Gives the samples' places names, as a symbol table with functions of 256 bytes would. */
static void name_all(void)
{
	static struct symbol symbols[64];
	static char names[64][16];

	for (struct image *i = live.at->images.first; i; i = i->next)
		for (struct place *p = i->places; p; p = p->next) {
			uint64_t n = p->offset >> 8 & 63;

			snprintf(names[n], sizeof(names[n]), "f%d", (int)n);
			symbols[n] = (struct symbol){ names[n], n << 8, 256 };
			p->symbol = &symbols[n];
		}
	live_name(&live);
}

/* The weight of all rows of a process and (NULL: any) symbol. */
static uint64_t sum_of(uint32_t pid, const char *symbol)
{
	size_t mark = live.at->arena.used;
	uint64_t sum = 0;

	assert_true(hist_make(&hist, &live.at->arena, &live.at->tree, 0,
		1u << HIST_PID | 1u << HIST_SYMBOL | 1u << HIST_COMM));
	for (uint32_t i = 0; i < hist.count; i++) {
		const struct hist_row *r = &hist.row[i];

		assert_string_equal(r->root->comm, r->root->pid % 2 ? "odd" : "even");
		if (r->root->pid == pid &&
			(!symbol || (r->place && r->place->symbol &&
					    !strcmp(r->place->symbol->name, symbol))))
			sum += r->self;
	}
	arena_back(&live.at->arena, mark);
	return sum;
}

static void test_weights_fade_to_seven_eighths(void **state)
{
	(void)state;
	add(1, 0x100, 0x800, 64000);
	add(2, 0x200, 0x800, 8000);
	live_age(&live, false);
	assert_int_equal(sum_of(1, NULL), 56000);
	assert_int_equal(sum_of(2, NULL), 7000);
	live_age(&live, false);
	assert_int_equal(sum_of(1, NULL), 49000);
	add(1, 0x100, 0x800, 1000);
	assert_int_equal(sum_of(1, NULL), 50000);
	live_age(&live, true);
	assert_int_equal(sum_of(1, NULL), 0);
	assert_int_equal(live.at->tree.count, 0);
}

static void test_what_faded_is_forgotten(void **state)
{
	(void)state;
	add(2, 0x200, 0x800, 1);
	for (int i = 0; i < 3; i++) {
		add(1, 0x100, 0x800, 1u << 30);
		live_age(&live, false);
	}
	assert_int_equal(live.at->tree.count, 3);
}

static void test_known_functions_name_new_places(void **state)
{
	(void)state;
	add(1, 0x110, 0x810, 10);
	name_all();
	add(1, 0x120, 0x820, 5);
	live.name_at_ns = UINT64_MAX; /* no sweep */
	live_name(&live);
	assert_int_equal(live.waiting, 0);
	assert_int_equal(sum_of(1, "f1"), 15);
	add(1, 0x210, 0x820, 5);
	live_name(&live);
	assert_int_equal(live.waiting, 1);
	live.name_at_ns = 0;
	live_name(&live);
	assert_int_equal(live.waiting, 0);
	assert_int_equal(sum_of(1, "[unnamed]"), 5);
}

static void test_a_move_keeps_sums_and_names(void **state)
{
	(void)state;
	add(1, 0x110, 0x810, 1600);
	add(1, 0x120, 0x820, 800);
	add(2, 0x310, 0x810, 80);
	name_all();
	add(1, 0x510, 0x820, 160);
	live_name(&live);
	live_age(&live, false);
	for (unsigned i = 1; i <= 3; i++) {
		live_move(&live, tell_all);
		assert_int_equal(sum_of(1, "f1"), 2090 + 10 * i);
		assert_int_equal(sum_of(2, "f3"), 70);
		assert_int_equal(sum_of(1, "[unnamed]"), 140);
		live.name_at_ns = UINT64_MAX; /* no sweep: names were carried over */
		add(1, 0x130 + i, 0x830, 10);
		live_name(&live);
		assert_int_equal(live.waiting, 0);
	}
	assert_int_equal(live.moves, 3);
}

static void test_processes_without_end_leave_room(void **state)
{
	(void)state;
	for (uint32_t pid = 3; pid < 12000; pid++) {
		tell_process(pid);
		add(1, 0x100, 0x800, 1000);
		add(pid, pid & 0xffff, 0x800, 1);
		if (pid % 500)
			continue;
		live_name(&live);
		live_age(&live, false);
		if (live_crowded(&live))
			live_move(&live, tell_all);
	}
	assert_true(live.moves > 2);
	assert_int_equal(live_dropped(&live), 0);
	assert_true(sum_of(1, NULL) > 1000000);
}

static void test_places_without_end_do_not_fill_the_tree(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		add(1, 0x100, 0x800, 1000);
		add(1, i * 7 & 0xffff, i & 0xffff, 1);
		if (i % 10000)
			continue;
		live_age(&live, false);
		if (live_crowded(&live))
			live_move(&live, tell_all);
	}
	assert_true(sum_of(1, NULL) > 10000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_weights_fade_to_seven_eighths, setup),
		cmocka_unit_test_setup(test_what_faded_is_forgotten, setup),
		cmocka_unit_test_setup(test_known_functions_name_new_places, setup),
		cmocka_unit_test_setup(test_a_move_keeps_sums_and_names, setup),
		cmocka_unit_test_setup(test_processes_without_end_leave_room, setup),
		cmocka_unit_test_setup(test_places_without_end_do_not_fill_the_tree, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
