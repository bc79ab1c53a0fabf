#include "capture/budget.h"

#include "unit.h"

#include <errno.h>

static struct budget plan(uint64_t limit_kb, bool unlimited, uint32_t asked_pages)
{
	struct budget budget = {
		.page_bytes = 4096, .cpus = 2, .limit_kb = limit_kb, .unlimited = unlimited
	};

	budget_plan(&budget, asked_pages);
	return budget;
}

/* Whatever the limit, what is planned unasked is allowed: data pages plus a control page each. */
static void the_default_fits_the_limit(void **state)
{
	(void)state;
	for (uint64_t kb = 16; kb < 20000; kb += 4) {
		struct budget budget = plan(kb, false, 0);

		assert_true(budget_total_kb(&budget) <= budget_limit_kb(&budget));
		assert_true(budget.sample_pages * 4 >= budget.sideband_pages);
	}
}

static void the_kernels_default_gives_half_to_samples(void **state)
{
	struct budget budget = plan(516, false, 0);

	(void)state;
	assert_int_equal(budget.sample_pages, 64);
	assert_int_equal(budget.sideband_pages, 32);
	assert_int_equal(budget_total_kb(&budget), 2 * (65 + 33) * 4);
	assert_int_equal(budget_limit_kb(&budget), 1032);
}

static void without_a_limit_samples_get_all_of_it(void **state)
{
	(void)state;
	assert_int_equal(plan(516, true, 0).sample_pages, 128);
	assert_int_equal(plan(516, true, 0).sideband_pages, 32);
}

static void asked_is_asked(void **state)
{
	(void)state;
	assert_int_equal(plan(516, false, 512).sample_pages, 512);
	assert_int_equal(plan(516, false, 512).sideband_pages, 1);
	assert_int_equal(plan(516, false, 1).sample_pages, 1);
}

static void halving_ends(void **state)
{
	struct budget budget = plan(516, false, 0);
	uint64_t last = budget_total_kb(&budget);
	int steps = 0;

	(void)state;
	while (budget_halve(&budget)) {
		assert_true(budget_total_kb(&budget) < last);
		last = budget_total_kb(&budget);
		steps++;
	}
	assert_int_equal(budget.sample_pages, 1);
	assert_int_equal(budget.sideband_pages, 1);
	assert_int_equal(steps, 6 + 5);
}

static void pages_are_numbers_or_sizes(void **state)
{
	static const struct {
		const char *text;
		uint32_t pages;
		int error;
	} cases[] = { { "1", 1, 0 }, { "3", 4, 0 }, { "128", 128, 0 }, { "512K", 128, 0 },
		{ "1M", 256, 0 }, { "4097B", 2, 0 }, { "0", 0, -EINVAL }, { "", 0, -EINVAL },
		{ "x", 0, -EINVAL }, { "1G", 262144, 0 }, { "99G", 0, -EINVAL } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t pages = 0;

		assert_int_equal(budget_parse_pages(cases[i].text, 4096, &pages), cases[i].error);
		assert_int_equal(pages, cases[i].pages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_fits_the_limit),
		cmocka_unit_test(the_kernels_default_gives_half_to_samples),
		cmocka_unit_test(without_a_limit_samples_get_all_of_it),
		cmocka_unit_test(asked_is_asked),
		cmocka_unit_test(halving_ends),
		cmocka_unit_test(pages_are_numbers_or_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
