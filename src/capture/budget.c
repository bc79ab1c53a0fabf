#include "capture/budget.h"

#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define SIDEBAND_KB 128
#define LEAST_LIMIT_KB                                                                             \
	12 /* one data page and one control page, twice, is what we cannot go below */
#define MOST_PAGES (1u << 20)

static uint32_t power_of_two_below(uint64_t value)
{
	uint32_t power = 1;

	while (power * 2ull <= value && power < MOST_PAGES)
		power *= 2;
	return power;
}

void budget_plan(struct budget *budget, uint32_t asked_pages)
{
	uint64_t kb = budget->limit_kb > LEAST_LIMIT_KB ? budget->limit_kb : LEAST_LIMIT_KB;
	uint64_t pages = kb * 1024 / budget->page_bytes;
	uint64_t left;

	/* half of the allowance or more goes to samples, with room for the side-band beside it */
	budget->sample_pages = asked_pages ? asked_pages : power_of_two_below(pages - 1);
	if (!asked_pages && !budget->unlimited && budget->sample_pages > 1)
		budget->sample_pages /= 2;
	left = pages > budget->sample_pages + 2ull ? pages - budget->sample_pages - 2 : 1;
	budget->sideband_pages = power_of_two_below(budget->unlimited ? pages : left);
	while (budget->sideband_pages > 1 &&
		budget->sideband_pages * budget->page_bytes > SIDEBAND_KB * 1024)
		budget->sideband_pages /= 2;
}

bool budget_halve(struct budget *budget)
{
	if (budget->sample_pages > budget->sideband_pages)
		budget->sample_pages /= 2;
	else if (budget->sideband_pages > 1)
		budget->sideband_pages /= 2;
	else if (budget->sample_pages > 1)
		budget->sample_pages /= 2;
	else
		return false;
	return true;
}

uint64_t budget_total_kb(const struct budget *budget)
{
	uint64_t pages = budget->sample_pages + budget->sideband_pages + 2ull;

	return pages * budget->page_bytes / 1024 * budget->cpus;
}

uint64_t budget_limit_kb(const struct budget *budget)
{
	return budget->limit_kb * budget->cpus;
}

int budget_parse_pages(const char *text, uint32_t page_bytes, uint32_t *pages)
{
	size_t length = strlen(text);
	bool is_size = length && isalpha((unsigned char)text[length - 1]);
	uint64_t wanted;

	if (number_bytes(text, &wanted))
		return -EINVAL;
	if (is_size)
		wanted = (wanted + page_bytes - 1) / page_bytes;
	if (!wanted || wanted > MOST_PAGES)
		return -EINVAL;
	*pages = power_of_two_below(wanted);
	if (*pages < wanted)
		*pages *= 2;
	return 0;
}
