#include "profile/kallsyms.h"

#include "base/number.h"

#include <string.h>

bool kallsyms_line(char *line, struct kallsym *symbol)
{
	const char *at = line;
	char *tab;

	if (!number_hex(&at, &symbol->address) || at[0] != ' ' || !at[1] || at[2] != ' ' || !at[3])
		return false;
	symbol->type = at[1];
	symbol->name = at + 3;
	symbol->module = NULL;
	tab = strchr(symbol->name, '\t');
	if (tab) {
		*tab = 0;
		symbol->module = tab + 1;
	}
	return true;
}

bool kallsyms_module_line(char *line, const char **name, uint64_t *address)
{
	const char *hex = strstr(line, " 0x");
	char *space = strchr(line, ' ');

	if (!hex || space == line)
		return false;
	hex += 3;
	*space = 0;
	*name = line;
	return number_hex(&hex, address);
}

static bool is_module(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Symbols of one module stand together: most often it is the match of the line before. */
static const struct kallsyms_want *find_want(const struct kallsyms_want *wants, uint32_t count,
	const struct kallsyms_want *last, const char *module)
{
	if (last && is_module(last->module, module))
		return last;
	for (uint32_t i = 0; i < count; i++)
		if (is_module(wants[i].module, module))
			return wants + i;
	return NULL;
}

static void offer(const struct kallsyms_want *want, const struct kallsym *symbol)
{
	bool global = !(symbol->type & 32);
	struct match_symbol offered = {
		.start = symbol->address,
		.name = symbol->name,
		.rank = symbol->type == 'W' ? MATCH_WEAK
			: global	    ? MATCH_GLOBAL
					    : MATCH_LOCAL,
	};

	if (strchr("TWDB", symbol->type & ~32) && symbol->name[0] != '$')
		match_offer(want->match, &offered);
}

struct kallsyms_sum kallsyms_sweep(
	struct lines *lines, const struct kallsyms_want *wants, uint32_t want_count)
{
	struct kallsyms_sum sum = { .hidden = true };
	const struct kallsyms_want *want = NULL;
	struct kallsym symbol;
	char *line;

	while ((line = lines_next(lines))) {
		if (!kallsyms_line(line, &symbol))
			continue;
		sum.symbols++;
		if (symbol.address)
			sum.hidden = false;
		want = find_want(wants, want_count, want, symbol.module);
		if (want && symbol.address)
			offer(want, &symbol);
	}
	sum.hidden = sum.hidden && sum.symbols;
	return sum;
}

uint64_t kallsyms_find(struct lines *lines, const char *name)
{
	struct kallsym symbol;
	char *line;

	while ((line = lines_next(lines)))
		if (kallsyms_line(line, &symbol) && !symbol.module && !strcmp(symbol.name, name))
			return symbol.address;
	return 0;
}
