#include "unit.h"

#include "capture/carry.h"
#include "data/record.h"

#include <stdio.h>
#include <string.h>

static const struct perf_event_attr attr = {
	.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
	.flags = PERF_ATTR_SAMPLE_ID_ALL,
};
static struct arena arena;
static struct carry carry;
static struct synthesize to;
static char told[1 << 16]; /* a word for each record that was told */
static uint64_t now_ns;

static int hear(void *context, const void *records, size_t size)
{
	const char *at = records, *end = at + size;

	(void)context;
	for (; at < end; at += ((const struct perf_event_header *)(const void *)at)->size) {
		struct record r;
		size_t used = strlen(told);
		char *word = told + used;

		assert_int_equal(record_decode(&r, (const void *)at, &attr), RECORD_OK);
		if (r.type == PERF_RECORD_COMM)
			snprintf(word, sizeof(told) - used, "%u=%s ", r.comm.tid, r.comm.name);
		else if (r.type == PERF_RECORD_MMAP2)
			snprintf(word, sizeof(told) - used, "%u:%s ", r.mmap.pid, r.mmap.path);
		else
			snprintf(word, sizeof(told) - used, "%u%c%u ", r.task.parent_tid,
				r.type == PERF_RECORD_FORK ? '>' : 'x', r.task.tid);
	}
	return 0;
}

static int setup(void **state)
{
	(void)state;
	if (!arena.base && arena_reserve(&arena, 4u << 20))
		return -1;
	arena_back(&arena, 0);
	to.attr = &attr;
	to.emit = hear;
	to.used = 0;
	now_ns = 0;
	return carry_begin(&carry, &arena, 0, &attr);
}

static void add(struct record *record)
{
	_Alignas(8) char bytes[8192];

	record->id.time_ns = ++now_ns;
	assert_true(record_encode(bytes, sizeof(bytes), record, &attr) > 0);
	carry_add(&carry, (const void *)bytes);
}

static void names(uint32_t pid, uint32_t tid, const char *name, bool exec)
{
	struct record r = { .type = PERF_RECORD_COMM };

	r.comm = (struct record_comm){ pid, tid, name, exec };
	add(&r);
}

static void maps(uint32_t pid, uint64_t start, uint64_t size, const char *path)
{
	struct record r = { .type = PERF_RECORD_MMAP2 };

	r.mmap = (struct record_mmap){ .pid = pid, .tid = pid, .start = start, .size = size };
	r.mmap.path = path;
	add(&r);
}

static void task(uint32_t type, uint32_t pid, uint32_t parent, uint32_t tid, uint32_t parent_tid)
{
	struct record r = { .type = type };

	r.task = (struct record_task){ pid, parent, tid, parent_tid, now_ns + 1 };
	add(&r);
}

static void forks(uint32_t parent, uint32_t pid)
{
	task(PERF_RECORD_FORK, pid, parent, pid, parent);
}

static void clones(uint32_t pid, uint32_t tid)
{
	task(PERF_RECORD_FORK, pid, pid, tid, pid);
}

static void ends(uint32_t pid, uint32_t tid)
{
	task(PERF_RECORD_EXIT, pid, pid, tid, tid);
}

/* What a further file would begin with. */
static const char *past(void)
{
	carry_settle(&carry);
	*told = 0;
	assert_int_equal(carry_tell(&carry, &to), 0);
	return told;
}

static void who_lives_is_told_of(void **state)
{
	(void)state;
	names(1, 1, "init", false);
	maps(1, 0x1000, 0x1000, "/init");
	maps(1, 0x3000, 0x1000, "/lib");
	assert_string_equal(past(), "1=init 1:/init 1:/lib ");
	clones(1, 2);
	names(1, 2, "worker", false);
	assert_string_equal(past(), "1=init 1:/init 1:/lib 1>2 2=worker ");
	ends(1, 2);
	assert_string_equal(past(), "1=init 1:/init 1:/lib ");
	ends(1, 1);
	assert_string_equal(past(), "");
}

static void the_latest_round_is_told_as_it_was(void **state)
{
	(void)state;
	names(1, 1, "a", false);
	carry_settle(&carry);
	forks(1, 2);
	ends(2, 2);
	*told = 0;
	carry_tell(&carry, &to);
	assert_string_equal(told, "1=a 1>2 2x2 ");
	assert_string_equal(past(), "1=a ");
}

static void a_child_keeps_what_its_parent_had(void **state)
{
	(void)state;
	names(1, 1, "a", false);
	maps(1, 0x1000, 0x1000, "/a");
	forks(1, 2);
	maps(1, 0x2000, 0x1000, "/later");
	maps(2, 0x3000, 0x1000, "/own");
	assert_string_equal(past(), "1=a 1:/a 1:/later 2=a 2:/a 2:/own ");
	ends(1, 1);
	assert_string_equal(past(), "2=a 2:/a 2:/own ");
	forks(2, 1); /* the pid again */
	assert_string_equal(past(), "1=a 1:/a 1:/own 2=a 2:/a 2:/own ");
}

static void an_exec_begins_anew(void **state)
{
	(void)state;
	names(1, 1, "a", false);
	maps(1, 0x1000, 0x1000, "/a");
	forks(1, 2);
	clones(2, 3);
	names(2, 2, "b", true);
	maps(2, 0x1000, 0x1000, "/b");
	assert_string_equal(past(), "1=a 1:/a 2=b 2:/b ");
	ends(2, 2);
	assert_string_equal(past(), "1=a 1:/a ");
}

static void a_process_lives_as_long_as_a_thread(void **state)
{
	(void)state;
	names(1, 1, "a", false);
	maps(1, 0x1000, 0x1000, "/a");
	clones(1, 2);
	ends(1, 1);
	assert_string_equal(past(), "1=a 1:/a 1>2 2=a ");
	ends(1, 2);
	assert_string_equal(past(), "");
}

static void what_is_hidden_is_forgotten(void **state)
{
	(void)state;
	maps(1, 0x2000, 0x1000, "/a");
	maps(1, 0x8000, 0x1000, "/b");
	maps(1, 0x1000, 0x3000, "/over");
	assert_string_equal(past(), "1:/b 1:/over ");
}

/* A fork is told after what its child did, where they come from two CPUs' rings. */
static void a_late_fork_undoes_nothing(void **state)
{
	(void)state;
	now_ns = 10;
	names(2, 2, "child", true);
	maps(2, 0x1000, 0x1000, "/child");
	now_ns = 0;
	forks(1, 2);
	assert_string_equal(past(), "2=child 2:/child ");
}

/* Ten times what fits comes and goes; then more than fits stays. */
static void memory_is_used_again_and_its_end_counted(void **state)
{
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 0;
	names(1, 1, "a", false);
	maps(1, 0x1000, 0x1000, "/first");
	for (uint32_t pid = 2; pid < 20000; pid++) {
		forks(1, pid);
		maps(pid, 0x10000, 0x1000, path);
		ends(pid, pid);
	}
	assert_string_equal(past(), "1=a 1:/first ");
	assert_int_equal(carry.dropped, 0);
	for (uint32_t i = 0; i < 20000; i++)
		maps(1, 0x100000 + 0x1000ull * i, 0x1000, path);
	carry_settle(&carry);
	assert_true(carry.dropped > 1000 && carry.dropped < 20000);
	names(1, 1, "b", true);
	maps(1, 0x1000, 0x1000, "/again");
	for (uint32_t i = 0; i < 2000; i++)
		names(1, 1, "b", false); /* patience */
	assert_true(strstr(past(), "1=b") != NULL);
}

static void threads_have_a_limit_too(void **state)
{
	(void)state;
	for (uint32_t tid = 1; tid <= carry.most_threads + 5; tid++)
		names(tid, tid, "t", false);
	carry_settle(&carry);
	assert_int_equal(carry.dropped, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_lives_is_told_of, setup),
		cmocka_unit_test_setup(the_latest_round_is_told_as_it_was, setup),
		cmocka_unit_test_setup(a_child_keeps_what_its_parent_had, setup),
		cmocka_unit_test_setup(an_exec_begins_anew, setup),
		cmocka_unit_test_setup(a_process_lives_as_long_as_a_thread, setup),
		cmocka_unit_test_setup(what_is_hidden_is_forgotten, setup),
		cmocka_unit_test_setup(a_late_fork_undoes_nothing, setup),
		cmocka_unit_test_setup(memory_is_used_again_and_its_end_counted, setup),
		cmocka_unit_test_setup(threads_have_a_limit_too, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
