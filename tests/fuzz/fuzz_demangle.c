#include "profile/demangle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The first byte says which flags and how much room; the text ends in NUL inside it, and room does
 * not change what is mangled at all. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char name[1 << 16], text[DEMANGLE_BYTES];
	size_t cap, length;

	if (size < 1 || size > sizeof(name))
		return 0;
	memcpy(name, bytes + 1, size - 1);
	name[size - 1] = 0;
	cap = bytes[0] & 4 ? sizeof(text) : 1 + (bytes[0] >> 3);
	length = demangle_as(text, cap, name, bytes[0] & 3);
	if (length >= cap || text[length])
		abort();
	return 0;
}
