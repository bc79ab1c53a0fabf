#include "unit.h"

#include "profile/process.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct images images;
static struct processes processes;

static int setup(void **state)
{
	(void)state;
	if (!arena.base && arena_reserve(&arena, 16u << 20))
		return -1;
	arena_back(&arena, 0);
	images_init(&images, &arena);
	processes_init(&processes, &arena, &images);
	return 0;
}

static void map(uint32_t pid, uint64_t start, uint64_t size, const char *path, uint64_t time_ns)
{
	struct record r = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_USER };

	r.mmap = (struct record_mmap){ .pid = pid, .start = start, .size = size, .path = path };
	processes_tell(&processes, &r, time_ns);
}

static void kernel(uint64_t start, uint64_t size, const char *path)
{
	struct record r = { .type = PERF_RECORD_MMAP, .misc = PERF_RECORD_MISC_KERNEL };

	r.mmap = (struct record_mmap){
		.pid = PROCESS_KERNEL, .start = start, .size = size, .pgoff = start, .path = path
	};
	processes_tell(&processes, &r, 0);
}

static void forks(uint32_t parent, uint32_t pid, uint64_t time_ns)
{
	struct record r = { .type = PERF_RECORD_FORK };

	r.task = (struct record_task){ pid, parent, pid, parent, time_ns };
	processes_tell(&processes, &r, time_ns);
}

static void clones(uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	struct record r = { .type = PERF_RECORD_FORK };

	r.task = (struct record_task){ pid, pid, tid, pid, time_ns };
	processes_tell(&processes, &r, time_ns);
}

static void names(uint32_t pid, uint32_t tid, const char *name, bool exec, uint64_t time_ns)
{
	struct record r = { .type = PERF_RECORD_COMM };

	r.comm = (struct record_comm){ pid, tid, name, exec };
	processes_tell(&processes, &r, time_ns);
}

static const char *at(uint32_t pid, uint64_t address, uint64_t time_ns)
{
	struct process_hit hit = process_find(&processes, pid, address, time_ns);

	assert_true(hit.from_ns <= time_ns && time_ns < hit.until_ns);
	return hit.mapping ? hit.mapping->image->path : "nothing";
}

static const char *comm(uint32_t tid, uint64_t time_ns)
{
	return process_comm(&processes, tid, time_ns).name;
}

static void a_mapping_holds_from_its_time_on(void **state)
{
	(void)state;
	map(1, 0x1000, 0x1000, "/a", 10);
	assert_string_equal(at(1, 0x1000, 9), "nothing");
	assert_string_equal(at(1, 0x1000, 10), "/a");
	assert_string_equal(at(1, 0x1fff, 99), "/a");
	assert_string_equal(at(1, 0x2000, 99), "nothing");
	assert_string_equal(at(1, 0xfff, 99), "nothing");
	assert_string_equal(at(2, 0x1000, 99), "nothing");
}

static void a_later_mapping_hides_what_it_overlaps(void **state)
{
	(void)state;
	map(1, 0x3000, 0x1000, "/late", 30);
	map(1, 0x1000, 0x9000, "/early", 10);
	map(1, 0x2000, 0x4000, "/middle", 20);
	assert_string_equal(at(1, 0x3800, 15), "/early");
	assert_string_equal(at(1, 0x3800, 25), "/middle");
	assert_string_equal(at(1, 0x3800, 35), "/late");
	assert_string_equal(at(1, 0x4000, 35), "/middle");
	assert_string_equal(at(1, 0x1000, 35), "/early");
	assert_string_equal(at(1, 0x9fff, 35), "/early");
	assert_int_equal(process_find(&processes, 1, 0x3800, 15).until_ns, 20);
	assert_int_equal(process_find(&processes, 1, 0x3800, 25).from_ns, 20);
}

static void a_child_has_what_its_parent_had(void **state)
{
	(void)state;
	map(1, 0x1000, 0x1000, "/before", 10);
	forks(1, 2, 20);
	map(1, 0x1000, 0x1000, "/after", 30);
	map(2, 0x5000, 0x1000, "/own", 40);
	assert_string_equal(at(2, 0x1000, 50), "/before");
	assert_string_equal(at(1, 0x1000, 50), "/after");
	assert_string_equal(at(2, 0x5000, 50), "/own");
	assert_string_equal(at(1, 0x5000, 50), "nothing");
	forks(2, 3, 60);
	assert_string_equal(at(3, 0x1000, 70), "/before");
	assert_string_equal(at(3, 0x5000, 70), "/own");
}

static void exec_begins_anew(void **state)
{
	(void)state;
	map(1, 0x1000, 0x1000, "/shell", 10);
	forks(1, 2, 20);
	names(2, 2, "tool", true, 30);
	map(2, 0x8000, 0x1000, "/tool", 31);
	assert_string_equal(at(2, 0x1000, 25), "/shell");
	assert_string_equal(at(2, 0x1000, 35), "nothing");
	assert_string_equal(at(2, 0x8000, 35), "/tool");
	assert_string_equal(at(2, 0x8000, 25), "nothing");
}

static void a_used_pid_begins_a_new_process(void **state)
{
	(void)state;
	map(1, 0x1000, 0x1000, "/one", 10);
	map(5, 0x1000, 0x1000, "/first", 11);
	names(5, 5, "first", false, 11);
	forks(1, 5, 50);
	assert_string_equal(at(5, 0x1000, 49), "/first");
	assert_string_equal(at(5, 0x1000, 51), "/one");
	assert_string_equal(comm(5, 49), "first");
	names(1, 1, "one", false, 1);
	assert_string_equal(comm(5, 51), "one");
}

/* Records of different CPUs come in any order. */
static void order_of_telling_does_not_matter(void **state)
{
	(void)state;
	map(2, 0x8000, 0x1000, "/tool", 31);
	names(2, 2, "tool", true, 30);
	forks(1, 2, 20);
	map(1, 0x1000, 0x1000, "/shell", 10);
	names(1, 1, "sh", false, 1);
	assert_string_equal(at(2, 0x1000, 25), "/shell");
	assert_string_equal(at(2, 0x1000, 35), "nothing");
	assert_string_equal(at(2, 0x8000, 35), "/tool");
	assert_string_equal(comm(2, 25), "sh");
	assert_string_equal(comm(2, 35), "tool");
}

static void facts_may_come_between_questions(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		map(1, 0x1000 * (i + 1ull), 0x1000, "/x", i);
		assert_string_equal(at(1, 0x1000 * (i + 1ull), i), "/x");
		names(1, 1, i & 1 ? "odd" : "even", false, i);
		assert_string_equal(comm(1, i), i & 1 ? "odd" : "even");
	}
}

static void the_kernel_has_its_modules(void **state)
{
	struct record r = { .type = PERF_RECORD_KSYMBOL };

	(void)state;
	kernel(0xffffffff81000000, 0, "[kernel.kallsyms]_text");
	kernel(0xffffffffc0000000, 0x1000, "/lib/modules/6.1/kernel/ext4.ko");
	assert_string_equal(at(PROCESS_KERNEL, 0xffffffff81000123, 0), "[kernel.kallsyms]");
	assert_string_equal(
		at(PROCESS_KERNEL, 0xffffffffc0000010, 0), "/lib/modules/6.1/kernel/ext4.ko");
	r.ksymbol = (struct record_ksymbol){
		.start = 0xffffffffd0000000, .size = 64, .name = "bpf_prog_1"
	};
	processes_tell(&processes, &r, 10);
	r.ksymbol.unregistered = true;
	processes_tell(&processes, &r, 20);
	assert_string_equal(at(PROCESS_KERNEL, 0xffffffffd0000010, 15), "bpf_prog_1");
	assert_string_equal(at(PROCESS_KERNEL, 0xffffffffd0000010, 25), "nothing");
}

static void threads_have_names(void **state)
{
	(void)state;
	names(1, 1, "main", false, 5);
	clones(1, 2, 10);
	names(1, 2, "worker", false, 20);
	assert_string_equal(comm(2, 15), "main");
	assert_string_equal(comm(2, 25), "worker");
	assert_string_equal(comm(1, 25), "main");
	assert_string_equal(comm(1, 1), "main");
	assert_string_equal(comm(99, 1), ":99");
	assert_string_equal(comm(0, 1), "swapper");
	assert_ptr_equal(comm(1, 25), comm(2, 15));
}

static void circles_end(void **state)
{
	(void)state;
	forks(1, 2, 10);
	forks(2, 1, 10);
	assert_string_equal(at(1, 0x1000, 20), "nothing");
	assert_string_equal(comm(1, 20), ":1");
}

/* Two thousand children a second share their parent's mappings. */
static void forks_do_not_copy(void **state)
{
	size_t used;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		map(1, 0x10000 * (i + 1), 0x1000, "/lib", i);
	used = arena.used;
	for (uint32_t i = 0; i < 10000; i++)
		forks(1, 100 + i, 2000 + i);
	assert_true((arena.used - used) / 10000 < 512);
	assert_string_equal(at(9000, 0x10000, 20000), "/lib");
}

static void what_finds_no_room_is_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < arena.size && !processes.dropped; i++)
		map(1, 0x1000, 0x1000, "/a", 1);
	assert_true(processes.dropped > 0);
	assert_string_equal(at(1, 0x1000, 5), "nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_mapping_holds_from_its_time_on, setup),
		cmocka_unit_test_setup(a_later_mapping_hides_what_it_overlaps, setup),
		cmocka_unit_test_setup(a_child_has_what_its_parent_had, setup),
		cmocka_unit_test_setup(exec_begins_anew, setup),
		cmocka_unit_test_setup(a_used_pid_begins_a_new_process, setup),
		cmocka_unit_test_setup(order_of_telling_does_not_matter, setup),
		cmocka_unit_test_setup(facts_may_come_between_questions, setup),
		cmocka_unit_test_setup(the_kernel_has_its_modules, setup),
		cmocka_unit_test_setup(threads_have_names, setup),
		cmocka_unit_test_setup(circles_end, setup),
		cmocka_unit_test_setup(forks_do_not_copy, setup),
		cmocka_unit_test_setup(what_finds_no_room_is_counted, setup),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
