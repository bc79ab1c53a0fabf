#include "capture/procmaps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *line = malloc(size + 1);
	struct procmap map;

	memcpy(line, bytes, size);
	line[size] = 0;
	if (procmap_parse(&map, line) && map.start >= map.end)
		abort();
	free(line);
	return 0;
}
