#include "unit.h"

#include "data/abi.h"
#include "data/branch.h"
#include "data/registers.h"

#include <string.h>

static void filters(void **state)
{
	uint64_t f;
	const char *wrong;

	(void)state;
	assert_null(branch_filter_parse("any_call,u", &f));
	assert_int_equal(f, PERF_SAMPLE_BRANCH_ANY_CALL | PERF_SAMPLE_BRANCH_USER);
	assert_null(branch_filter_parse("k", &f));
	assert_int_equal(f, PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_KERNEL);
	wrong = branch_filter_parse("any,nonesuch,u", &f);
	assert_non_null(wrong);
	assert_memory_equal(wrong, "nonesuch", 8);
	assert_non_null(branch_filter_parse("an", &f));
}

/* Every word that help shows is one that is understood. */
static void shown_filters_are_known(void **state)
{
	char names[512], *save, *word;
	uint64_t f;

	(void)state;
	branch_filter_names(names, sizeof(names));
	for (word = strtok_r(names, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_null(branch_filter_parse(word, &f));
}

static void flags(void **state)
{
	char text[64];

	(void)state;
	branch_text(text, sizeof(text), 2 | 12 << 4 | 1 << 20);
	assert_string_equal(text, "P/-/-/12/COND/-");
	branch_text(text, sizeof(text), 1 | 4 | 8 | 0xffff << 4 | 15u << 20 | 2u << 24 | 1u << 26);
	assert_string_equal(text, "M/X/A/65535/FAULT_DATA/NON_SPEC_CORRECT_PATH");
	assert_string_equal(branch_type(14u << 20), "NO_TX");
	assert_string_equal(branch_type(UINT64_MAX), "");
}

static void registers(void **state)
{
	char names[512];
	uint64_t mask;

	(void)state;
	assert_null(registers_parse(&arch_x86_64, "ax,IP,xmm1", &mask));
	assert_int_equal(mask, 1 | 1 << 8 | 3ull << 34);
	assert_null(registers_parse(&arch_arm64, "x0,LR,vg", &mask));
	assert_int_equal(mask, 1 | 1ull << 30 | 1ull << 46);
	assert_non_null(registers_parse(&arch_x86_64, "ds", &mask)); /* no 64-bit kernel has it */
	assert_non_null(registers_parse(&arch_x86_64, "", &mask));
	registers_names(&arch_arm64, 1ull << 31 | 1ull << 32, names, sizeof(names));
	assert_string_equal(names, "sp pc ");
	registers_names(&arch_x86_64, UINT64_MAX, names, 9);
	assert_true(strlen(names) < 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters),
		cmocka_unit_test(shown_filters_are_known),
		cmocka_unit_test(flags),
		cmocka_unit_test(registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
