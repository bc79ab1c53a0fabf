#include "arch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as the code of a function, on either architecture, up to each of their ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct arch_frames *all[] = { arch_x86_64.frames, arch_arm64.frames };
	struct arch_prologue p;
	uint64_t target;

	for (int i = 0; i < 2; i++)
		for (size_t n = 0; n <= size && n < 256; n++) {
			all[i]->prologue(data, n, &p);
			all[i]->call(data + n - (n < ARCH_CALL_BYTES ? n : ARCH_CALL_BYTES),
				n < ARCH_CALL_BYTES ? n : ARCH_CALL_BYTES, 0x1000 + n, &target);
			all[i]->jump(data, n, 0x1000, n % 2 ? 0 : 0x1010);
			if (p.frame_bytes >= 1u << 30 && all[i]->prologue(data, n, &p))
				abort();
		}
	return 0;
}
