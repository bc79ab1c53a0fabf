#include "capture/sideband.h"

#include "data/record.h"

#include <errno.h>

int sideband_begin(struct sideband *sideband, struct arena *arena, struct rings *rings)
{
	uint64_t fields = rings->session->events->at[rings->sideband].attr.sample_type;

	/* behind the time stand the CPU, where it is told, and the id */
	*sideband = (struct sideband){ .rings = rings,
		.time_back = fields & PERF_SAMPLE_CPU ? 3 : 2,
		.at = arena_array(arena, uint64_t, rings->count / 2),
		.whole = arena_take(arena, 1, RECORD_MAX + 8) };
	return sideband->at && sideband->whole ? 0 : -ENOMEM;
}

/* Bytes of the next record of a ring, 0 behind the last; its time. */
static uint64_t next_of(const struct sideband *sideband, uint32_t index, uint64_t *time_ns)
{
	const struct ring *ring = &sideband->rings->at[index];
	uint64_t at = sideband->at[index / 2], size;

	if (!ring->page || at >= ring->head)
		return 0;
	size = ring_word(ring, at) >> 48;
	/* the kernel does not write such a record; never loop on one */
	if (size < 8 * (1 + sideband->time_back) || size > ring->head - at)
		return 0;
	*time_ns = ring_word(ring, at + size - 8 * sideband->time_back);
	return size;
}

static bool tell_earliest(struct sideband *sideband)
{
	uint64_t earliest_ns = UINT64_MAX, time_ns, size, bytes = 0;
	uint32_t index = 0;

	for (uint32_t i = 1; i < sideband->rings->count; i += 2) {
		size = next_of(sideband, i, &time_ns);
		if (!size || (bytes && time_ns >= earliest_ns))
			continue;
		earliest_ns = time_ns;
		bytes = size;
		index = i;
	}
	if (!bytes)
		return false;
	sideband->tell(ring_record(
		&sideband->rings->at[index], sideband->at[index / 2], bytes, sideband->whole));
	sideband->at[index / 2] += bytes;
	return true;
}

void sideband_round(struct sideband *sideband)
{
	for (uint32_t i = 1; i < sideband->rings->count; i += 2)
		sideband->at[i / 2] = sideband->rings->at[i].tail;
	while (sideband->tell && tell_earliest(sideband))
		;
}
