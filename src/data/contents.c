#include "data/contents.h"

#define EMPTY_SECTION_BYTES 4 /* nothing, or a list of nothing */

static void add(struct amount *amount, uint64_t bytes)
{
	amount->count++;
	amount->bytes += bytes;
}

void contents_begin(struct contents *contents, const struct reader *reader)
{
	*contents = (struct contents){ 0 };
	for (uint32_t i = 0; i < reader->attr_count; i++) {
		const struct reader_attr *a = &reader->attrs[i];
		bool address = a->attr.type == PERF_TYPE_BREAKPOINT && a->attr.config1;
		uint64_t bytes = a->file_size + a->id_count * 8ull;

		add(&contents->attrs, bytes);
		add(&contents->category[address ? CATEGORY_ADDRESS : CATEGORY_SYSTEM], bytes);
	}
	for (unsigned i = 0; i < HEADER_FEATURES; i++) {
		const struct perf_file_section *s = &reader->features[i];

		if (!s->offset)
			continue;
		if (s->size <= EMPTY_SECTION_BYTES) {
			add(&contents->category[CATEGORY_NONE], s->size);
			continue;
		}
		add(&contents->feature[i < CONTENTS_SECTION_FIELD ? i : 0], s->size);
		add(&contents->category[category_of_feature(i)], s->size);
	}
}

static void add_sample(struct contents *c, const struct reader *r)
{
	struct sample_layout *layout = &c->layout;
	int event = reader_event(r);

	if (event < 0 || !sample_layout(layout, r->record, &r->attrs[event].attr)) {
		add(&c->broken, r->record->size);
		add(&c->category[CATEGORY_UNKNOWN], r->record->size);
		return;
	}
	add(&c->category[CATEGORY_NONE], sizeof(*r->record));
	for (int i = 0; i < layout->count; i++) {
		unsigned bit = layout->order[i];

		add(&c->field[bit], layout->words[bit] * 8u);
		add(&c->category[category_of_sample(bit)], layout->words[bit] * 8u);
	}
	if (layout->rest) {
		add(&c->rest, layout->rest * 8u);
		add(&c->category[CATEGORY_UNKNOWN], layout->rest * 8u);
	}
}

void contents_add(struct contents *contents, const struct reader *reader)
{
	uint32_t type = reader->record->type;
	uint64_t bytes = reader->record->size + reader->payload;
	bool section = type == PERF_RECORD_HEADER_FEATURE || type == PERF_RECORD_HEADER_ATTR ||
		       type == PERF_RECORD_HEADER_TRACING_DATA;

	add(&contents->record[record_name(type) ? type : 0], bytes);
	if (type == PERF_RECORD_SAMPLE)
		add_sample(contents, reader);
	else if (!section) /* those of a pipe are counted already, as sections and events */
		add(&contents->category[category_of_record(type)], bytes);
}

enum category contents_most(const struct contents *contents)
{
	int most = CATEGORY_UNKNOWN;

	while (most > CATEGORY_NONE && !contents->category[most].count)
		most--;
	return (enum category)most;
}
