#include "data/registers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One register may have several bits: those up to the next name that is in the same set. */
static uint64_t bits_of(const struct arch *arch, unsigned reg)
{
	uint64_t set = arch->extended_regs >> reg & 1 ? arch->extended_regs : arch->user_regs;
	uint64_t bits = 0;

	if (!(set >> reg & 1))
		return 0;
	do
		bits |= 1ull << reg++;
	while (reg < arch->reg_count && !arch->regs[reg] && set >> reg & 1);
	return bits;
}

const char *registers_parse(const struct arch *arch, const char *text, uint64_t *mask)
{
	*mask = 0;
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, ",");
		uint64_t bits = 0;

		for (unsigned r = 0; r < arch->reg_count && !bits; r++)
			if (arch->regs[r] && strlen(arch->regs[r]) == size &&
				!strncasecmp(arch->regs[r], at, size))
				bits = bits_of(arch, r);
		if (!bits)
			return at;
		*mask |= bits;
		at += size + (at[size] == ',');
	}
	return *mask ? NULL : text;
}

void registers_names(const struct arch *arch, uint64_t mask, char *to, size_t cap)
{
	size_t at = 0;

	*to = 0;
	for (unsigned r = 0; r < arch->reg_count && at < cap; r++)
		if (arch->regs[r] && mask >> r & 1)
			at += (size_t)snprintf(to + at, cap - at, "%s ", arch->regs[r]);
}
