#include "view/inspect.h"

#include "data/feature.h"

/* Numbers of parts: fields, records, sections, then what has no number of its own. */
enum {
	FIELDS = 0,
	RECORDS = FIELDS + SAMPLE_FIELDS,
	SECTIONS = RECORDS + RECORD_TYPES,
	OTHERS = SECTIONS + CONTENTS_SECTION_FIELD,
	PARTS = OTHERS + 3,
};

static struct inspect_part other(const struct contents *c, uint32_t n)
{
	const struct inspect_part parts[] = {
		{ "events", "attrs", CATEGORY_SYSTEM, c->attrs },
		{ "field", "unknown fields", CATEGORY_UNKNOWN, c->rest },
		{ "record", "broken samples", CATEGORY_UNKNOWN, c->broken },
	};

	return parts[n];
}

/* Samples are shown by their fields, where those were looked at. */
static bool by_field(const struct contents *c)
{
	uint64_t fields = 0;

	for (int i = 0; i < SAMPLE_FIELDS; i++)
		fields += c->field[i].count;
	return fields;
}

static struct inspect_part record_part(const struct contents *c, uint32_t type)
{
	const char *name = record_name(type);
	bool hidden = type == PERF_RECORD_SAMPLE && by_field(c);

	return (struct inspect_part){ "record", name ? name : "unknown records",
		category_of_record(type), hidden ? (struct amount){ 0 } : c->record[type] };
}

static struct inspect_part part_at(const struct contents *c, uint32_t n)
{
	const char *name;

	if (n >= OTHERS)
		return other(c, n - OTHERS);
	if (n < RECORDS)
		return (struct inspect_part){ "field", sample_field_names[n], category_of_sample(n),
			c->field[n] };
	if (n < SECTIONS)
		return record_part(c, n - RECORDS);
	n -= SECTIONS;
	name = feature_name((int)n);
	return (struct inspect_part){ "section", name ? name : "unknown sections",
		category_of_feature(n), c->feature[n] };
}

bool inspect_next(const struct contents *contents, uint32_t *at, struct inspect_part *part)
{
	while (*at < PARTS * CATEGORIES) {
		uint32_t category = CATEGORIES - 1 - *at / PARTS;

		*part = part_at(contents, (*at)++ % PARTS);
		if (part->amount.count && part->category == category)
			return true;
	}
	return false;
}
