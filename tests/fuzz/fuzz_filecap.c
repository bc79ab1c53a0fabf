#include "access/filecap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What is accepted comes back the same, but that versions 1, and 3 without a root, become 2. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t again[FILECAP_BYTES_MAX];
	struct filecap first, second;
	struct caps caps;

	if (filecap_decode(bytes, size, &first))
		return 0;
	if (filecap_decode(again, filecap_encode(&first, again), &second))
		abort();
	if (first.permitted != second.permitted || first.inheritable != second.inheritable ||
		first.rootid != second.rootid || first.effective != second.effective)
		abort();
	filecap_to_caps(&first, &caps);
	if (filecap_from_caps(&caps, &second))
		abort();
	return 0;
}
