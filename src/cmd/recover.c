#include "cmd/cmd.h"
#include "cmd/guard.h"

#include "base/arena.h"
#include "base/message.h"
#include "base/option.h"
#include "data/body.h"
#include "data/output.h"
#include "data/reader.h"
#include "data/sample.h"
#include "data/writer.h"
#include "view/event_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

static const char usage[] =
	"Usage: perfbox recover [OPTION...] IN OUT\n"
	"\n"
	"Takes what is whole from a recording that was cut off (a killed perf record, a full disk, "
	"a\n"
	"power failure, half a stream) and writes it as a recording of its own, which perf reads "
	"too.\n"
	"What the end of the file would have told is rebuilt as far as the records tell it.\n"
	"\n";

#define MEMORY_BYTES (64ull << 20)
#define BATCH_BYTES (256u << 10)
#define NAME_BYTES 64 /* of an event that the file does not name */

static bool verbose;
static uint64_t memory = MEMORY_BYTES;

static const struct option options[] = {
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "tell of the sandbox", NULL },
	{ OPTION_BYTES, 0, "memory", &memory, "SIZE", "memory for tables (64M)", NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

static struct arena arena;
static struct reader reader;
static struct writer writer;
static struct output output;
static struct sample sample;
static struct writer_event *events;

static struct {
	uint64_t records, samples;
	uint64_t first_ns, last_ns;
	uint32_t kept, rebuilt; /* feature sections */
	size_t used;
	char batch[BATCH_BYTES];
} done;

static int flush(void)
{
	struct iovec part = { done.batch, done.used };

	done.used = 0;
	if (part.iov_len && writer_records(&writer, &part, 1))
		return writer.error;
	return writer_commit(&writer);
}

static int put(const void *bytes, size_t size)
{
	if (size > sizeof(done.batch) - done.used && flush())
		return writer.error;
	memcpy(done.batch + done.used, bytes, size);
	done.used += size;
	return 0;
}

/* What a stream says by records stands in the header of a file. */
static bool belongs_to_header(uint32_t type)
{
	return type == PERF_RECORD_HEADER_ATTR || type == PERF_RECORD_HEADER_EVENT_TYPE ||
	       type == PERF_RECORD_HEADER_TRACING_DATA || type == PERF_RECORD_HEADER_FEATURE;
}

static void see_time(void)
{
	int event = reader_event(&reader);
	uint64_t time_ns;

	done.samples++;
	if (event < 0 || sample_decode(&sample, reader.record, &reader.attrs[event].attr))
		return;
	time_ns = sample.time_ns;
	if (time_ns && (!done.first_ns || time_ns < done.first_ns))
		done.first_ns = time_ns;
	if (time_ns > done.last_ns)
		done.last_ns = time_ns;
}

/* The trace that follows an AUXTRACE record; false where it is not all there. */
static bool copy_payload(uint64_t at, uint64_t size)
{
	while (size) {
		char piece[16384];
		size_t want = size < sizeof(piece) ? size : sizeof(piece);

		if (reader_bytes(&reader, at, piece, want) != (ssize_t)want || put(piece, want))
			return false;
		at += want;
		size -= want;
	}
	return true;
}

/* Copies record after record; how the recording ended. */
static enum reader_status copy_records(void)
{
	enum reader_status status;
	uint64_t payload = 0;

	while ((status = reader_next(&reader)) == READER_OK && !writer.error) {
		uint16_t size = reader.record->size;

		if (belongs_to_header(reader.record->type))
			continue;
		if (reader.record->type == PERF_RECORD_SAMPLE)
			see_time();
		put(reader.record, size);
		done.records++;
		payload = reader.payload_bytes - payload;
		if (payload && !copy_payload(reader.record_offset + size, payload))
			break;
		payload = reader.payload_bytes;
	}
	flush();
	return status;
}

static void keep_features(void)
{
	for (uint32_t bit = 0; bit < HEADER_FEATURES; bit++) {
		const struct perf_file_section *section = &reader.features[bit];
		char *bytes = NULL;

		if (!section->offset)
			continue;
		if (section->size <= arena.size - arena.used)
			bytes = arena_take(&arena, 1, section->size);
		if (!bytes)
			message("a section of %" PRIu64
				" bytes about the machine does not fit; give "
				"more with --memory",
				section->size);
		else if (reader_bytes(&reader, section->offset, bytes, section->size) ==
				 (ssize_t)section->size &&
			 !writer_feature(&writer, bit, bytes, section->size))
			done.kept++;
	}
}

static void rebuild(uint32_t bit, void (*fill)(struct body *body))
{
	size_t mark = arena.used;
	struct body body = { .cap = (arena.size - mark) / 2 & ~(size_t)15 };

	if (reader.features[bit].offset)
		return;
	body.bytes = arena_take(&arena, 1, body.cap);
	fill(&body);
	if (body.full || !body.size) {
		arena_back(&arena, mark);
		return;
	}
	arena_trim(&arena, mark, body.size);
	done.rebuilt += !writer_feature(&writer, bit, body.bytes, body.size);
}

static void fill_times(struct body *body)
{
	if (!done.last_ns)
		return;
	body_u64(body, done.first_ns);
	body_u64(body, done.last_ns);
}

static void fill_events(struct body *body)
{
	writer_event_desc(body, events, reader.attr_count);
}

/* An attr of any age, as long as the fields we know and no shorter than the shortest we write. */
static void fit_attr(struct perf_event_attr *attr, uint32_t size)
{
	attr->size = size < PERF_ATTR_SIZE_VER5 ? PERF_ATTR_SIZE_VER5
		     : size > sizeof(*attr)	? (uint32_t)sizeof(*attr)
						: size;
}

static int begin(void)
{
	char(*names)[NAME_BYTES] = arena_take(&arena, reader.attr_count, NAME_BYTES);

	events = arena_array(&arena, struct writer_event, reader.attr_count);
	if (!events || !names)
		return message_fail("the events do not fit; give more with --memory");
	for (uint32_t i = 0; i < reader.attr_count; i++) {
		struct reader_attr *from = &reader.attrs[i];

		fit_attr(&from->attr, from->file_size);
		event_name(names[i], NAME_BYTES, &from->attr);
		events[i] = (struct writer_event){ &from->attr, from->ids, from->id_count,
			from->name ? from->name : names[i] };
	}
	writer_begin(&writer, output.fd, output.stream, events, reader.attr_count);
	return 0;
}

static int recover(const char *in)
{
	enum reader_status end;
	uint64_t left;

	if (begin())
		return 1;
	end = copy_records();
	left = reader.data.offset + reader.data.size - reader.next;
	keep_features();
	rebuild(HEADER_EVENT_DESC, fill_events);
	rebuild(HEADER_SAMPLE_TIME, fill_times);
	if (writer_finish(&writer))
		return message_fail("%s: writing failed: %s", output.path, strerror(-writer.error));
	if (end != READER_END)
		message("%s %s; %" PRIu64 " bytes from byte %" PRIu64 " on are left out", in,
			reader_text(end), left, reader.next);
	message("%" PRIu64 " records, %" PRIu64 " samples, %u sections kept, %u rebuilt, %s",
		done.records, done.samples, done.kept, done.rebuilt, output.path);
	return 0;
}

static int open_input(const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : 0;

	return fd < 0 ? -message_fail("%s cannot be opened: %s", path, strerror(errno)) : fd;
}

static int output_failed(enum output_status status)
{
	if (status == OUTPUT_OK)
		return 0;
	return message_fail("%s %s%s%s", output.path, output_text(status), output.error ? ": " : "",
		output.error ? strerror(output.error) : "");
}

static enum output_status make_output(const char *path)
{
	enum output_status status = output_open_aside(&output, path);

	if (!status && output.created)
		guard_give(output.fd, path);
	return status;
}

static int read_and_write(const char *in, int fd)
{
	enum reader_status status = guard_reader_open(&reader, fd, &arena,
		&(struct guard){
			.use = SANDBOX_REPLACES,
			.output = output.path,
			.made = &output,
			.verbose = verbose,
		});

	if (status)
		return message_fail("%s %s%s%s", in, reader_text(status), reader.error ? ": " : "",
			reader.error ? strerror(reader.error) : "");
	return output_failed(output_place(&output)) ? 1 : recover(in);
}

int cmd_recover(int argc, char **argv)
{
	int operands = option_parse(argc, argv, options, usage, false);
	int status, fd;

	if (operands < 0)
		return -operands;
	if (operands != 2)
		return message_usage("two files are needed: IN and OUT; see --help");
	if (arena_reserve(&arena, memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", memory);
	fd = open_input(argv[0]);
	if (fd < 0 || output_failed(make_output(argv[1])))
		return 1;
	status = read_and_write(argv[0], fd);
	if (status)
		output_discard(&output);
	return status;
}
