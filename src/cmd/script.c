#include "cmd/cmd.h"
#include "cmd/input.h"
#include "cmd/script_dump.h"
#include "cmd/script_fields.h"

#include "base/escape.h"
#include "base/message.h"
#include "base/out.h"
#include "data/order.h"
#include "view/event_name.h"
#include "view/script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox script [OPTION...]\n"
	"\n"
	"Writes every sample of a recording as text, in the order of time, laid out as perf "
	"script\n"
	"does: for stackcollapse-perf.pl, inferno, speedscope, awk and others.\n"
	"\n"
	"Fields: comm, pid (the process), tid, cpu, misc, time, period, event, trace, addr, "
	"weight, "
	"ip,\n"
	"sym, symoff, dso, iregs, uregs, brstack, brstacksym, phys_addr, data_page_size, "
	"code_page_size. \"+FIELD\" adds one to what "
	"is\n"
	"shown by default, \"-FIELD\" takes it away.\n";

#define ORDER_SHARE 4 /* of the arena, for records that wait for their turn */

static struct option_list field_texts;
static const char *comms, *pids, *tids;
static bool nanoseconds, no_chains, dump;

static const struct option options[] = {
	INPUT_PATH,
	{ OPTION_LIST, 'F', "fields", &field_texts, "[TYPE:]FIELD,...",
		"what to show of each sample; of events of TYPE hw, sw, trace, raw, break", NULL },
	{ OPTION_FLAG, 'G', "hide-call-graph", &no_chains, NULL, "the sampled address only", NULL },
	{ OPTION_FLAG, 0, "ns", &nanoseconds, NULL, "times to the nanosecond", NULL },
	INPUT_TIME,
	{ OPTION_STRING, 0, "comms", &comms, "NAME,...", "only these commands", NULL },
	{ OPTION_STRING, 0, "pid", &pids, "PID,...", "only these processes", NULL },
	{ OPTION_STRING, 0, "tid", &tids, "TID,...", "only these threads", NULL },
	INPUT_HEADER,
	INPUT_FILES,
	{ OPTION_FLAG, 'D', "dump-raw-trace", &dump, NULL,
		"every record as bytes; AMD IBS and Arm SPE decoded", NULL },
	{ OPTION_FLAG, 'v', "verbose", &input.verbose, NULL, "tell of memory", NULL },
	{ OPTION_FLAG, 0, "inline", NULL, NULL, NULL, NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct order order;
static struct script script;
static struct tracing tracing;
static uint32_t *event_fields; /* by the reader's attrs */
static const char **event_names;
static uint64_t orphaned, broken;

static void name_event(char *to, size_t cap, uint32_t event)
{
	const struct reader_attr *a = &input.reader.attrs[event];

	if (a->name)
		snprintf(to, cap, "%s", a->name);
	else
		event_name(to, cap, &a->attr);
}

/* Names stand below each other. */
static int name_events(void)
{
	char name[1000], text[1024], safe[1024];
	int width = 0;

	event_fields = arena_array(&input.arena, uint32_t, input.reader.attr_count);
	event_names = arena_array(&input.arena, const char *, input.reader.attr_count);
	if (!event_fields || !event_names)
		return message_fail(
			"--memory %" PRIu64 " is too small to begin with", input.memory);
	for (uint32_t i = 0; i < input.reader.attr_count; i++) {
		name_event(name, sizeof(name), i);
		width = (int)strlen(name) > width ? (int)strlen(name) : width;
	}
	for (uint32_t i = 0; i < input.reader.attr_count; i++) {
		name_event(name, sizeof(name), i);
		snprintf(text, sizeof(text), "%*s: ", width, name);
		escape_text(safe, sizeof(safe), text, 0);
		event_names[i] = arena_copy(&input.arena, safe, strlen(safe));
		if (!event_names[i])
			return message_fail("--memory %" PRIu64 " is too small", input.memory);
	}
	return 0;
}

/* What is known of a sample that is shown; false where it is not. `record` may be a copy. */
static bool take(struct sample *sample, int event)
{
	if (event < 0) {
		orphaned++;
		return false;
	}
	if (sample_decode(sample, input.reader.record, &input.reader.attrs[event].attr) ==
		SAMPLE_SHORT) {
		broken++;
		return false;
	}
	return event_fields[event] && sample->time_ns >= input.from_ns &&
	       (!input.until_ns || sample->time_ns <= input.until_ns) &&
	       (!pids || input_number_in_list(pids, sample->pid)) &&
	       (!tids || input_number_in_list(tids, sample->tid));
}

/* Stacks that were copied become call chains, unless only the address is wanted. */
static void unwind(struct sample *sample, int event, uint64_t time_ns)
{
	bool wanted = event_fields[event] & (1u << SCRIPT_IP | 1u << SCRIPT_SYM | 1u << SCRIPT_DSO);

	if (no_chains)
		sample->type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
	else if (input.recording.unwinder && sample->type & PERF_SAMPLE_STACK_USER && wanted)
		unwind_sample(input.recording.unwinder, sample, time_ns, UNWIND_DEPTH_MAX);
}

static void collect_places(void)
{
	struct sample sample;

	reader_rewind(&input.reader);
	while (reader_next(&input.reader) == READER_OK) {
		uint64_t time_ns;
		int event;

		if (input.reader.record->type != PERF_RECORD_SAMPLE)
			continue;
		event = reader_event(&input.reader);
		if (!take(&sample, event))
			continue;
		time_ns = recording_time(&input.recording, sample.time_ns);
		unwind(&sample, event, time_ns);
		script_places(
			&script, &input.reader.attrs[event], event_fields[event], &sample, time_ns);
	}
}

static void show(void)
{
	int event = reader_event(&input.reader);
	uint64_t time_ns;
	struct sample sample;

	if (!take(&sample, event))
		return;
	time_ns = recording_time(&input.recording, sample.time_ns);
	if (comms && !input_in_list(comms,
			     process_comm(&input.recording.processes, sample.tid, time_ns).name))
		return;
	unwind(&sample, event, time_ns);
	script_sample(&script, &input.reader.attrs[event], event_names[event], event_fields[event],
		&sample, time_ns);
}

static void show_due(void)
{
	const struct perf_event_header *record;

	while ((record = order_next(&order)) && !out.error) {
		input.reader.record = record;
		show();
	}
}

static void put(uint64_t time_ns)
{
	const struct perf_event_header *record = input.reader.record;

	while (!order_put(&order, record, time_ns))
		show_due();
}

/* The time of the sample just read, 0 where it has none. */
static uint64_t sample_time(int event)
{
	const uint64_t *words = (const uint64_t *)(const void *)(input.reader.record + 1);
	const uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	int place;

	if (event < 0)
		return 0;
	place = __builtin_popcountll(input.reader.attrs[event].attr.sample_type & before);
	return 8u * (unsigned)place + 16 <= input.reader.record->size ? words[place] : 0;
}

static enum reader_status show_samples(void)
{
	enum reader_status status = READER_END;

	reader_rewind(&input.reader);
	while (!out.error && (status = reader_next(&input.reader)) == READER_OK) {
		if (input.reader.record->type == PERF_RECORD_FINISHED_ROUND) {
			order_round(&order);
			show_due();
		} else if (input.reader.record->type == PERF_RECORD_SAMPLE) {
			if (input.recording.timed)
				put(sample_time(reader_event(&input.reader)));
			else
				show();
		}
	}
	order_end(&order);
	show_due();
	return out.error ? READER_END : status;
}

static void say_losses(void)
{
	if (broken)
		message("%" PRIu64 " samples are shorter than their fields; they were left out",
			broken);
	if (orphaned)
		message("%" PRIu64 " samples belong to no event of the file; they were left out",
			orphaned);
	if (order.late)
		message("%" PRIu64 " samples come after later ones: %s", order.late,
			order.forced ? "there was no memory to wait for them; see --memory"
				     : "the file has them so");
	if (input.recording.processes.dropped || input.recording.images.dropped)
		message("%" PRIu64 " mappings and names found no room; give more --memory",
			input.recording.processes.dropped + input.recording.images.dropped);
	if (input.verbose)
		message("memory: %zu of %zu KiB used, %" PRIu32 " places, %" PRIu32 " texts",
			input.arena.used >> 10, input.arena.size >> 10,
			input.recording.images.place_count, script.frames.count);
}

#define TRACING_BYTES (16u << 20) /* what is behind the formats may be left out */

/* In a pipe the section follows the record that announces it. */
static struct perf_file_section tracing_section(void)
{
	struct perf_file_section section = input.reader.features[HEADER_TRACING_DATA];

	if (!input.reader.pipe)
		return section;
	reader_rewind(&input.reader);
	while (reader_next(&input.reader) == READER_OK)
		if (input.reader.record->type == PERF_RECORD_HEADER_TRACING_DATA)
			return (struct perf_file_section){ input.reader.record_offset +
								   input.reader.record->size,
				input.reader.payload };
	return section;
}

static void load_tracing(void)
{
	struct perf_file_section section = tracing_section();
	size_t size = section.size < TRACING_BYTES ? section.size : TRACING_BYTES;
	ssize_t got;
	void *bytes;

	if (!section.offset)
		return;
	bytes = arena_take(&input.arena, 1, size);
	got = bytes ? reader_bytes(&input.reader, section.offset, bytes, size) : 0;
	if (got <= 0 || !tracing_parse(&tracing, span_of(bytes, (size_t)got), &input.arena))
		message("what %s says of its tracepoints is not understood: not all of their "
			"fields are shown",
			input.path);
	script.tracing = &tracing;
}

static int load(void)
{
	enum reader_status read;
	int status;

	if (!recording_init_flat(&input.recording, &input.reader, &input.arena) ||
		!order_init(&order, &input.arena, input.arena.size / ORDER_SHARE) ||
		!chains_collapse(&input.recording.chains, &input.arena) ||
		!script_init(&script, &out, &input.recording.chains, &input.arena))
		return message_fail(
			"--memory %" PRIu64 " is too small to begin with", input.memory);
	input.recording.processes.before_exec = true;
	load_tracing();
	script.arch = input_arch();
	script.nanoseconds = nanoseconds;
	status = name_events();
	if (!status)
		status = script_fields_choose(event_fields, &input.reader, &field_texts);
	if (status)
		return status;
	read = recording_sideband(&input.recording);
	if (read != READER_END && read != READER_CUT && read != READER_BROKEN)
		return input_fail(read);
	status = input_unwind();
	if (!status && input.recording.unwinder)
		input.recording.unwinder->calls = true; /* as perf */
	return status;
}

static int script_all(void)
{
	int status = load();

	if (status)
		return status;
	collect_places();
	input_resolve();
	orphaned = broken = 0;
	status = input_ended(show_samples());
	say_losses();
	return status;
}

int cmd_script(int argc, char **argv)
{
	int status;

	input_begin();
	status = option_parse(argc, argv, options, usage, false);
	if (status < 0)
		return -status;
	if (status > 0)
		return message_usage("'%s': scripts are not run, see --help", argv[0]);
	status = input_open((struct guard){ .use = SANDBOX_OPENS });
	if (status)
		return status;
	out_begin(&out, STDOUT_FILENO);
	if (input.header || input.header_only)
		input_print_header(&out);
	if (dump && !input.header_only)
		status = input_ended(script_dump(&out, &input.reader, input.path));
	else if (!input.header_only)
		status = script_all();
	if (out_flush(&out) && out.error != EPIPE)
		return message_fail("writing: %s", strerror(out.error));
	return status;
}
