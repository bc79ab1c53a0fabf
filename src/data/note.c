#include "data/note.h"

#include <string.h>

#define NT_GNU_BUILD_ID 3

size_t note_build_id(struct span notes, uint8_t to[NOTE_BUILD_ID_MAX])
{
	while (!notes.bad && span_left(&notes) >= 12) {
		uint32_t name_bytes = span_u32(&notes);
		uint32_t bytes = span_u32(&notes);
		uint32_t type = span_u32(&notes);
		const void *name = span_take(&notes, ((uint64_t)name_bytes + 3) & ~3ull);
		const void *value = span_take(&notes, bytes);

		if (type == NT_GNU_BUILD_ID && name_bytes == 4 && name && value && bytes &&
			!memcmp(name, "GNU", 4)) {
			bytes = bytes < NOTE_BUILD_ID_MAX ? bytes : NOTE_BUILD_ID_MAX;
			memcpy(to, value, bytes);
			return bytes;
		}
		span_take(&notes, (0 - bytes) & 3);
	}
	return 0;
}
