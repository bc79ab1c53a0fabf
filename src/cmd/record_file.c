#include "cmd/record_file.h"
#include "cmd/guard.h"
#include "cmd/record_stacks.h"

#include "access/caller.h"
#include "base/message.h"
#include "capture/provenance.h"
#include "capture/tracing.h"
#include "data/body.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int record_file_failed(const struct record_file *file)
{
	return message_fail("%s: writing failed: %s; it is whole up to %" PRIu64
			    " bytes of records",
		file->output.path, strerror(-file->writer.error), file->writer.committed);
}

int record_file_open(struct record_file *file, const char *path)
{
	enum output_status status = output_open(&file->output, path);

	if (status == OUTPUT_OK && file->output.created)
		guard_give(file->output.fd, path);
	if (status == OUTPUT_OK)
		return 0;
	return message_fail("%s %s%s%s", path, output_text(status), file->output.error ? ": " : "",
		file->output.error ? strerror(file->output.error) : "");
}

/* The kernel's ids of an event's descriptors, by which its samples are known. */
static int collect_ids(const struct sampler *s, struct writer_event *event, int index)
{
	uint64_t *ids = arena_array(
		s->arena, uint64_t, (size_t)s->target.cpu_count * s->target.thread_count);

	event->ids = ids;
	if (!ids)
		return message_fail("the table of event ids does not fit; give more with --memory");
	for (uint32_t cpu = 0; cpu < s->target.cpu_count; cpu++)
		for (uint32_t thread = 0; thread < s->target.thread_count; thread++) {
			int fd = session_fd(&s->session, index, cpu, thread);
			int error = fd < 0 ? 0 : session_id(fd, &ids[event->id_count]);

			/* without it nobody could tell whose a sample is */
			if (error)
				return message_fail("%s: the kernel does not tell its id: %s",
					event->name, strerror(-error));
			event->id_count += fd >= 0;
		}
	return 0;
}

/* The attr as the file tells it: of stacks that are unwound nothing is stored. */
static const struct perf_event_attr *stored_attr(
	const struct record_file *file, const struct perf_event_attr *opened)
{
	struct perf_event_attr *stored;

	if (!file->unwinds || !(opened->sample_type & PERF_SAMPLE_STACK_USER))
		return opened;
	stored = arena_new(file->sampler->arena, struct perf_event_attr);
	if (stored)
		record_stacks_stored(stored, opened);
	return stored;
}

static int collect_events(struct record_file *file)
{
	const struct sampler *s = file->sampler;

	file->events = arena_array(s->arena, struct writer_event, (size_t)s->events.count);
	if (!file->events)
		return message_fail("the table of events does not fit; give more with --memory");
	for (int i = 0; i < s->events.count; i++) {
		struct writer_event *event = &file->events[i];

		event->name = s->events.at[i].name;
		event->attr = stored_attr(file, &s->events.at[i].attr);
		if (!event->attr)
			return message_fail("the attrs do not fit; give more with --memory");
		if (collect_ids(s, event, i))
			return 1;
	}
	return 0;
}

/* What a mapping's build ID is may have to be told at the end. */
static void see_mapping(struct record_file *file, const struct perf_event_header *mapping)
{
	const struct sampler *s = file->sampler;
	struct record record;

	if (record_decode(&record, mapping, &s->events.at[s->sideband].attr) == RECORD_OK)
		buildids_add(&file->buildids, &record.mmap);
}

void record_file_sideband(struct record_file *file, const struct perf_event_header *header)
{
	if (file->carry && !file->tells)
		carry_add(file->carry, header);
	if (file->latest && !file->tells) {
		if (file->unwinds)
			record_stacks_rewrite.sideband(NULL, header);
		return;
	}
	if (header->type == PERF_RECORD_MMAP2)
		see_mapping(file, header);
}

/* Synthesized records on their way to the file. */
static int emit_records(void *context, const void *records, size_t size)
{
	struct record_file *file = context;
	struct iovec part = { (void *)records, size };
	const char *at = records, *end = at + size;

	while (at < end) {
		const struct perf_event_header *header = (const void *)at;

		record_file_sideband(file, header);
		at += header->size;
	}
	if (file->unwinds && !file->tells && !file->latest)
		record_stacks_tell(records, size);
	return file->latest && !file->tells ? 0 : writer_records(&file->writer, &part, 1);
}

/* record_stacks may have had its own use of it. */
static void aim(struct record_file *file)
{
	file->synthesize.attr = &file->sampler->events.at[file->sampler->sideband].attr;
	file->synthesize.emit = emit_records;
	file->synthesize.context = file;
	file->synthesize.data_maps = file->data_maps;
}

int record_file_tell(struct record_file *file)
{
	aim(file);
	file->tells = true;
	carry_tell(file->carry, &file->synthesize);
	file->tells = false;
	return file->writer.error ? record_file_failed(file) : 0;
}

static void tell_what_was_there(struct record_file *file)
{
	aim(file);
	caller_raise();
	if (!synthesize_kernel(&file->synthesize))
		synthesize_tasks(&file->synthesize, &file->sampler->target);
	caller_lower();
}

static uint32_t write_provenance(struct record_file *file, uint64_t first_ns, uint64_t last_ns)
{
	const struct sampler *s = file->sampler;
	struct provenance provenance = {
		.events = file->events,
		.event_count = (uint32_t)s->events.count,
		.groups = &s->events,
		.command_line = file->command_line,
		.first_ns = first_ns,
		.last_ns = last_ns,
	};

	if (file->tracing.size)
		writer_feature(&file->writer, HEADER_TRACING_DATA, file->tracing.bytes,
			file->tracing.size);
	return file->tracing.full + provenance_write(&provenance, &file->writer, s->arena);
}

/* Read early: in the sandbox tracefs is out of reach. */
static void keep_tracing(struct record_file *file)
{
	struct arena *arena = file->sampler->arena;
	size_t mark = arena->used;
	struct body *body = &file->tracing;

	*body = (struct body){ .cap = (arena->size - mark) / 4 & ~(size_t)15 };
	body->bytes = arena_take(arena, 1, body->cap);
	if (tracing_put(body, &file->sampler->events) && !body->full) {
		arena_trim(arena, mark, body->size);
	} else {
		body->size = 0;
		arena_back(arena, mark);
	}
}

/* A quarter of the memory for who lives, most of the rest to unwind with. */
static int begin_tables(struct record_file *file)
{
	struct sampler *s = file->sampler;
	struct record_stacks stacks = { file->events, &s->events, s->sideband, &file->synthesize };

	if (file->carry && carry_begin(file->carry, s->arena, s->arena->size / 4,
				   &s->events.at[s->sideband].attr))
		return message_fail("the tables of what lives do not fit; give more with --memory");
	if (file->unwinds && record_stacks_begin(&stacks, s->arena))
		return message_fail(
			"the tables to unwind with do not fit; give more with --memory");
	return 0;
}

int record_file_begin(struct record_file *file)
{
	struct sampler *s = file->sampler;
	int status = collect_events(file);

	if (status)
		return status;
	writer_begin(&file->writer, file->output.fd, file->output.stream, file->events,
		(uint32_t)s->events.count);
	keep_tracing(file);
	if (file->output.stream)
		write_provenance(file, 0, 0);
	status = begin_tables(file);
	if (status)
		return status;
	status = session_control(&s->session, s->sideband, PERF_EVENT_IOC_ENABLE);
	if (status)
		return message_fail("mappings cannot be recorded: %s", strerror(-status));
	file->mark = s->arena->used;
	buildids_begin(&file->buildids, s->arena);
	tell_what_was_there(file);
	writer_commit(&file->writer);
	return file->writer.error ? record_file_failed(file) : 0;
}

/* A section for what the records themselves do not tell. False where it does not fit. */
static bool write_build_ids(struct record_file *file)
{
	struct arena *arena = file->sampler->arena;
	size_t mark = arena->used;
	struct body body = { .cap = (arena->size - mark) / 2 & ~(size_t)15 };

	body.bytes = arena_take(arena, 1, body.cap);
	if (buildids_put(&file->buildids, &body) && !body.full)
		writer_feature(&file->writer, HEADER_BUILD_ID, body.bytes, body.size);
	if (body.full)
		arena_back(arena, mark);
	else
		arena_trim(arena, mark, body.size);
	return !body.full && !file->buildids.dropped;
}

int record_file_end(struct record_file *file, uint64_t first_ns, uint64_t last_ns)
{
	uint32_t left_out = 0;

	if (!file->output.stream)
		left_out = !write_build_ids(file) + write_provenance(file, first_ns, last_ns);
	if (left_out)
		message("%u sections about the machine did not fit; give more with --memory",
			left_out);
	return writer_finish(&file->writer) ? record_file_failed(file) : 0;
}

static int open_next(struct record_file *file)
{
	struct writer *writer = &file->writer;
	int fd;

	do
		fd = output_next(&file->output);
	while (fd == -ENOSPC && writer->make_room && writer->make_room(writer->context));
	return fd;
}

/* The next file has its header before it gets the name, so that what is called so is whole. */
int record_file_next(struct record_file *file, uint64_t first_ns, uint64_t last_ns, uint64_t *stamp)
{
	struct sampler *s = file->sampler;
	int status = record_file_end(file, first_ns, last_ns), fd, error;

	if (status)
		return status;
	fd = open_next(file);
	if (fd < 0)
		return message_fail(
			"%s: the next file cannot be made: %s", file->output.path, strerror(-fd));
	if (writer_begin(&file->writer, fd, false, file->events, (uint32_t)s->events.count))
		return record_file_failed(file);
	error = output_keep(&file->output, stamp, fd);
	if (error)
		return message_fail(
			"%s: cannot be renamed: %s", file->output.path, strerror(-error));
	arena_back(s->arena, file->mark);
	buildids_begin(&file->buildids, s->arena);
	status = file->latest ? 0 : record_file_tell(file);
	writer_commit(&file->writer);
	return status;
}
