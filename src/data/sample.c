#include "data/sample.h"

/* A record's body as words; past the end everything is zero and `bad` stays set. */
struct words {
	const uint64_t *at, *end;
	bool bad;
};

static const uint64_t *take(struct words *w, uint64_t count)
{
	const uint64_t *at = w->at;

	if (w->bad || count > (uint64_t)(w->end - w->at)) {
		w->bad = true;
		return NULL;
	}
	w->at += count;
	return at;
}

static uint64_t word(struct words *w)
{
	const uint64_t *at = take(w, 1);

	return at ? *at : 0;
}

static struct sample_words array(struct words *w)
{
	uint64_t count = word(w);
	const uint64_t *at = take(w, count);

	return (struct sample_words){ at, at ? count : 0 };
}

static void split(uint64_t v, uint32_t *low, uint32_t *high)
{
	*low = (uint32_t)v;
	*high = (uint32_t)(v >> 32);
}

static uint32_t bits_set(uint64_t mask)
{
	uint32_t n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static uint32_t value_words(uint64_t format)
{
	return 1 + !!(format & PERF_FORMAT_ID) + !!(format & PERF_FORMAT_LOST);
}

static struct sample_read read_counts(struct words *w, uint64_t format)
{
	struct sample_read r = { .format = format, .count = 1 };

	if (format & PERF_FORMAT_GROUP)
		r.count = word(w);
	else
		r.at = take(w, 1);
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		r.enabled_ns = word(w);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		r.running_ns = word(w);
	if (!(format & PERF_FORMAT_GROUP))
		take(w, value_words(format) - 1);
	else if (r.count <= (uint64_t)(w->end - w->at))
		r.at = take(w, r.count * value_words(format));
	else
		w->bad = true;
	return r;
}

struct sample_value sample_value_at(const struct sample_read *read, uint64_t index)
{
	bool group = read->format & PERF_FORMAT_GROUP;
	const uint64_t *at = read->at + (group ? index * value_words(read->format) : 0);
	struct sample_value v = { .value = *at++ };

	if (!group)
		at += bits_set(read->format &
			       (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING));
	if (read->format & PERF_FORMAT_ID)
		v.id = *at++;
	if (read->format & PERF_FORMAT_LOST)
		v.lost = *at;
	return v;
}

/* A u32 size, then the bytes; both together fill whole words. */
static struct sample_bytes raw_bytes(struct words *w)
{
	const uint64_t *at = w->at;
	uint64_t size = word(w) & UINT32_MAX;

	take(w, (size + 4 + 7) / 8 - 1);
	return w->bad ? (struct sample_bytes){ 0 }
		      : (struct sample_bytes){ (const char *)at + 4, size };
}

static struct sample_branches branch_stack(struct words *w, uint64_t branch_type)
{
	struct sample_branches b = { .count = word(w) };
	uint64_t limit = (uint64_t)(w->end - w->at);

	if (branch_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		b.hw_index = word(w);
	if (b.count > limit)
		w->bad = true;
	b.at = (const struct sample_branch *)take(w, b.count * 3);
	if (branch_type & PERF_SAMPLE_BRANCH_COUNTERS)
		b.counters = take(w, b.count);
	if (w->bad)
		b.count = 0;
	return b;
}

static struct sample_regs registers(struct words *w, uint64_t mask)
{
	struct sample_regs r = { .abi = word(w) };

	if (r.abi == PERF_SAMPLE_REGS_ABI_NONE)
		return r;
	r.mask = mask;
	r.count = bits_set(mask);
	r.at = take(w, r.count);
	return r;
}

static struct sample_bytes stack(struct words *w)
{
	uint64_t size = word(w), copied;
	const uint64_t *at;

	if (!size)
		return (struct sample_bytes){ 0 };
	at = take(w, size / 8);
	copied = word(w);
	return (struct sample_bytes){ at, !at ? 0 : copied < size / 8 * 8 ? copied : size / 8 * 8 };
}

static void weights(struct words *w, struct sample *s)
{
	uint64_t v = word(w);

	s->weight = v;
	if (!(s->type & PERF_SAMPLE_WEIGHT_STRUCT))
		return;
	s->weight = (uint32_t)v;
	s->weight_2 = (uint16_t)(v >> 32);
	s->weight_3 = (uint16_t)(v >> 48);
}

static struct sample_bytes aux_bytes(struct words *w)
{
	uint64_t size = word(w);
	const uint64_t *at = take(w, size / 8 + !!(size % 8));

	return (struct sample_bytes){ at, at ? size : 0 };
}

static void identity(struct words *w, struct sample *s)
{
	uint64_t type = s->type;
	uint32_t reserved;

	if (type & PERF_SAMPLE_IDENTIFIER)
		s->id = word(w);
	if (type & PERF_SAMPLE_IP)
		s->ip = word(w);
	if (type & PERF_SAMPLE_TID)
		split(word(w), &s->pid, &s->tid);
	if (type & PERF_SAMPLE_TIME)
		s->time_ns = word(w);
	if (type & PERF_SAMPLE_ADDR)
		s->addr = word(w);
	if (type & PERF_SAMPLE_ID)
		s->id = word(w);
	if (type & PERF_SAMPLE_STREAM_ID)
		s->stream_id = word(w);
	if (type & PERF_SAMPLE_CPU)
		split(word(w), &s->cpu, &reserved);
	if (type & PERF_SAMPLE_PERIOD)
		s->period = word(w);
}

static void arrays(struct words *w, struct sample *s, const struct perf_event_attr *attr)
{
	if (s->type & PERF_SAMPLE_READ)
		s->read = read_counts(w, attr->read_format);
	s->chain_place = w->at;
	if (s->type & PERF_SAMPLE_CALLCHAIN)
		s->chain = array(w);
	if (s->type & PERF_SAMPLE_RAW)
		s->raw = raw_bytes(w);
	if (s->type & PERF_SAMPLE_BRANCH_STACK)
		s->branches = branch_stack(w, attr->branch_sample_type);
	s->user_part.at = w->at;
	if (s->type & PERF_SAMPLE_REGS_USER)
		s->user_regs = registers(w, attr->sample_regs_user);
	if (s->type & PERF_SAMPLE_STACK_USER)
		s->user_stack = stack(w);
	s->user_part.count = (uint64_t)(w->at - s->user_part.at);
}

static void memory(struct words *w, struct sample *s, const struct perf_event_attr *attr)
{
	if (s->type & (PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT))
		weights(w, s);
	if (s->type & PERF_SAMPLE_DATA_SRC)
		s->data_src = word(w);
	if (s->type & PERF_SAMPLE_TRANSACTION)
		s->transaction = word(w);
	if (s->type & PERF_SAMPLE_REGS_INTR)
		s->intr_regs = registers(w, attr->sample_regs_intr);
	if (s->type & PERF_SAMPLE_PHYS_ADDR)
		s->phys_addr = word(w);
	if (s->type & PERF_SAMPLE_CGROUP)
		s->cgroup = word(w);
	if (s->type & PERF_SAMPLE_DATA_PAGE_SIZE)
		s->data_page_size = word(w);
	if (s->type & PERF_SAMPLE_CODE_PAGE_SIZE)
		s->code_page_size = word(w);
	if (s->type & PERF_SAMPLE_AUX)
		s->aux = aux_bytes(w);
}

/* What most samples have at the most. */
#define ARRAYS                                                                                     \
	(PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW | PERF_SAMPLE_BRANCH_STACK |   \
		PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)
#define IDENTITY                                                                                   \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
		PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |      \
		PERF_SAMPLE_PERIOD)

enum sample_status sample_decode(struct sample *sample, const struct perf_event_header *record,
	const struct perf_event_attr *attr)
{
	const uint64_t *body = (const uint64_t *)(const void *)(record + 1);
	size_t size = record->size < sizeof(*record) ? 0 : record->size - sizeof(*record);
	struct words w = { .at = body, .end = body + size / 8 };

	*sample = (struct sample){
		.type = attr->sample_type & (PERF_SAMPLE_MAX - 1),
		.misc = record->misc,
		.cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK,
		.cpu = SAMPLE_NO_CPU,
		.period = attr->sample_period,
	};
	identity(&w, sample);
	arrays(&w, sample, attr);
	if (sample->type & ~(uint64_t)(IDENTITY | ARRAYS))
		memory(&w, sample, attr);
	if (w.bad)
		return SAMPLE_SHORT;
	if (attr->sample_type >= PERF_SAMPLE_MAX ||
		sample->user_regs.abi >= PERF_SAMPLE_REGS_ABI_MAX ||
		sample->intr_regs.abi >= PERF_SAMPLE_REGS_ABI_MAX)
		return SAMPLE_FUTURE;
	return SAMPLE_OK;
}

int sample_id_place(uint64_t sample_type)
{
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		return 0;
	if (!(sample_type & PERF_SAMPLE_ID))
		return -1;
	return (int)bits_set(sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
						   PERF_SAMPLE_ADDR));
}

int sample_id_place_from_end(uint64_t sample_type)
{
	if (sample_type & PERF_SAMPLE_IDENTIFIER)
		return 1;
	if (!(sample_type & PERF_SAMPLE_ID))
		return -1;
	return 1 + (int)bits_set(sample_type & (PERF_SAMPLE_CPU | PERF_SAMPLE_STREAM_ID));
}
