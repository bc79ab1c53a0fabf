#include "data/writer.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define STREAM_HEADER_BYTES 16

static int failed(struct writer *writer, int error)
{
	if (error && !writer->error)
		writer->error = error;
	return writer->error;
}

static void skip_written(struct iovec **parts, int *count, size_t size)
{
	while (*count && size >= (*parts)->iov_len) {
		size -= (*parts)->iov_len;
		++*parts;
		--*count;
	}
	if (*count) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + size;
		(*parts)->iov_len -= size;
	}
}

/* All of it, at `offset` of a file or next in a stream. */
static int put_parts(struct writer *writer, struct iovec *parts, int count, uint64_t offset)
{
	while (count && !writer->error) {
		int batch = count < IOV_MAX ? count : IOV_MAX;
		ssize_t n = writer->stream ? writev(writer->fd, parts, batch)
					   : pwritev(writer->fd, parts, batch, (off_t)offset);

		if (n < 0 && errno == ENOSPC && writer->make_room &&
			writer->make_room(writer->context))
			continue;
		if (n < 0 && errno != EINTR)
			return failed(writer, -errno);
		if (n >= 0) {
			offset += (uint64_t)n;
			writer->partial += (uint64_t)n;
			skip_written(&parts, &count, (size_t)n);
		}
	}
	return writer->error;
}

static int put(struct writer *writer, const void *bytes, size_t size, uint64_t offset)
{
	struct iovec part = { (void *)bytes, size };

	return put_parts(writer, &part, 1, offset);
}

int writer_records(struct writer *writer, struct iovec *parts, int count)
{
	uint64_t size = 0;

	if (writer->error)
		return writer->error;
	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	writer->partial = 0;
	if (put_parts(writer, parts, count, writer->data_offset + writer->data_size))
		return writer->error;
	writer->data_size += size;
	return 0;
}

static int commit(struct writer *writer)
{
	size_t at =
		offsetof(struct perf_file_header, data) + offsetof(struct perf_file_section, size);

	if (!put(writer, &writer->data_size, sizeof(writer->data_size), at))
		writer->committed = writer->data_size;
	return writer->error;
}

int writer_commit(struct writer *writer)
{
	if (writer->error || writer->stream || writer->committed == writer->data_size)
		return writer->error;
	return commit(writer);
}

void writer_keep(struct writer *writer, uint64_t size)
{
	int error = writer->error;

	writer->data_size += size;
	writer->error = 0;
	if (!writer->stream)
		commit(writer);
	writer->error = error;
}

static int begin_stream(struct writer *writer, const struct writer_event *events, uint32_t count)
{
	struct perf_file_header header = { .magic = PERF_FILE_MAGIC, .size = STREAM_HEADER_BYTES };

	put(writer, &header, STREAM_HEADER_BYTES, 0);
	for (uint32_t i = 0; i < count && !writer->error; i++) {
		const struct writer_event *event = &events[i];
		size_t ids_size = event->id_count * sizeof(*event->ids);
		struct perf_event_header head = { .type = PERF_RECORD_HEADER_ATTR };
		struct iovec parts[] = { { &head, sizeof(head) },
			{ (void *)event->attr, event->attr->size },
			{ (void *)event->ids, ids_size } };

		if (sizeof(head) + event->attr->size + ids_size > UINT16_MAX)
			return failed(writer, -E2BIG);
		head.size = (uint16_t)(sizeof(head) + event->attr->size + ids_size);
		writer_records(writer, parts, 3);
	}
	return writer->error;
}

/* All attrs of a file are as long as the longest. */
static uint32_t longest_attr(const struct writer_event *events, uint32_t count)
{
	uint32_t bytes = PERF_ATTR_SIZE_VER5;

	for (uint32_t i = 0; i < count; i++)
		if (events[i].attr->size > bytes)
			bytes = events[i].attr->size;
	return bytes;
}

void writer_event_desc(struct body *body, const struct writer_event *events, uint32_t count)
{
	uint32_t attr_bytes = longest_attr(events, count);

	body_u32(body, count);
	body_u32(body, attr_bytes);
	for (uint32_t i = 0; i < count; i++) {
		struct perf_event_attr attr = *events[i].attr;

		attr.size = attr_bytes;
		body_put(body, &attr, attr_bytes);
		body_u32(body, events[i].id_count);
		body_string(body, events[i].name);
		body_put(body, events[i].ids, events[i].id_count * sizeof(*events[i].ids));
	}
}

static int begin_file(struct writer *writer, const struct writer_event *events, uint32_t count)
{
	struct perf_file_header header = { .magic = PERF_FILE_MAGIC, .size = sizeof(header) };
	struct perf_event_header round = { PERF_RECORD_FINISHED_ROUND, 0, sizeof(round) };
	uint32_t attr_bytes = longest_attr(events, count);
	uint64_t ids_at;

	header.attr_size = attr_bytes + sizeof(struct perf_file_section);
	header.attrs.offset = sizeof(header);
	header.attrs.size = count * header.attr_size;
	ids_at = header.attrs.offset + header.attrs.size;
	for (uint32_t i = 0; i < count && !writer->error; i++) {
		uint64_t at = header.attrs.offset + i * header.attr_size;
		struct perf_event_attr attr = *events[i].attr;
		struct perf_file_section ids = { ids_at, events[i].id_count * sizeof(uint64_t) };

		attr.size = attr_bytes;
		put(writer, &attr, attr_bytes, at);
		put(writer, &ids, sizeof(ids), at + attr_bytes);
		put(writer, events[i].ids, ids.size, ids_at);
		ids_at += ids.size;
	}
	header.data.offset = writer->data_offset = ids_at;
	/* perf refuses a file without records, so there is one from the beginning; the header comes
	 * last, and from then on the file is whole at any moment */
	put(writer, &round, sizeof(round), ids_at);
	header.data.size = writer->data_size = sizeof(round);
	if (!put(writer, &header, sizeof(header), 0))
		writer->committed = writer->data_size;
	return writer->error;
}

int writer_begin(struct writer *writer, int fd, bool stream, const struct writer_event *events,
	uint32_t count)
{
	*writer = (struct writer){ .fd = fd,
		.stream = stream,
		.make_room = writer->make_room,
		.context = writer->context };
	return stream ? begin_stream(writer, events, count) : begin_file(writer, events, count);
}

/* In a stream the tracing data follow their record and are not in its size. */
static int stream_tracing(struct writer *writer, const void *bytes, size_t size)
{
	struct {
		struct perf_event_header header;
		uint32_t size;
	} head = { { PERF_RECORD_HEADER_TRACING_DATA, 0, sizeof(head) },
		(uint32_t)(size + (-size & 7)) };
	uint64_t zeroes = 0;
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)bytes, size },
		{ &zeroes, -size & 7 } };

	return writer_records(writer, parts, 3);
}

static int stream_feature(struct writer *writer, uint64_t bit, const void *bytes, size_t size)
{
	size_t padding = -size & 7;
	struct perf_event_header head = {
		.type = PERF_RECORD_HEADER_FEATURE,
		.size = (uint16_t)(sizeof(head) + sizeof(bit) + size + padding),
	};
	uint64_t zeroes = 0;
	struct iovec parts[] = { { &head, sizeof(head) }, { &bit, sizeof(bit) },
		{ (void *)bytes, size }, { &zeroes, padding } };

	if (sizeof(head) + sizeof(bit) + size + padding > UINT16_MAX)
		return 0;
	return writer_records(writer, parts, 4);
}

int writer_feature(struct writer *writer, uint32_t bit, const void *bytes, size_t size)
{
	uint32_t n = writer->feature_count;

	if (writer->error)
		return writer->error;
	if (writer->stream && bit == HEADER_TRACING_DATA)
		return stream_tracing(writer, bytes, size);
	if (writer->stream)
		return stream_feature(writer, bit, bytes, size);
	if (n == sizeof(writer->feature) / sizeof(*writer->feature))
		return failed(writer, -E2BIG);
	writer->feature[n].bit = bit;
	writer->feature[n].bytes = bytes;
	writer->feature[n].size = size;
	writer->feature_count++;
	return 0;
}

/* The table of sections, in the order of their bits, then the sections. */
static int finish_features(struct writer *writer)
{
	uint64_t table = writer->data_offset + writer->data_size;
	uint64_t body = table + writer->feature_count * sizeof(struct perf_file_section);

	for (uint32_t bit = 0; bit < HEADER_FEATURES; bit++)
		for (uint32_t i = 0; i < writer->feature_count; i++) {
			struct perf_file_section section = { body, writer->feature[i].size };

			if (writer->feature[i].bit != bit || writer->error)
				continue;
			put(writer, writer->feature[i].bytes, section.size, body);
			put(writer, &section, sizeof(section), table);
			table += sizeof(section);
			body += section.size;
			writer->features[bit / 64] |= 1ull << bit % 64;
		}
	return writer->error;
}

int writer_finish(struct writer *writer)
{
	if (writer_commit(writer) || writer->stream)
		return writer->error;
	if (finish_features(writer))
		return writer->error;
	return put(writer, writer->features, sizeof(writer->features),
		offsetof(struct perf_file_header, features));
}
