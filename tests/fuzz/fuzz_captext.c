#include "access/captext.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What parses must print, and the print must parse back to the same. */
static void caps(const char *text, unsigned last)
{
	char printed[CAPTEXT_BYTES];
	struct captext_error error;
	struct caps first, second;

	if (captext_parse(text, last, &first, &error)) {
		if (error.at < text || error.at > text + strlen(text))
			abort();
		return;
	}
	if (captext_print(printed, sizeof(printed), &first, last) >= sizeof(printed))
		abort();
	if (captext_parse(printed, last, &second, &error) || memcmp(&first, &second, sizeof(first)))
		abort();
}

static void iab(const char *text)
{
	char printed[CAPTEXT_BYTES];
	struct captext_error error;
	struct caps_iab first, second;

	if (captext_parse_iab(text, &first, &error))
		return;
	if (captext_print_iab(printed, sizeof(printed), &first, CAP_BITS - 1) >= sizeof(printed))
		abort();
	if (captext_parse_iab(printed, &second, &error) || memcmp(&first, &second, sizeof(first)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct captext_error error;
	uint64_t set;
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	memcpy(text, bytes + 1, size - 1);
	text[size - 1] = 0;
	caps(text, bytes[0] % CAP_BITS);
	iab(text);
	captext_parse_list(text, bytes[0] % CAP_BITS, &set, &error);
	free(text);
	return 0;
}
