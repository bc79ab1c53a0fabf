#include "data/record.h"
#include "data/sample.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t sum;

static void touch(const void *at, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		sum += ((const uint8_t *)at)[i];
}

static void touch_sample(const struct sample *s)
{
	touch(s->chain.at, s->chain.count * 8);
	touch(s->raw.at, s->raw.size);
	touch(s->branches.at, s->branches.count * sizeof(*s->branches.at));
	touch(s->branches.counters, s->branches.counters ? s->branches.count * 8 : 0);
	touch(s->user_regs.at, s->user_regs.count * 8u);
	touch(s->intr_regs.at, s->intr_regs.count * 8u);
	touch(s->user_stack.at, s->user_stack.size);
	touch(s->aux.at, s->aux.size);
	for (uint64_t i = 0; s->read.at && i < s->read.count; i++)
		sum += sample_value_at(&s->read, i).value;
}

/* What was decoded and can be encoded must decode to the same again. */
static void again(const struct record *record, const struct perf_event_attr *attr)
{
	_Alignas(8) static char bytes[RECORD_MAX];
	struct perf_event_header *h = (void *)bytes;
	struct record other;
	size_t size = record_encode(bytes, sizeof(bytes), record, attr);

	if (size && (h->size != size || record_decode(&other, h, attr) != RECORD_OK ||
			    other.id.time_ns != record->id.time_ns))
		abort();
}

/* An attr's words, then a record. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct perf_event_attr attr = { 0 };
	struct perf_event_header *h;
	struct record record;
	struct sample sample;

	if (size < 48 + sizeof(*h) || size > 48 + UINT16_MAX)
		return 0;
	memcpy(&attr.sample_type, bytes, 8);
	memcpy(&attr.read_format, bytes + 8, 8);
	memcpy(&attr.flags, bytes + 16, 8);
	memcpy(&attr.branch_sample_type, bytes + 24, 8);
	memcpy(&attr.sample_regs_user, bytes + 32, 8);
	memcpy(&attr.sample_regs_intr, bytes + 40, 8);
	h = malloc(size - 48);
	memcpy(h, bytes + 48, size - 48);
	h->size = (uint16_t)(size - 48);
	if (sample_decode(&sample, h, &attr) != SAMPLE_SHORT)
		touch_sample(&sample);
	if (record_decode(&record, h, &attr) == RECORD_OK)
		again(&record, &attr);
	free(h);
	return 0;
}
