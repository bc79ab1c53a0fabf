#include "unit.h"

#include "data/category.h"
#include "data/feature.h"
#include "data/record.h"
#include "data/sample.h"
#include "data/sample_field.h"

#include <string.h>

static void every_sample_bit_has_a_category(void **state)
{
	(void)state;
	for (unsigned bit = 0; 1u << bit < PERF_SAMPLE_MAX; bit++) {
		assert_in_range(category_of_sample(bit), CATEGORY_SYSTEM, CATEGORY_MEMORY);
		assert_non_null(sample_field_names[bit]);
	}
	assert_int_equal(1u << SAMPLE_FIELDS, PERF_SAMPLE_MAX);
	for (unsigned bit = SAMPLE_FIELDS; bit < 70; bit++)
		assert_int_equal(category_of_sample(bit), CATEGORY_UNKNOWN);
}

static void every_field_has_its_place_once(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (int i = 0; i < SAMPLE_FIELDS; i++)
		seen |= 1ull << sample_field_order[i];
	assert_int_equal(seen, PERF_SAMPLE_MAX - 1);
}

static void every_branch_bit_and_flag_has_a_category(void **state)
{
	(void)state;
	for (unsigned bit = 0; 1u << bit <= PERF_SAMPLE_BRANCH_COUNTERS; bit++)
		assert_in_range(category_of_branch(bit), CATEGORY_SYSTEM, CATEGORY_MEMORY);
	assert_int_equal(category_of_branch(20), CATEGORY_UNKNOWN);
	for (unsigned bit = 0; 1ull << bit <= PERF_ATTR_DEFER_OUTPUT; bit++)
		assert_in_range(category_of_flag(bit), CATEGORY_SYSTEM, CATEGORY_MEMORY);
	assert_int_equal(category_of_flag(40), CATEGORY_UNKNOWN);
	assert_int_equal(category_of_flag(63), CATEGORY_UNKNOWN);
}

static void every_record_with_a_name_has_a_category(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 200; type++)
		if (record_name(type))
			assert_in_range(category_of_record(type), CATEGORY_NONE, CATEGORY_MEMORY);
		else
			assert_int_equal(category_of_record(type), CATEGORY_UNKNOWN);
	assert_int_equal(category_of_record(UINT32_MAX), CATEGORY_UNKNOWN);
	assert_non_null(record_name(PERF_RECORD_CALLCHAIN_DEFERRED));
	assert_non_null(record_name(PERF_RECORD_BPF_METADATA));
}

static void every_feature_with_a_name_has_a_category(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < HEADER_FEATURES; bit++)
		if (feature_name((int)bit))
			assert_in_range(category_of_feature(bit), CATEGORY_SYSTEM, CATEGORY_MEMORY);
		else
			assert_int_equal(category_of_feature(bit), CATEGORY_UNKNOWN);
}

static enum category most(struct perf_event_attr attr, const char *expected)
{
	const char *what;
	enum category category = category_of_attr(&attr, &what);

	assert_string_equal(what, expected);
	return category;
}

static void the_most_an_event_collects_is_named(void **state)
{
	struct perf_event_attr attr = { .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID };

	(void)state;
	assert_int_equal(most((struct perf_event_attr){ 0 }, "config"), CATEGORY_SYSTEM);
	assert_int_equal(most(attr, "IP"), CATEGORY_CODE);
	attr.type = PERF_TYPE_BREAKPOINT;
	assert_int_equal(most(attr, "bp_addr"), CATEGORY_ADDRESS);
	attr.sample_regs_user = 1;
	assert_int_equal(most(attr, "sample_regs"), CATEGORY_REGISTERS);
	attr.sample_type |= PERF_SAMPLE_RAW;
	assert_int_equal(most(attr, "RAW"), CATEGORY_MEMORY);
	attr.sample_type |= 1ull << 40;
	assert_int_equal(most(attr, "sample_type"), CATEGORY_UNKNOWN);
	attr = (struct perf_event_attr){ .flags = PERF_ATTR_TEXT_POKE | PERF_ATTR_PRECISE_IP(3) };
	assert_int_equal(most(attr, "text_poke"), CATEGORY_MEMORY);
}

static void names_are_read_back(void **state)
{
	enum category category;

	(void)state;
	for (int i = CATEGORY_SYSTEM; i <= CATEGORY_MEMORY; i++) {
		assert_true(category_parse(category_name((enum category)i), &category));
		assert_int_equal(category, i);
		assert_true(*category_text(category) && *category_reveals(category));
	}
	assert_true(category_parse("4", &category));
	assert_int_equal(category, CATEGORY_MEMORY);
	for (const char *const *bad =
			(const char *const[]){ "", "0", "5", "4e", "4a ", "-", "?", NULL };
		*bad; bad++)
		assert_false(category_parse(*bad, &category));
}

/* Words of random records, with every field in every combination of a few. */
static void layouts_agree_with_the_decoder(void **state)
{
	static const uint64_t types[] = { PERF_SAMPLE_MAX - 1, PERF_SAMPLE_IP, PERF_SAMPLE_READ,
		PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW, PERF_SAMPLE_BRANCH_STACK,
		PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER, PERF_SAMPLE_AUX,
		PERF_SAMPLE_WEIGHT_STRUCT, PERF_SAMPLE_READ | PERF_SAMPLE_REGS_INTR };
	uint64_t words[64], seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct perf_event_header *h = (void *)words;
		struct perf_event_attr attr = { .sample_regs_user = 5, .sample_regs_intr = 3 };
		static struct sample_layout layout;
		struct sample sample;
		bool fits;

		for (int k = 0; k < 64; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			words[k] = seed >> 60 < 14 ? seed >> 61 : seed;
		}
		attr.sample_type = types[(unsigned)i % (sizeof(types) / sizeof(*types))];
		attr.read_format = seed >> 33 & 31;
		attr.branch_sample_type = seed >> 40 & 1 ? PERF_SAMPLE_BRANCH_HW_INDEX : 0;
		attr.branch_sample_type |= seed >> 41 & 1 ? PERF_SAMPLE_BRANCH_COUNTERS : 0;
		*h = (struct perf_event_header){ PERF_RECORD_SAMPLE, 0,
			(uint16_t)(8 + (seed >> 50) % 63 * 8) };
		fits = sample_layout(&layout, h, &attr);
		assert_int_equal(fits, sample_decode(&sample, h, &attr) != SAMPLE_SHORT);
		if (fits && attr.sample_type & PERF_SAMPLE_CALLCHAIN)
			assert_int_equal(layout.words[__builtin_ctz(PERF_SAMPLE_CALLCHAIN)],
				sample.chain.count + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_bit_has_a_category),
		cmocka_unit_test(every_field_has_its_place_once),
		cmocka_unit_test(every_branch_bit_and_flag_has_a_category),
		cmocka_unit_test(every_record_with_a_name_has_a_category),
		cmocka_unit_test(every_feature_with_a_name_has_a_category),
		cmocka_unit_test(the_most_an_event_collects_is_named),
		cmocka_unit_test(names_are_read_back),
		cmocka_unit_test(layouts_agree_with_the_decoder),
	};

	return cmocka_run_group_tests_name("category", tests, NULL, NULL);
}
