#include "access/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct policy policy = { 0 };
	enum policy_status status = policy_parse(&policy, bytes, size);

	if (status != POLICY_OK && (status != POLICY_MALFORMED || !policy.line))
		abort();
	if (!memchr(policy.max_category, 0, sizeof(policy.max_category)))
		abort();
	return 0;
}
