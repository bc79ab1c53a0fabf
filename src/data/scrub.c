#include "data/scrub.h"

#include "data/attr.h"

#include <string.h>

#define KERNEL_RECORDS_END 64
#define BIT(n) (1ull << (n))
#define TRACES                                                                                     \
	(BIT(HEADER_AUXTRACE) | BIT(HEADER_COMPRESSED) | BIT(HEADER_DIR_FORMAT) |                  \
		BIT(HEADER_EVENT_DESC))
#define NAMING                                                                                     \
	(BIT(HEADER_TRACING_DATA) | BIT(HEADER_CLOCK_DATA) | BIT(HEADER_BPF_PROG_INFO) |           \
		BIT(HEADER_BPF_BTF))
#define PLACES (BIT(HEADER_BUILD_ID) | BIT(HEADER_BPF_PROG_INFO) | BIT(HEADER_BPF_BTF))

/* Records of the file's own making, written anew or of no use in the output. */
static const uint8_t never[] = { PERF_RECORD_AUX, PERF_RECORD_AUX_OUTPUT_HW_ID,
	PERF_RECORD_ITRACE_START, PERF_RECORD_HEADER_ATTR, PERF_RECORD_HEADER_EVENT_TYPE,
	PERF_RECORD_HEADER_TRACING_DATA, PERF_RECORD_HEADER_FEATURE, PERF_RECORD_AUXTRACE_INFO,
	PERF_RECORD_AUXTRACE, PERF_RECORD_AUXTRACE_ERROR, PERF_RECORD_COMPRESSED,
	PERF_RECORD_COMPRESSED2, 0 };

/* Records that name what nothing here renames. */
static const uint8_t naming[] = { PERF_RECORD_NAMESPACES, PERF_RECORD_BPF_EVENT,
	PERF_RECORD_TEXT_POKE, PERF_RECORD_ID_INDEX, PERF_RECORD_THREAD_MAP, PERF_RECORD_TIME_CONV,
	PERF_RECORD_BPF_METADATA, 0 };

/* Records that tell where code lay. */
static const uint8_t mapping[] = { PERF_RECORD_MMAP, PERF_RECORD_MMAP2, PERF_RECORD_KSYMBOL,
	PERF_RECORD_BPF_EVENT, PERF_RECORD_TEXT_POKE, PERF_RECORD_HEADER_BUILD_ID, 0 };

static void drop_records(struct scrub *scrub, const uint8_t *types)
{
	while (*types)
		scrub->record[*types++] = true;
}

void scrub_begin(struct scrub *scrub, enum category most, bool anonymize, bool symbolize)
{
	if ((anonymize || symbolize) && most > CATEGORY_CODE)
		most = CATEGORY_CODE;
	scrub->most = most;
	scrub->anonymize = anonymize;
	scrub->symbolize = symbolize;
	scrub->sections = TRACES | (anonymize ? NAMING : 0) | (symbolize ? PLACES : 0);
	for (unsigned i = 0; i < SAMPLE_FIELDS; i++)
		scrub->fields |= category_of_sample(i) > most ? BIT(i) : 0;
	for (unsigned i = 0; i < 64; i++)
		scrub->sections |= category_of_feature(i) > most ? BIT(i) : 0;
	for (uint32_t i = 0; i < RECORD_TYPES; i++)
		scrub->record[i] = category_of_record(i) > most || !record_name(i);
	drop_records(scrub, never);
	if (anonymize)
		drop_records(scrub, naming);
	if (symbolize)
		drop_records(scrub, mapping);
}

static bool dropped(const struct scrub *s, uint64_t fields)
{
	return s->fields & fields;
}

struct perf_event_attr scrub_attr(const struct scrub *scrub, const struct perf_event_attr *attr)
{
	struct perf_event_attr a = *attr;

	a.sample_type &= (PERF_SAMPLE_MAX - 1) & ~scrub->fields;
	if (dropped(scrub, PERF_SAMPLE_BRANCH_STACK))
		a.branch_sample_type = 0;
	if (dropped(scrub, PERF_SAMPLE_REGS_USER))
		a.sample_regs_user = 0;
	if (dropped(scrub, PERF_SAMPLE_REGS_INTR))
		a.sample_regs_intr = 0;
	if (dropped(scrub, PERF_SAMPLE_STACK_USER))
		a.sample_stack_user = 0;
	for (unsigned bit = 0; bit < 64; bit++)
		if (category_of_flag(bit) > scrub->most &&
			(category_of_flag(bit) != CATEGORY_UNKNOWN || scrub->anonymize))
			a.flags &= ~BIT(bit);
	if (a.type == PERF_TYPE_BREAKPOINT && dropped(scrub, PERF_SAMPLE_ADDR))
		a.config1 = 0;
	if (a.type == PERF_TYPE_TRACEPOINT && scrub->sections & BIT(HEADER_TRACING_DATA)) {
		/* perf does not open files with tracepoints whose formats it does not have */
		a.type = PERF_TYPE_SOFTWARE;
		a.config = PERF_COUNT_SW_DUMMY;
	}
	a.aux_sample_size = a.aux_action = 0;
	a.sig_data = 0;
	a.size = attr_size(&a);
	return a;
}

static unsigned bits_set(uint64_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

#define BEFORE_TID (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP)
#define BEFORE_TIME (BEFORE_TID | PERF_SAMPLE_TID)
#define BEHIND_TIME                                                                                \
	(PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |             \
		PERF_SAMPLE_IDENTIFIER)
#define IDS (PERF_SAMPLE_TID | BEHIND_TIME)

static uint64_t ids_type(const struct perf_event_header *h, const struct perf_event_attr *attr)
{
	return h->type < KERNEL_RECORDS_END && attr && attr->flags & PERF_ATTR_SAMPLE_ID_ALL
		       ? attr->sample_type & IDS
		       : 0;
}

uint64_t scrub_time(const struct reader *reader)
{
	const struct perf_event_header *h = reader->record;
	const uint64_t *words = (const void *)(h + 1);
	unsigned count = h->size / 8 - 1, place;
	int event = reader_event(reader);
	uint64_t type;

	if (event < 0 || !(reader->attrs[event].attr.sample_type & PERF_SAMPLE_TIME))
		return 0;
	type = reader->attrs[event].attr.sample_type;
	if (h->type == PERF_RECORD_SAMPLE) {
		place = bits_set(type & BEFORE_TIME);
		return place < count ? words[place] : 0;
	}
	type = ids_type(h, &reader->attrs[event].attr);
	place = bits_set(type & BEHIND_TIME);
	return type && place <= count ? words[count - place] : 0;
}

static void add(struct amount *amount, uint64_t bytes)
{
	amount->count++;
	amount->bytes += bytes;
}

static uint64_t relative(const struct scrub *s, uint64_t time_ns)
{
	if (!time_ns || time_ns == UINT64_MAX)
		return time_ns;
	return time_ns < s->first_ns ? 1 : time_ns - s->first_ns + 1;
}

static void rename_pids(struct scrub *s, uint64_t *word)
{
	uint32_t low = pseudonym_pid(&s->pseudonym, (uint32_t)*word);
	uint32_t high = pseudonym_pid(&s->pseudonym, (uint32_t)(*word >> 32));

	*word = (uint64_t)high << 32 | low;
}

static void rebase(const struct scrub *s, const struct scrub_owner *owner, uint64_t *at,
	uint64_t count, bool chain)
{
	if (s->rebase)
		s->rebase->addresses(s->rebase->context, owner, at, count, chain);
}

static void rebase_branches(
	const struct scrub *s, const struct scrub_owner *owner, uint64_t *at, uint64_t branch_type)
{
	const struct scrub_owner any = { owner->time_ns, owner->pid, 0 };
	uint64_t count = *at++;

	at += !!(branch_type & PERF_SAMPLE_BRANCH_HW_INDEX);
	for (; count--; at += 3)
		rebase(s, &any, at, 2, false);
}

/* A field that was just copied; its length is known to be right. */
static void rename_field(struct scrub *s, unsigned bit, const struct scrub_owner *owner,
	uint64_t *at, const struct perf_event_attr *attr)
{
	switch (1u << bit) {
	case PERF_SAMPLE_IP:
		rebase(s, owner, at, 1, false);
		break;
	case PERF_SAMPLE_CALLCHAIN:
		rebase(s, owner, at + 1, *at, true);
		break;
	case PERF_SAMPLE_BRANCH_STACK:
		rebase_branches(s, owner, at, attr->branch_sample_type);
		break;
	}
	if (!s->anonymize)
		return;
	switch (1u << bit) {
	case PERF_SAMPLE_TID:
		rename_pids(s, at);
		break;
	case PERF_SAMPLE_TIME:
		*at = relative(s, *at);
		break;
	case PERF_SAMPLE_CGROUP:
		*at = pseudonym_hash(&s->pseudonym, at, 8);
		break;
	}
}

/* The fields that another thing stands for afterwards. */
#define RENAMED                                                                                    \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |             \
		PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_CGROUP)

static void rename_sample(struct scrub *s, const struct perf_event_header *from, uint64_t *at,
	const struct perf_event_attr *attr)
{
	const struct sample_layout *layout = &s->layout;
	const uint64_t *words = (const void *)(from + 1);
	struct scrub_owner owner = { .mode = from->misc & PERF_RECORD_MISC_CPUMODE_MASK };

	if (layout->type & PERF_SAMPLE_TID)
		owner.pid = (uint32_t)words[bits_set(layout->type & BEFORE_TID)];
	if (layout->type & PERF_SAMPLE_TIME)
		owner.time_ns = words[bits_set(layout->type & BEFORE_TIME)];
	for (int i = 0; i < layout->count; i++) {
		unsigned bit = layout->order[i];

		if (s->fields >> bit & 1)
			continue;
		if (RENAMED >> bit & 1)
			rename_field(s, bit, &owner, at, attr);
		at += layout->words[bit];
	}
}

/* Most are short: what a call of memcpy() costs would show. */
static uint64_t *copy(uint64_t *to, const uint64_t *from, const uint64_t *end)
{
	for (; end - from >= 2; from += 2, to += 2)
		memcpy(to, from, 16);
	if (from < end)
		*to++ = *from;
	return to;
}

static size_t finish(void *to, const struct perf_event_header *from, const void *end)
{
	struct perf_event_header *h = to;

	*h = *from;
	h->size = (uint16_t)((const char *)end - (const char *)to);
	return h->size;
}

static void to_kernel_mode(struct perf_event_header *h)
{
	h->misc &= (uint16_t)~PERF_RECORD_MISC_CPUMODE_MASK;
	h->misc |= PERF_RECORD_MISC_KERNEL;
}

static size_t put_sample(struct scrub *s, void *to, const struct perf_event_header *from,
	const struct perf_event_attr *attr)
{
	struct sample_layout *layout = &s->layout;
	const uint64_t *in = (const void *)(from + 1), *kept = in; /* not copied yet */
	uint64_t *begin = (void *)((struct perf_event_header *)to + 1), *out = begin;

	if (!sample_layout(layout, from, attr)) {
		add(&s->removed.broken, from->size);
		return 0;
	}
	for (int i = 0; i < layout->count; i++) {
		unsigned bit = layout->order[i];
		uint16_t words = layout->words[bit];

		in += words;
		if (words && s->fields >> bit & 1) {
			add(&s->removed.field[bit], words * 8u);
			out = copy(out, kept, in - words);
			kept = in;
		}
	}
	out = copy(out, kept, in);
	if (layout->rest)
		add(&s->removed.rest, layout->rest * 8u);
	if (s->anonymize || s->rebase)
		rename_sample(s, from, begin, attr);
	finish(to, from, out);
	if (s->symbolize)
		to_kernel_mode(to);
	return ((struct perf_event_header *)to)->size;
}

/* The ids behind a record's body. */
static uint64_t *put_ids(struct scrub *s, uint64_t *out, const uint64_t *in, uint64_t type)
{
	static const uint32_t order[] = { PERF_SAMPLE_TID, PERF_SAMPLE_TIME, PERF_SAMPLE_ID,
		PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (!(type & order[i]))
			continue;
		if (!(s->fields & order[i])) {
			*out = *in;
			if (s->anonymize && order[i] == PERF_SAMPLE_TID)
				rename_pids(s, out);
			if (s->anonymize && order[i] == PERF_SAMPLE_TIME)
				*out = relative(s, *out);
			out++;
		}
		in++;
	}
	return out;
}

/* What is renamed in a record's body: a place and what stands there. A text is the last. */
enum what {
	PIDS,
	TIME,
	NUMBER,
	FILE_ID,
	MAPPING,
	SYMBOL_ADDRESS,
	CHAIN,
	ONE_PID,
	PATH,
	COMM,
	NAME
};

static const struct edit {
	uint8_t type, offset, what;
} edits[] = {
	{ PERF_RECORD_MMAP, 8, MAPPING },
	{ PERF_RECORD_MMAP, 0, PIDS },
	{ PERF_RECORD_MMAP, 32, PATH },
	{ PERF_RECORD_MMAP2, 8, MAPPING },
	{ PERF_RECORD_MMAP2, 0, PIDS },
	{ PERF_RECORD_MMAP2, 32, FILE_ID },
	{ PERF_RECORD_MMAP2, 64, PATH },
	{ PERF_RECORD_COMM, 0, PIDS },
	{ PERF_RECORD_COMM, 8, COMM },
	{ PERF_RECORD_EXIT, 0, PIDS },
	{ PERF_RECORD_EXIT, 8, PIDS },
	{ PERF_RECORD_EXIT, 16, TIME },
	{ PERF_RECORD_FORK, 0, PIDS },
	{ PERF_RECORD_FORK, 8, PIDS },
	{ PERF_RECORD_FORK, 16, TIME },
	{ PERF_RECORD_THROTTLE, 0, TIME },
	{ PERF_RECORD_UNTHROTTLE, 0, TIME },
	{ PERF_RECORD_READ, 0, PIDS },
	{ PERF_RECORD_SWITCH_CPU_WIDE, 0, PIDS },
	{ PERF_RECORD_CGROUP, 0, NUMBER },
	{ PERF_RECORD_CGROUP, 8, PATH },
	{ PERF_RECORD_KSYMBOL, 0, SYMBOL_ADDRESS },
	{ PERF_RECORD_KSYMBOL, 16, NAME },
	{ PERF_RECORD_CALLCHAIN_DEFERRED, 8, CHAIN },
	{ PERF_RECORD_HEADER_BUILD_ID, 0, ONE_PID },
	{ PERF_RECORD_HEADER_BUILD_ID, 28, PATH },
	{ PERF_RECORD_STAT_ROUND, 8, TIME },
};

static size_t rename_text(
	struct scrub *s, char to[PSEUDONYM_TEXT_MAX], const char *text, enum what what)
{
	size_t length;

	if (what == PATH)
		length = pseudonym_path(&s->pseudonym, to, text);
	else
		length = pseudonym_text(
			&s->pseudonym, to, what == COMM ? "comm-" : "name-", text, 8);
	s->renamed += strcmp(to, text) != 0;
	return length;
}

/* A mapping's start and, two words on, the place in its file. */
static void rebase_mapping(struct scrub *s, char *at, size_t size, const struct scrub_owner *owner)
{
	uint64_t start, pgoff;

	if (!s->rebase || size < 24)
		return;
	memcpy(&start, at, 8);
	memcpy(&pgoff, at + 16, 8);
	start = s->rebase->mapping(s->rebase->context, owner, start, &pgoff);
	memcpy(at, &start, 8);
	memcpy(at + 16, &pgoff, 8);
}

static void edit_word(struct scrub *s, uint64_t *word, enum what what)
{
	uint32_t pid = (uint32_t)*word;

	if (what == PIDS)
		rename_pids(s, word);
	else if (what == TIME)
		*word = relative(s, *word);
	else if (what == NUMBER)
		*word = pseudonym_hash(&s->pseudonym, word, sizeof(*word));
	else if (what == ONE_PID)
		*word = (*word & ~(uint64_t)UINT32_MAX) | pseudonym_pid(&s->pseudonym, pid);
}

/* What stands in `size` bytes of a body; false where it does not fit. */
static bool edit(struct scrub *s, const struct edit *e, char *body, size_t size,
	const struct perf_event_header *from, const struct scrub_owner *owner)
{
	struct scrub_owner whose = { owner->time_ns, UINT32_MAX, PERF_RECORD_MISC_KERNEL };
	uint64_t *words = (void *)(body + e->offset);

	if (e->offset + 8u > size)
		return false;
	if (e->what == FILE_ID) {
		if (!(from->misc & PERF_RECORD_MISC_MMAP_BUILD_ID))
			memset(words, 0, 24);
	} else if (e->what == MAPPING) {
		memcpy(&whose.pid, body, sizeof(whose.pid));
		rebase_mapping(s, body + e->offset, size - e->offset, &whose);
	} else if (e->what == SYMBOL_ADDRESS) {
		rebase(s, &whose, words, 1, false);
	} else if (e->what == CHAIN) {
		if (*words > (size - e->offset) / 8 - 1)
			return false;
		rebase(s, owner, words + 1, *words, true);
	} else {
		edit_word(s, words, (enum what)e->what);
	}
	return true;
}

/* Renames in a body of `size` bytes at `body`, which has room to grow; its new size, 0: broken. */
static size_t rename_body(struct scrub *s, char *body, size_t size,
	const struct perf_event_header *from, const struct scrub_owner *owner)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		const struct edit *e = &edits[i];
		char text[PSEUDONYM_TEXT_MAX];
		size_t length;

		if (e->type != from->type || (!s->anonymize && e->what != CHAIN))
			continue;
		if (e->what < PATH) {
			if (!edit(s, e, body, size, from, owner))
				return 0;
			continue;
		}
		if (e->offset >= size || !memchr(body + e->offset, 0, size - e->offset))
			return 0;
		length = rename_text(s, text, body + e->offset, (enum what)e->what);
		size = (e->offset + length + 8) & ~(size_t)7;
		memset(body + e->offset, 0, size - e->offset);
		memcpy(body + e->offset, text, length);
	}
	return size;
}

/* What cannot be kept is counted. */
static size_t broken(struct scrub *s, const struct perf_event_header *from)
{
	add(&s->removed.broken, from->size);
	return 0;
}

static size_t put_other(struct scrub *s, void *to, const struct perf_event_header *from,
	const struct perf_event_attr *attr, uint64_t time_ns)
{
	uint64_t type = ids_type(from, attr);
	size_t behind = bits_set(type) * 8, size = from->size - sizeof(*from);
	const uint64_t *ids = (const void *)((const char *)from + from->size - behind);
	struct scrub_owner owner = { .time_ns = time_ns, .mode = PERF_RECORD_MISC_USER };
	char *body = (char *)to + sizeof(*from);

	if (behind > size || size + PSEUDONYM_TEXT_MAX + 16 > RECORD_MAX)
		return broken(s, from);
	size -= behind;
	if (type & PERF_SAMPLE_TID)
		owner.pid = (uint32_t)*ids;
	memcpy(body, from + 1, size);
	if ((s->anonymize || s->rebase) && size) {
		size = rename_body(s, body, size, from, &owner);
		if (!size)
			return broken(s, from);
	}
	return finish(to, from, put_ids(s, (void *)(body + size), ids, type));
}

/* The attr that tells which ids stand behind a record; false where it cannot be known. */
static bool find_attr(const struct perf_event_attr **attr, const struct reader *r)
{
	bool sample = r->record->type == PERF_RECORD_SAMPLE;
	int event = r->record->type < KERNEL_RECORDS_END ? reader_event(r) : READER_NO_EVENT;

	*attr = event < 0 ? NULL : &r->attrs[event].attr;
	if (*attr || r->record->type >= KERNEL_RECORDS_END)
		return true;
	return !sample && r->attrs && !(r->attrs[0].attr.flags & PERF_ATTR_SAMPLE_ID_ALL);
}

size_t scrub_record(struct scrub *scrub, void *to, const struct reader *reader)
{
	const struct perf_event_header *from = reader->record;
	uint32_t type = from->type < RECORD_TYPES ? from->type : 0;
	const struct perf_event_attr *attr;

	if (!type || scrub->record[type]) {
		add(&scrub->removed.record[type], from->size + reader->payload);
		return 0;
	}
	if (from->size % 8 || !find_attr(&attr, reader))
		return broken(scrub, from);
	if (type == PERF_RECORD_SAMPLE)
		return put_sample(scrub, to, from, attr);
	return put_other(scrub, to, from, attr, scrub->rebase ? scrub_time(reader) : 0);
}
