#include "capture/procmaps.h"

#include <stddef.h>
#include <sys/mman.h>

/* Reads a number of `base` 10 or 16 and the byte `ends` behind it; false where it is not there. */
static bool number(const char **at, unsigned base, char ends, uint64_t *value)
{
	const char *start = *at;

	for (*value = 0;; ++*at) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
							: 99;

		if (digit >= base)
			break;
		*value = *value * base + digit;
	}
	if (*at == start || **at != ends)
		return false;
	++*at;
	return true;
}

static bool permissions(const char **at, struct procmap *map)
{
	static const struct {
		char letter;
		uint32_t bit;
	} letters[] = { { 'r', PROT_READ }, { 'w', PROT_WRITE }, { 'x', PROT_EXEC } };

	map->protection = 0;
	for (size_t i = 0; i < 3; i++, ++*at)
		if (**at == letters[i].letter)
			map->protection |= letters[i].bit;
		else if (**at != '-')
			return false;
	if (**at != 's' && **at != 'p')
		return false;
	map->flags = *(*at)++ == 's' ? MAP_SHARED : MAP_PRIVATE;
	return *(*at)++ == ' ';
}

bool procmap_parse(struct procmap *map, const char *line)
{
	uint64_t major, minor;

	if (!number(&line, 16, '-', &map->start) || !number(&line, 16, ' ', &map->end) ||
		!permissions(&line, map) || !number(&line, 16, ' ', &map->page_offset) ||
		!number(&line, 16, ':', &major) || !number(&line, 16, ' ', &minor) ||
		!number(&line, 10, ' ', &map->inode))
		return false;
	map->major = (uint32_t)major;
	map->minor = (uint32_t)minor;
	while (*line == ' ')
		line++;
	map->path = line;
	return map->end > map->start;
}
