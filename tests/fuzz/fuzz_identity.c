#include "access/identity.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);
	struct identity who;

	memcpy(text, bytes, size);
	text[size] = 0;
	if (!identity_parse(text, &who) && !who.known)
		abort();
	if (strlen(who.name) >= sizeof(who.name))
		abort();
	free(text);
	return 0;
}
