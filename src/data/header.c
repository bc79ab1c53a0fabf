#include "data/header.h"

#include "data/feature.h"
#include "data/sample.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define HEADER_BYTES_OLD offsetof(struct perf_file_header, features)
#define HEADER_BYTES_PIPE 16
#define ID_ENTRY_BYTES sizeof(struct perf_file_section)
#define UPDATE_NAME 2 /* EVENT_UPDATE: what follows type and id is the event's name */

struct reader_id {
	uint64_t id;
	uint32_t event_plus_1; /* 0: free */
};

enum reader_status header_magic(const char *magic)
{
	if (!memcmp(magic, PERF_FILE_MAGIC, 8))
		return READER_OK;
	if (!memcmp(magic, "2ELIFREP", 8))
		return READER_ENDIAN;
	if (!memcmp(magic, "PERFFILE", 8) || !memcmp(magic, "ELIFFREP", 8))
		return READER_ANCIENT;
	return READER_FOREIGN;
}

static bool inside(const struct reader *r, const struct perf_file_section *s)
{
	return s->offset <= r->file_bytes && s->size <= r->file_bytes - s->offset;
}

static bool read_exactly(struct reader *r, uint64_t offset, void *to, size_t size)
{
	return reader_bytes(r, offset, to, size) == (ssize_t)size;
}

/* `from` holds `size` bytes of an attr of any age. */
static struct reader_attr *add_attr(struct reader *r, const void *from, size_t size)
{
	struct reader_attr *a = &r->attrs[r->attr_count++];
	size_t known;

	memcpy(&a->file_size, (const char *)from + 4, sizeof(a->file_size));
	if (!a->file_size)
		a->file_size = PERF_ATTR_SIZE_VER0;
	known = a->file_size < size ? a->file_size : size;
	memcpy(&a->attr, from, known < sizeof(a->attr) ? known : sizeof(a->attr));
	if (a->file_size > sizeof(a->attr))
		r->notes |= READER_NOTE_NEWER_ATTR;
	return a;
}

static enum reader_status take_attrs(struct reader *r, uint64_t count)
{
	if (count > READER_EVENTS_MAX)
		return READER_TOO_MANY;
	r->attrs = arena_array(r->arena, struct reader_attr, count);
	return r->attrs ? READER_OK : READER_TOO_MANY;
}

static enum reader_status take_ids(struct reader *r, struct reader_attr *a, uint64_t count)
{
	r->id_count += count;
	if (count > READER_IDS_MAX || r->id_count > READER_IDS_MAX)
		return READER_TOO_MANY;
	a->ids = arena_array(r->arena, uint64_t, count);
	a->id_count = (uint32_t)count;
	return a->ids ? READER_OK : READER_TOO_MANY;
}

static enum reader_status read_attr(struct reader *r, uint64_t offset, size_t size)
{
	struct perf_file_section ids;
	struct reader_attr *a;
	enum reader_status status;

	if (!read_exactly(r, offset, r->window, size))
		return READER_HEADER;
	memcpy(&ids, r->window + size - ID_ENTRY_BYTES, sizeof(ids));
	a = add_attr(r, r->window, size - ID_ENTRY_BYTES);
	if (!inside(r, &ids))
		return READER_HEADER;
	status = take_ids(r, a, ids.size / 8);
	if (status)
		return status;
	return read_exactly(r, ids.offset, (void *)a->ids, a->id_count * 8u) ? READER_OK
									     : READER_HEADER;
}

static enum reader_status read_attrs(struct reader *r, const struct perf_file_header *h)
{
	enum reader_status status;
	uint64_t count;

	if (h->attr_size < PERF_ATTR_SIZE_VER0 + ID_ENTRY_BYTES || h->attr_size > 4096 ||
		!inside(r, &h->attrs))
		return READER_HEADER;
	count = h->attrs.size / h->attr_size;
	if (!count)
		return READER_NO_EVENTS;
	status = take_attrs(r, count);
	for (uint64_t i = 0; i < count && !status; i++)
		status = read_attr(r, h->attrs.offset + i * h->attr_size, h->attr_size);
	return status;
}

static void bound_data(struct reader *r, const struct perf_file_header *h)
{
	uint64_t left = h->data.offset < r->file_bytes ? r->file_bytes - h->data.offset : 0;

	r->data = h->data;
	if (!h->data.size)
		r->notes |= READER_NOTE_UNFINISHED;
	else if (h->data.size > left)
		r->notes |= READER_NOTE_DATA_CUT;
	if (r->notes & (READER_NOTE_UNFINISHED | READER_NOTE_DATA_CUT))
		r->data.size = left;
}

/* One section per bit that is set, in the order of bits, right behind the data. */
static void read_features(struct reader *r, const uint64_t *bits)
{
	uint64_t at = r->data.offset + r->data.size;

	for (unsigned i = 0; i < HEADER_FEATURES; i++) {
		struct perf_file_section s;

		if (!(bits[i / 64] >> i % 64 & 1))
			continue;
		if (r->notes & (READER_NOTE_UNFINISHED | READER_NOTE_DATA_CUT) ||
			!read_exactly(r, at, &s, sizeof(s)) || !inside(r, &s))
			r->notes |= READER_NOTE_FEATURES_CUT;
		else
			r->features[i] = s;
		at += sizeof(s);
	}
}

static void name_event(struct reader *r, struct reader_attr *a, const char *name)
{
	if (!a->name && *name)
		a->name = arena_copy(r->arena, name, strnlen(name, 1024));
}

static void read_names(struct reader *r)
{
	struct span s = reader_feature(r, HEADER_EVENT_DESC, r->window, r->window_cap);
	struct feature_events events = feature_events(&s);
	struct feature_event event;

	for (uint32_t i = 0; i < r->attr_count && feature_event_next(&events, &event); i++)
		name_event(r, &r->attrs[i], event.name);
}

static enum reader_status read_file(struct reader *r, const struct perf_file_header *h)
{
	static const uint64_t none[HEADER_FEATURES / 64];
	enum reader_status status = read_attrs(r, h);

	if (status)
		return status;
	bound_data(r, h);
	read_features(r, h->size == HEADER_BYTES_OLD ? none : h->features);
	read_names(r);
	return READER_OK;
}

static enum reader_status read_pipe(struct reader *r)
{
	r->pipe = true;
	r->data =
		(struct perf_file_section){ HEADER_BYTES_PIPE, r->file_bytes - HEADER_BYTES_PIPE };
	return take_attrs(r, READER_EVENTS_MAX);
}

enum reader_status header_read(struct reader *reader)
{
	struct perf_file_header h = { 0 };
	ssize_t got = reader_bytes(reader, 0, &h, sizeof(h));
	enum reader_status status;

	if (got < 0)
		return READER_IO;
	if (got == 0)
		return READER_EMPTY;
	status = got < 8 ? READER_FOREIGN : header_magic(h.magic);
	if (status)
		return status;
	if (got >= HEADER_BYTES_PIPE && h.size == HEADER_BYTES_PIPE)
		return read_pipe(reader);
	if (h.size != HEADER_BYTES_OLD && h.size < sizeof(h))
		return READER_HEADER;
	return (size_t)got < sizeof(h) ? READER_HEADER : read_file(reader, &h);
}

static enum reader_status tell_attr(struct reader *r)
{
	size_t size = r->record->size - sizeof(*r->record), behind;
	const char *body = (const char *)(r->record + 1);
	struct reader_attr *a;
	enum reader_status status;

	if (r->attr_count == READER_EVENTS_MAX)
		return READER_TOO_MANY;
	if (size < PERF_ATTR_SIZE_VER0)
		return READER_HEADER;
	a = add_attr(r, body, size);
	if (a->file_size > size)
		return READER_HEADER;
	behind = size - a->file_size;
	status = take_ids(r, a, behind / 8);
	if (!status)
		memcpy((void *)a->ids, body + a->file_size, a->id_count * 8u);
	return status;
}

static void tell_feature(struct reader *r)
{
	size_t size = r->record->size - sizeof(*r->record);
	uint64_t feature;

	if (size < sizeof(feature))
		return;
	memcpy(&feature, r->record + 1, sizeof(feature));
	if (feature < HEADER_FEATURES)
		r->features[feature] = (struct perf_file_section){
			r->record_offset + sizeof(*r->record) + sizeof(feature),
			size - sizeof(feature),
		};
}

static void tell_name(struct reader *r)
{
	struct span s = span_of(r->record + 1, r->record->size - sizeof(*r->record));
	uint64_t what = span_u64(&s), id = span_u64(&s);
	const char *name = span_string(&s);

	for (uint32_t i = 0; i < r->attr_count && what == UPDATE_NAME && name; i++)
		for (uint32_t k = 0; k < r->attrs[i].id_count; k++)
			if (r->attrs[i].ids[k] == id)
				name_event(r, &r->attrs[i], name);
}

enum reader_status header_tell(struct reader *reader)
{
	switch (reader->record->type) {
	case PERF_RECORD_HEADER_ATTR:
		return tell_attr(reader);
	case PERF_RECORD_HEADER_FEATURE:
		tell_feature(reader);
		break;
	case PERF_RECORD_HEADER_TRACING_DATA:
		reader->features[HEADER_TRACING_DATA] =
			(struct perf_file_section){ reader->record_offset + reader->record->size,
				reader->payload };
		break;
	case PERF_RECORD_EVENT_UPDATE:
		tell_name(reader);
		break;
	}
	return READER_OK;
}

static struct reader_id *find(const struct reader *r, uint64_t id)
{
	uint32_t at = (uint32_t)(id * 0x9e3779b97f4a7c15u >> 32) & r->id_mask;

	while (r->ids[at].event_plus_1 && r->ids[at].id != id)
		at = (at + 1) & r->id_mask;
	return &r->ids[at];
}

static void index_attr(struct reader *r, uint32_t event)
{
	struct reader_attr *a = &r->attrs[event];

	a->place = (int8_t)sample_id_place(a->attr.sample_type);
	a->place_from_end = (int8_t)sample_id_place_from_end(a->attr.sample_type);
	if (a->place >= 0) {
		r->places |= 1u << a->place;
		r->places_from_end |= 1u << a->place_from_end;
	}
	for (uint32_t k = 0; k < a->id_count; k++) {
		struct reader_id *slot = find(r, a->ids[k]);

		if (!slot->event_plus_1)
			*slot = (struct reader_id){ a->ids[k], event + 1 };
	}
}

enum reader_status header_index(struct reader *reader)
{
	uint32_t slots = 16;

	while (slots < 2 * reader->id_count)
		slots *= 2;
	reader->ids = arena_array(reader->arena, struct reader_id, slots);
	if (!reader->ids)
		return READER_TOO_MANY;
	reader->id_mask = slots - 1;
	for (uint32_t i = 0; i < reader->attr_count; i++)
		index_attr(reader, i);
	return READER_OK;
}

int reader_event_of_id(const struct reader *reader, uint64_t id)
{
	return (int)find(reader, id)->event_plus_1 - 1;
}
