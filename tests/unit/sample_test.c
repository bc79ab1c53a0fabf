#include "unit.h"

#include "data/sample.h"

#include <string.h>

#define WORDS 128

/* A record under construction. */
static struct {
	_Alignas(8) struct perf_event_header header;
	uint64_t word[WORDS];
} made;
static size_t words;

static void begin(void)
{
	memset(&made, 0, sizeof(made));
	made.header.type = PERF_RECORD_SAMPLE;
	made.header.misc = PERF_RECORD_MISC_USER | PERF_RECORD_MISC_EXACT_IP;
	words = 0;
}

static void put(uint64_t word)
{
	made.word[words++] = word;
	made.header.size = (uint16_t)(sizeof(made.header) + words * 8);
}

static const struct perf_event_attr everything = {
	.sample_type = PERF_SAMPLE_MAX - 1,
	.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST |
		       PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX | PERF_SAMPLE_BRANCH_COUNTERS,
	.sample_regs_user = 0x8003,
	.sample_regs_intr = 0x10,
};

static void make_everything(void)
{
	begin();
	put(77); /* identifier */
	put(0x401000);
	put(11 | 12ull << 32);
	put(123456789);
	put(0xadd4);
	put(77);
	put(5);
	put(3 | 9ull << 32);
	put(1000);
	put(2); /* read: two counts, enabled, running */
	put(50);
	put(40);
	put(100), put(77), put(1);
	put(200), put(78), put(2);
	put(3), put(PERF_CONTEXT_USER), put(0x401000), put(0x402000);
	put(12 | (uint64_t)0x64636261 << 32), put(0x6867666534333231), put(9); /* raw */
	words--;
	made.header.size -= 8;
	put(1), put(6), put(0xf), put(0x70), put(1); /* branches, hw_index first */
	put(0xc0);
	put(2), put(1), put(2), put(3);				       /* user registers */
	put(16), put(0x1111), put(0x2222), put(8);		       /* user stack */
	put(0xaaaa | (uint64_t)0xbbbb << 32 | (uint64_t)0xcccc << 48); /* weights */
	put(0xda7a), put(0x7a);
	put(1), put(0x99);				/* interrupted registers */
	put(0xf00), put(0xc6), put(4096), put(2097152); /* physical, cgroup, page sizes */
	put(8), put(0xa0a0a0a0a0a0a0a0);		/* aux */
}

static void everything_is_found(void **state)
{
	struct sample s;

	(void)state;
	make_everything();
	assert_int_equal(sample_decode(&s, &made.header, &everything), SAMPLE_OK);
	assert_int_equal(s.id, 77);
	assert_int_equal(s.ip, 0x401000);
	assert_int_equal(s.pid, 11);
	assert_int_equal(s.tid, 12);
	assert_int_equal(s.time_ns, 123456789);
	assert_int_equal(s.addr, 0xadd4);
	assert_int_equal(s.stream_id, 5);
	assert_int_equal(s.cpu, 3);
	assert_int_equal(s.period, 1000);
	assert_int_equal(s.cpumode, PERF_RECORD_MISC_USER);
	assert_int_equal(s.read.count, 2);
	assert_int_equal(s.read.enabled_ns, 50);
	assert_int_equal(s.read.running_ns, 40);
	assert_int_equal(sample_value_at(&s.read, 1).value, 200);
	assert_int_equal(sample_value_at(&s.read, 1).id, 78);
	assert_int_equal(sample_value_at(&s.read, 1).lost, 2);
	assert_int_equal(s.chain.count, 3);
	assert_int_equal(s.chain.at[2], 0x402000);
	assert_int_equal(s.raw.size, 12);
	assert_memory_equal(s.raw.at, "abcd1234efgh", 12);
	assert_int_equal(s.branches.count, 1);
	assert_int_equal(s.branches.hw_index, 6);
	assert_int_equal(s.branches.at[0].to, 0x70);
	assert_int_equal(s.branches.counters[0], 0xc0);
	assert_int_equal(s.user_regs.count, 3);
	assert_int_equal(s.user_regs.at[2], 3);
	assert_int_equal(s.user_stack.size, 8);
	assert_int_equal(s.weight, 0xaaaa);
	assert_int_equal(s.weight_2, 0xbbbb);
	assert_int_equal(s.weight_3, 0xcccc);
	assert_int_equal(s.data_src, 0xda7a);
	assert_int_equal(s.transaction, 0x7a);
	assert_int_equal(s.intr_regs.at[0], 0x99);
	assert_int_equal(s.phys_addr, 0xf00);
	assert_int_equal(s.cgroup, 0xc6);
	assert_int_equal(s.data_page_size, 4096);
	assert_int_equal(s.code_page_size, 2097152);
	assert_int_equal(s.aux.size, 8);
}

static void every_cut_is_short(void **state)
{
	struct sample s;
	size_t whole;

	(void)state;
	make_everything();
	whole = made.header.size;
	for (size_t size = 0; size < whole; size++) {
		made.header.size = (uint16_t)size;
		assert_int_equal(sample_decode(&s, &made.header, &everything), SAMPLE_SHORT);
	}
}

static void lying_counts_are_short(void **state)
{
	/* the last but one: three times it is 2 */
	static const uint64_t lies[] = { 4, 1ull << 32, 1ull << 61, 0x5555555555555556,
		UINT64_MAX };
	struct perf_event_attr attr = { 0 };
	static const uint32_t types[] = { PERF_SAMPLE_CALLCHAIN, PERF_SAMPLE_BRANCH_STACK,
		PERF_SAMPLE_AUX, PERF_SAMPLE_STACK_USER, PERF_SAMPLE_READ };
	struct sample s;

	(void)state;
	attr.read_format = PERF_FORMAT_GROUP;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		for (size_t k = 0; k < sizeof(lies) / sizeof(*lies); k++) {
			begin();
			put(types[i] == PERF_SAMPLE_AUX || types[i] == PERF_SAMPLE_STACK_USER
					? lies[k] | 32
					: lies[k]);
			put(0), put(0);
			attr.sample_type = types[i];
			assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_SHORT);
		}
}

static void odd_sizes_fill_whole_words(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_AUX };
	struct sample s;

	(void)state;
	begin();
	put(9), put(0);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_SHORT);
	put(0);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_OK);
	assert_int_equal(s.aux.size, 9);
}

static void future_bits_are_told(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_IP | 1u << 25 };
	struct sample s;

	(void)state;
	begin();
	put(0x1234);
	put(0xdead);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_FUTURE);
	assert_int_equal(s.ip, 0x1234);
}

/* Registers of an ABI that is not known yet are as many as the mask has, those without a name too.
 */
static void future_registers_are_told(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_WEIGHT,
		.sample_regs_user = 1 | 1ull << 63 };
	struct sample s;

	(void)state;
	begin();
	put(PERF_SAMPLE_REGS_ABI_MAX), put(5), put(6), put(7);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_FUTURE);
	assert_int_equal(s.user_regs.count, 2);
	assert_int_equal(s.weight, 7);
}

static void a_single_count_is_read(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN };
	struct sample_value v;
	struct sample s;

	(void)state;
	attr.read_format = PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	begin();
	put(9), put(8), put(7), put(6);
	put(1), put(0x55);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_OK);
	v = sample_value_at(&s.read, 0);
	assert_int_equal(v.value, 9);
	assert_int_equal(s.read.running_ns, 8);
	assert_int_equal(v.id, 7);
	assert_int_equal(v.lost, 6);
	assert_int_equal(s.chain.at[0], 0x55);
}

static void no_registers_take_no_room(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_REGS_USER |
						       PERF_SAMPLE_STACK_USER |
						       PERF_SAMPLE_PHYS_ADDR };
	struct sample s;

	(void)state;
	attr.sample_regs_user = 0xff;
	begin();
	put(PERF_SAMPLE_REGS_ABI_NONE), put(0), put(42);
	assert_int_equal(sample_decode(&s, &made.header, &attr), SAMPLE_OK);
	assert_int_equal(s.user_regs.count, 0);
	assert_int_equal(s.user_stack.size, 0);
	assert_int_equal(s.phys_addr, 42);
}

static void ids_lie_where_the_kernel_puts_them(void **state)
{
	(void)state;
	assert_int_equal(sample_id_place(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP), 0);
	assert_int_equal(sample_id_place(PERF_SAMPLE_ID | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
					 PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_CPU),
		4);
	assert_int_equal(sample_id_place(PERF_SAMPLE_IP), -1);
	assert_int_equal(sample_id_place_from_end(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_CPU), 1);
	assert_int_equal(
		sample_id_place_from_end(PERF_SAMPLE_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_STREAM_ID),
		3);
	assert_int_equal(sample_id_place_from_end(PERF_SAMPLE_TID), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_found),
		cmocka_unit_test(every_cut_is_short),
		cmocka_unit_test(lying_counts_are_short),
		cmocka_unit_test(odd_sizes_fill_whole_words),
		cmocka_unit_test(future_bits_are_told),
		cmocka_unit_test(future_registers_are_told),
		cmocka_unit_test(a_single_count_is_read),
		cmocka_unit_test(no_registers_take_no_room),
		cmocka_unit_test(ids_lie_where_the_kernel_puts_them),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
