#include "access/facts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A sysctl, a release, uname's version with a signature, a lockdown file: all of the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts facts;
	char text[512];

	size = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = 0;
	facts_sysctl(text, INT_MIN, INT_MAX);
	facts_kernel(text);
	facts_lockdown(text);
	memset(&facts, 0, sizeof(facts));
	snprintf(facts.release, sizeof(facts.release), "%s", text);
	snprintf(facts.version, sizeof(facts.version), "%s", text);
	facts_maker(&facts, text);
	return 0;
}
