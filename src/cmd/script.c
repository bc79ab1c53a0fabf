#include "cmd/cmd.h"
#include "cmd/guard.h"

#include "arch.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/number.h"
#include "base/option.h"
#include "base/out.h"
#include "data/feature.h"
#include "data/order.h"
#include "profile/recording.h"
#include "profile/resolve.h"
#include "view/header_text.h"
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

#define MEMORY_BYTES (64ull << 20)
#define ORDER_SHARE 4 /* of the arena, for records that wait for their turn */

static const char *input = "perf.data", *fields_text, *times, *comms, *pids, *tids;
static const char *symfs, *kallsyms;
static bool show_header, header_only, demangle = true, nanoseconds, verbose, no_chains;
static uint64_t memory = MEMORY_BYTES;

static const struct option options[] = {
	{ OPTION_STRING, 'i', "input", &input, "FILE",
		"the recording (perf.data); -: standard input", NULL },
	{ OPTION_STRING, 'F', "fields", &fields_text, "FIELD,...", "what to show of each sample",
		NULL },
	{ OPTION_FLAG, 'G', "hide-call-graph", &no_chains, NULL, "the sampled address only", NULL },
	{ OPTION_FLAG, 0, "ns", &nanoseconds, NULL, "times to the nanosecond", NULL },
	{ OPTION_STRING, 0, "time", &times, "FROM,TO", "only this time, in seconds as recorded",
		NULL },
	{ OPTION_STRING, 0, "comms", &comms, "NAME,...", "only these commands", NULL },
	{ OPTION_STRING, 0, "pid", &pids, "PID,...", "only these processes", NULL },
	{ OPTION_STRING, 0, "tid", &tids, "TID,...", "only these threads", NULL },
	{ OPTION_FLAG, 0, "header", &show_header, NULL, "what the file says of itself, first",
		NULL },
	{ OPTION_FLAG, 0, "header-only", &header_only, NULL, "that and nothing else", NULL },
	{ OPTION_STRING, 0, "symfs", &symfs, "DIR", "look for images below DIR", NULL },
	{ OPTION_STRING, 0, "kallsyms", &kallsyms, "FILE", "kernel symbols, not /proc/kallsyms",
		NULL },
	{ OPTION_FLAG, 0, "demangle", &demangle, NULL, "C++ and Rust names as written (default)",
		NULL },
	{ OPTION_BYTES, 0, "memory", &memory, "SIZE", "memory for tables (64M)", NULL },
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "tell of memory", NULL },
	{ OPTION_FLAG, 0, "inline", NULL, NULL, NULL, NULL },
	{ OPTION_FLAG, 'f', "force", NULL, NULL, NULL, NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct arena arena;
static struct reader reader;
static struct recording recording;
static struct order order;
static struct script script;
static struct tracing tracing;
static uint64_t from_ns, until_ns;
static uint32_t *event_fields; /* by the reader's attrs */
static const char **event_names;
static uint64_t orphaned, broken;

static bool in_list(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (; *list; list += *list == ',') {
		size_t length = strcspn(list, ",");

		if (length == size && !strncmp(list, word, size))
			return true;
		list += length;
	}
	return false;
}

static bool number_in_list(const char *list, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	return in_list(list, text);
}

static int fail(enum reader_status status)
{
	if (reader.error)
		return message_fail(
			"%s %s: %s", input, reader_text(status), strerror(reader.error));
	return message_fail("%s %s", input, reader_text(status));
}

static int open_input(void)
{
	int fd = strcmp(input, "-") ? open(input, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	enum reader_status status;
	int err;

	if (fd < 0)
		return message_fail("%s: %s%s", input, strerror(errno),
			errno == ENOENT ? "; record something first, or name a file with -i" : "");
	err = arena_reserve(&arena, memory);
	if (err)
		return message_fail("--memory %" PRIu64 ": %s", memory, strerror(-err));
	status = guard_reader_open(&reader, fd, &arena,
		&(struct guard){
			.use = SANDBOX_OPENS,
			.symfs = symfs,
			.kallsyms = kallsyms,
			.verbose = verbose,
		});
	return status ? fail(status) : 0;
}

/* A reading that ended early has been shown as far as it went: that is no success. */
static int ended(enum reader_status status)
{
	if (status == READER_END)
		return 0;
	if (status == READER_CUT && reader.notes & (READER_NOTE_UNFINISHED | READER_NOTE_DATA_CUT))
		return 0;
	return fail(status);
}

static int choose_times(void)
{
	char text[32];
	const char *comma = times ? strchr(times, ',') : NULL;
	int from = 0, until = 0;

	if (!times)
		return 0;
	snprintf(text, sizeof(text), "%.*s", comma ? (int)(comma - times) : 31, times);
	if (*text)
		from = number_seconds(text, &from_ns);
	if (comma && comma[1])
		until = number_seconds(comma + 1, &until_ns);
	if (from || until || (until_ns && until_ns < from_ns))
		return message_usage(
			"--time %s: want seconds as script shows them: FROM,TO or FROM, or ,TO",
			times);
	return 0;
}

static int field_of(const char *name, size_t length)
{
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (strlen(script_fields[i].name) == length &&
			!strncmp(script_fields[i].name, name, length))
			return i;
	return -1;
}

/* "a,b" or "+a,-b": what is asked for, and what not; -1 after a message. */
static int parse_fields(uint32_t *wanted, uint32_t *unwanted, bool *change)
{
	const char *at = fields_text;

	*change = *at == '+' || *at == '-';
	for (; *at; at += *at == ',') {
		bool minus = *at == '-';
		size_t length;
		int field;

		at += *at == '+' || *at == '-';
		length = strcspn(at, ",");
		field = field_of(at, length);
		if (field < 0)
			return message_usage(
				"'%.*s' is no field; see perfbox script --help", (int)length, at);
		*(minus ? unwanted : wanted) |= 1u << field;
		at += length;
	}
	return 0;
}

/* The first event of the same type: what it recorded is what is shown of all of them, as in perf.
 */
static uint32_t first_of_type(uint32_t event)
{
	uint32_t first = 0;

	while (reader.attrs[first].attr.type != reader.attrs[event].attr.type)
		first++;
	return first;
}

/* The first event of each type must have recorded what was asked for. */
static int check_fields(uint32_t event, uint32_t wanted)
{
	uint64_t type = reader.attrs[event].attr.sample_type;

	if (first_of_type(event) != event)
		return 0;
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (wanted & 1u << i && script_fields[i].needs && !(type & script_fields[i].needs))
			return message_fail("the samples of %s hold no %s; leave it out of -F",
				reader.attrs[event].name ? reader.attrs[event].name : "the event",
				script_fields[i].name);
	return 0;
}

static int choose_fields(void)
{
	uint32_t wanted = 0, unwanted = 0;
	bool any_chains = false, change = true;
	int status = fields_text ? parse_fields(&wanted, &unwanted, &change) : 0;

	for (uint32_t i = 0; i < reader.attr_count; i++)
		any_chains |= reader.attrs[i].attr.type == PERF_TYPE_TRACEPOINT &&
			      reader.attrs[i].attr.sample_type & PERF_SAMPLE_CALLCHAIN;
	for (uint32_t i = 0; i < reader.attr_count && !status; i++) {
		uint32_t usual = script_default(&reader.attrs[first_of_type(i)].attr, any_chains);

		event_fields[i] = ((change ? usual : 0) | wanted) & ~unwanted;
		status = check_fields(i, wanted);
	}
	return status;
}

static int name_events(void)
{
	char text[1024], safe[1024];
	int width = 0;

	event_fields = arena_array(&arena, uint32_t, reader.attr_count);
	event_names = arena_array(&arena, const char *, reader.attr_count);
	if (!event_fields || !event_names)
		return message_fail("--memory %" PRIu64 " is too small to begin with", memory);
	for (uint32_t i = 0; i < reader.attr_count; i++) {
		const char *name = reader.attrs[i].name;
		int size = (int)strlen(name ? name : "unknown");

		width = size > width ? size : width;
	}
	for (uint32_t i = 0; i < reader.attr_count; i++) {
		const char *name = reader.attrs[i].name;

		snprintf(text, sizeof(text), "%*s: ", width, name ? name : "unknown");
		escape_text(safe, sizeof(safe), text, 0);
		event_names[i] = arena_copy(&arena, safe, strlen(safe));
		if (!event_names[i])
			return message_fail("--memory %" PRIu64 " is too small", memory);
	}
	return 0;
}

static const struct arch *recorded_arch(void)
{
	char text[256];
	struct span s = reader_feature(&reader, HEADER_ARCH, text, sizeof(text) - 1);
	const char *machine = feature_string(&s);

	return *machine ? arch_find(machine) : arch_host;
}

static void resolve(void)
{
	struct resolve_options o = {
		.symfs = symfs,
		.kallsyms = kallsyms,
		.foreign = recording_elsewhere(&reader),
		.raw = !demangle,
	};
	struct resolve_result result;

	resolve_images(&recording.images, &o, &result);
	if (result.dropped)
		message("%" PRIu32 " symbols found no room; see --memory", result.dropped);
}

/* What is known of a sample that is shown; false where it is not. `record` may be a copy. */
static bool take(struct sample *sample, int event)
{
	if (event < 0) {
		orphaned++;
		return false;
	}
	if (sample_decode(sample, reader.record, &reader.attrs[event].attr) == SAMPLE_SHORT) {
		broken++;
		return false;
	}
	if (no_chains)
		sample->type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
	return sample->time_ns >= from_ns && (!until_ns || sample->time_ns <= until_ns) &&
	       (!pids || number_in_list(pids, sample->pid)) &&
	       (!tids || number_in_list(tids, sample->tid));
}

static enum reader_status collect_places(void)
{
	enum reader_status status;
	struct sample sample;

	reader_rewind(&reader);
	while ((status = reader_next(&reader)) == READER_OK) {
		int event;

		if (reader.record->type != PERF_RECORD_SAMPLE)
			continue;
		event = reader_event(&reader);
		if (take(&sample, event))
			script_places(&script, &reader.attrs[event], event_fields[event], &sample,
				recording_time(&recording, sample.time_ns));
	}
	return status;
}

static void show(void)
{
	int event = reader_event(&reader);
	uint64_t time_ns;
	struct sample sample;

	if (!take(&sample, event))
		return;
	time_ns = recording_time(&recording, sample.time_ns);
	if (comms && !in_list(comms, process_comm(&recording.processes, sample.tid, time_ns).name))
		return;
	script_sample(&script, &reader.attrs[event], event_names[event], event_fields[event],
		&sample, time_ns);
}

static void show_due(void)
{
	const struct perf_event_header *record;

	while ((record = order_next(&order)) && !out.error) {
		reader.record = record;
		show();
	}
}

static void put(uint64_t time_ns)
{
	const struct perf_event_header *record = reader.record;

	while (!order_put(&order, record, time_ns))
		show_due();
}

/* The time of the sample just read, 0 where it has none. */
static uint64_t sample_time(int event)
{
	const uint64_t *words = (const uint64_t *)(const void *)(reader.record + 1);
	const uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	int place;

	if (event < 0)
		return 0;
	place = __builtin_popcountll(reader.attrs[event].attr.sample_type & before);
	return 8u * (unsigned)place + 16 <= reader.record->size ? words[place] : 0;
}

static enum reader_status show_samples(void)
{
	enum reader_status status = READER_END;

	reader_rewind(&reader);
	while (!out.error && (status = reader_next(&reader)) == READER_OK) {
		if (reader.record->type == PERF_RECORD_FINISHED_ROUND) {
			order_round(&order);
			show_due();
		} else if (reader.record->type == PERF_RECORD_SAMPLE) {
			if (recording.timed)
				put(sample_time(reader_event(&reader)));
			else
				show();
		}
	}
	order_end(&order);
	show_due();
	return out.error ? READER_END : status;
}

static void print_header(void)
{
	struct stat st = { 0 };

	fstat(reader.fd, &st);
	header_text(&out, &reader, st.st_mtime);
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
	if (recording.processes.dropped || recording.images.dropped)
		message("%" PRIu64 " mappings and names found no room; give more --memory",
			recording.processes.dropped + recording.images.dropped);
	if (verbose)
		message("memory: %zu of %zu KiB used, %" PRIu32 " places, %" PRIu32 " texts",
			arena.used >> 10, arena.size >> 10, recording.images.place_count,
			script.frames.count);
}

#define TRACING_BYTES (16u << 20) /* what is behind the formats may be left out */

/* In a pipe the section follows the record that announces it. */
static struct perf_file_section tracing_section(void)
{
	struct perf_file_section section = reader.features[HEADER_TRACING_DATA];

	if (!reader.pipe)
		return section;
	reader_rewind(&reader);
	while (reader_next(&reader) == READER_OK)
		if (reader.record->type == PERF_RECORD_HEADER_TRACING_DATA)
			return (struct perf_file_section){
				reader.record_offset + reader.record->size, reader.payload
			};
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
	bytes = arena_take(&arena, 1, size);
	got = bytes ? reader_bytes(&reader, section.offset, bytes, size) : 0;
	if (got <= 0 || !tracing_parse(&tracing, span_of(bytes, (size_t)got), &arena))
		message("what %s says of its tracepoints is not understood: not all of their "
			"fields are shown",
			input);
	script.tracing = &tracing;
}

static int load(void)
{
	int status;

	if (!recording_init_flat(&recording, &reader, &arena) ||
		!order_init(&order, &arena, arena.size / ORDER_SHARE) ||
		!chains_collapse(&recording.chains, &arena) ||
		!script_init(&script, &out, &recording.chains, &arena))
		return message_fail("--memory %" PRIu64 " is too small to begin with", memory);
	recording.processes.before_exec = true;
	load_tracing();
	script.arch = recorded_arch();
	script.nanoseconds = nanoseconds;
	status = name_events();
	if (!status)
		status = choose_fields();
	if (!status)
		status = ended(recording_sideband(&recording));
	return status;
}

int cmd_script(int argc, char **argv)
{
	int status = option_parse(argc, argv, options, usage, false);

	if (status < 0)
		return -status;
	if (status > 0)
		return message_usage("'%s': scripts are not run, see --help", argv[0]);
	status = open_input();
	if (!status)
		status = choose_times();
	if (status)
		return status;
	out_begin(&out, STDOUT_FILENO);
	if (show_header || header_only)
		print_header();
	if (!header_only)
		status = load();
	if (!header_only && !status) {
		status = ended(collect_places());
		resolve();
		orphaned = broken = 0;
		status |= ended(show_samples());
		say_losses();
	}
	if (out_flush(&out) && out.error != EPIPE)
		return message_fail("writing: %s", strerror(out.error));
	return status;
}
