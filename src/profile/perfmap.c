#include "profile/perfmap.h"

#include "base/number.h"

#include <string.h>

static bool read_number(const char **at, uint64_t *value)
{
	if ((*at)[0] == '0' && ((*at)[1] | 32) == 'x')
		*at += 2;
	return number_hex(at, value) && *(*at)++ == ' ';
}

bool perfmap_line(const char *line, struct match_symbol *symbol)
{
	*symbol = (struct match_symbol){ .rank = MATCH_GLOBAL };
	if (!read_number(&line, &symbol->start) || !read_number(&line, &symbol->size) || !*line)
		return false;
	symbol->name = line;
	return true;
}

uint32_t perfmap_sweep(struct lines *lines, struct match *match)
{
	struct match_symbol symbol;
	uint32_t count = 0;
	char *line;

	match->latest = true;
	while ((line = lines_next(lines))) {
		if (!perfmap_line(line, &symbol))
			continue;
		match_offer(match, &symbol);
		count++;
	}
	return count;
}
