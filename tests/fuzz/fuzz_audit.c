#include "access/audit.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct audit audit;
	const char *at = (const char *)data, *end = at + size;

	memset(&audit, 0, sizeof(audit));
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		audit_line(&audit, at, length);
		at += length + 1;
	}
	audit_end(&audit);
	return 0;
}
