#include "data/sample_field.h"

#include <stddef.h>

const char *const sample_field_names[SAMPLE_FIELDS + 1] = { "IP", "TID", "TIME", "ADDR", "READ",
	"CALLCHAIN", "ID", "CPU", "PERIOD", "STREAM_ID", "RAW", "BRANCH_STACK", "REGS_USER",
	"STACK_USER", "WEIGHT", "DATA_SRC", "IDENTIFIER", "TRANSACTION", "REGS_INTR", "PHYS_ADDR",
	"AUX", "CGROUP", "DATA_PAGE_SIZE", "CODE_PAGE_SIZE", "WEIGHT_STRUCT", NULL };

#define BIT(mask) __builtin_ctz(mask)

const uint8_t sample_field_order[SAMPLE_FIELDS] = {
	BIT(PERF_SAMPLE_IDENTIFIER),
	BIT(PERF_SAMPLE_IP),
	BIT(PERF_SAMPLE_TID),
	BIT(PERF_SAMPLE_TIME),
	BIT(PERF_SAMPLE_ADDR),
	BIT(PERF_SAMPLE_ID),
	BIT(PERF_SAMPLE_STREAM_ID),
	BIT(PERF_SAMPLE_CPU),
	BIT(PERF_SAMPLE_PERIOD),
	BIT(PERF_SAMPLE_READ),
	BIT(PERF_SAMPLE_CALLCHAIN),
	BIT(PERF_SAMPLE_RAW),
	BIT(PERF_SAMPLE_BRANCH_STACK),
	BIT(PERF_SAMPLE_REGS_USER),
	BIT(PERF_SAMPLE_STACK_USER),
	BIT(PERF_SAMPLE_WEIGHT),
	BIT(PERF_SAMPLE_WEIGHT_STRUCT),
	BIT(PERF_SAMPLE_DATA_SRC),
	BIT(PERF_SAMPLE_TRANSACTION),
	BIT(PERF_SAMPLE_REGS_INTR),
	BIT(PERF_SAMPLE_PHYS_ADDR),
	BIT(PERF_SAMPLE_CGROUP),
	BIT(PERF_SAMPLE_DATA_PAGE_SIZE),
	BIT(PERF_SAMPLE_CODE_PAGE_SIZE),
	BIT(PERF_SAMPLE_AUX),
};

#define TOO_LONG UINT32_MAX

/* The other fields are one word each. */
#define VARYING                                                                                    \
	(PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW | PERF_SAMPLE_BRANCH_STACK |   \
		PERF_SAMPLE_REGS_USER | PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_STACK_USER |           \
		PERF_SAMPLE_AUX | PERF_SAMPLE_WEIGHT_STRUCT)

static uint64_t set_bits(uint64_t mask)
{
	uint64_t n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

/* `count` entries of `each` words behind `before` words, in at most 64 KiB. */
static uint64_t entries(uint64_t before, uint64_t count, uint64_t each)
{
	return count > UINT16_MAX ? TOO_LONG : before + count * each;
}

static uint64_t read_words(uint64_t first, uint64_t format)
{
	uint64_t times = set_bits(
		format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING));
	uint64_t each = 1 + set_bits(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST));

	return format & PERF_FORMAT_GROUP ? entries(1 + times, first, each) : times + each;
}

static uint64_t branch_words(uint64_t first, uint64_t type)
{
	return entries(1 + !!(type & PERF_SAMPLE_BRANCH_HW_INDEX), first,
		3 + !!(type & PERF_SAMPLE_BRANCH_COUNTERS));
}

/* `first` is the field's first word. */
static uint64_t field_words(unsigned bit, uint64_t first, const struct perf_event_attr *attr)
{
	switch (1u << bit) {
	case PERF_SAMPLE_READ:
		return read_words(first, attr->read_format);
	case PERF_SAMPLE_CALLCHAIN:
		return entries(1, first, 1);
	case PERF_SAMPLE_RAW:
		return ((first & UINT32_MAX) + 4 + 7) / 8;
	case PERF_SAMPLE_BRANCH_STACK:
		return branch_words(first, attr->branch_sample_type);
	case PERF_SAMPLE_REGS_USER:
		return 1 + (first ? set_bits(attr->sample_regs_user) : 0);
	case PERF_SAMPLE_REGS_INTR:
		return 1 + (first ? set_bits(attr->sample_regs_intr) : 0);
	case PERF_SAMPLE_STACK_USER:
		return first ? entries(2, first / 8, 1) : 1;
	case PERF_SAMPLE_AUX:
		return entries(1, first / 8 + !!(first % 8), 1);
	case PERF_SAMPLE_WEIGHT_STRUCT: /* the same word as WEIGHT */
		return !(attr->sample_type & PERF_SAMPLE_WEIGHT);
	}
	return 1;
}

static void begin(struct sample_layout *layout, uint64_t type)
{
	*layout = (struct sample_layout){ .type = type };
	for (int i = 0; i < SAMPLE_FIELDS; i++)
		if (type >> sample_field_order[i] & 1)
			layout->order[layout->count++] = sample_field_order[i];
}

bool sample_layout(struct sample_layout *layout, const struct perf_event_header *record,
	const struct perf_event_attr *attr)
{
	const uint64_t *at = (const uint64_t *)(const void *)(record + 1);
	uint64_t left = record->size < sizeof(*record) ? 0 : record->size / 8 - 1;

	if (layout->type != (attr->sample_type & (PERF_SAMPLE_MAX - 1)))
		begin(layout, attr->sample_type & (PERF_SAMPLE_MAX - 1));
	for (int i = 0; i < layout->count; i++) {
		unsigned bit = layout->order[i];
		uint64_t words = 1;

		if (VARYING >> bit & 1)
			words = field_words(bit, left ? *at : 0, attr);
		if (words > left)
			return false;
		layout->words[bit] = (uint16_t)words;
		at += words;
		left -= words;
	}
	layout->rest = (uint16_t)left;
	return true;
}
