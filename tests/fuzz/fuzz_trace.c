#include "view/trace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* As SPE packets, which must be all the bytes, and as both kinds of IBS registers. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span s = span_of(bytes, size);
	struct spe_packet p;
	static struct out out;
	size_t sum = 0;

	while (spe_next(&s, sum, &p))
		sum += p.size;
	if (sum != size)
		abort();
	out_begin(&out, -1);
	if (trace_spe(&out, span_of(bytes, size), 0, false) != size)
		abort();
	trace_spe(&out, span_of(bytes, size), 5, true);
	trace_ibs(&out, IBS_FETCH, span_of(bytes, size));
	trace_ibs(&out, IBS_OP, span_of(bytes, size));
	return 0;
}
