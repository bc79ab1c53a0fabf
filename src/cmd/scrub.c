#include "cmd/cmd.h"
#include "cmd/guard.h"

#include "base/file.h"
#include "base/message.h"
#include "base/option.h"
#include "base/out.h"
#include "data/output.h"
#include "data/scrub.h"
#include "data/writer.h"
#include "profile/rebase.h"
#include "profile/symbolize.h"
#include "view/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox scrub --max-category N | --drop LIST | --anonymize | --symbolize\n"
	"                     [OPTION...] IN OUT\n"
	"\n"
	"Writes a recording that tells less, for perf and perfbox to read. Categories are those "
	"of\n"
	"perfbox inspect: 1 system, 2 names and times, 3 counters, 4a code addresses, 4b data\n"
	"addresses, 4c registers, 4d memory.\n"
	"What --drop takes: stacks, registers, raw, addresses, branches, callchains, ip, cpu, "
	"time,\n"
	"period, read. Hardware traces never come along.\n"
	"--anonymize gives host, command line, paths, processes, threads and cgroups other names,\n"
	"lets time begin at 0 and leaves out what is above 4a. Event names, kernel release, "
	"hardware\n"
	"and build IDs stay, so that symbols are found.\n"
	"--symbolize stores the names of functions, so that neither addresses nor files are "
	"needed\n"
	"to read it: addresses become numbers of names; mappings, build IDs and what is above 4a "
	"are\n"
	"left out. perf report shows the same functions by comm and symbol, all with the kernel's\n"
	"mark [k] and each as a shared object of its own; what has no name is its image's, "
	"[libx.so].\n"
	"\n";

#define MEMORY_BYTES (64ull << 20)
#define BATCH_BYTES (256u << 10)

static const char *category, *key_file, *symfs, *kallsyms;
static struct option_list drop;
static bool anonymize, symbolize, quiet, verbose;
static uint64_t memory = MEMORY_BYTES;

static const struct option options[] = {
	{ OPTION_STRING, 0, "max-category", &category, "N",
		"keep nothing above: 1, 2, 3, 4a, 4b, 4c", NULL },
	{ OPTION_LIST, 0, "drop", &drop, "LIST", "leave these out", NULL },
	{ OPTION_FLAG, 0, "anonymize", &anonymize, NULL, "other names for everything that has one",
		NULL },
	{ OPTION_STRING, 0, "key-file", &key_file, "FILE",
		"the same names each time; by default nobody has the key", NULL },
	{ OPTION_FLAG, 0, "symbolize", &symbolize, NULL, "names of functions for addresses", NULL },
	{ OPTION_STRING, 0, "symfs", &symfs, "DIR", "look for images below DIR", NULL },
	{ OPTION_STRING, 0, "kallsyms", &kallsyms, "FILE", "kernel symbols, not /proc/kallsyms",
		NULL },
	{ OPTION_BYTES, 0, "memory", &memory, "SIZE", "memory for tables (64M)", NULL },
	{ OPTION_FLAG, 'q', "quiet", &quiet, NULL, "do not tell what was left out", NULL },
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "tell of the sandbox", NULL },
	{ .kind = OPTION_END },
};

/* Words of --drop. */
static const struct {
	const char *word;
	uint32_t fields;
	uint8_t record;
} things[] = {
	{ "stacks", PERF_SAMPLE_STACK_USER, 0 },
	{ "registers", PERF_SAMPLE_REGS_USER | PERF_SAMPLE_REGS_INTR, 0 },
	{ "raw", PERF_SAMPLE_RAW, 0 },
	{ "addresses", PERF_SAMPLE_ADDR | PERF_SAMPLE_PHYS_ADDR, 0 },
	{ "branches", PERF_SAMPLE_BRANCH_STACK, 0 },
	{ "callchains", PERF_SAMPLE_CALLCHAIN, PERF_RECORD_CALLCHAIN_DEFERRED },
	{ "ip", PERF_SAMPLE_IP, 0 },
	{ "cpu", PERF_SAMPLE_CPU, 0 },
	{ "time", PERF_SAMPLE_TIME, 0 },
	{ "period", PERF_SAMPLE_PERIOD, 0 },
	{ "read", PERF_SAMPLE_READ, PERF_RECORD_READ },
};

static struct out out;
static struct arena arena;
static struct reader reader;
static struct writer writer;
static struct output output;
static struct scrub scrub;
static struct rebase rebase;
static struct symbolize names;
static const char *input;
static char *batch;
static size_t batched;

static int choose_drop(const char *list)
{
	while (*list) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < sizeof(things) / sizeof(*things) &&
			(strlen(things[i].word) != length || strncmp(things[i].word, list, length)))
			i++;
		if (i == sizeof(things) / sizeof(*things))
			return message_usage(
				"--drop %.*s: is nothing that can be dropped; see --help",
				(int)length, list);
		scrub.fields |= things[i].fields;
		scrub.record[things[i].record] = true;
		list += length + (list[length] == ',');
	}
	return 0;
}

static int choose_key(void)
{
	char bytes[65536];
	ssize_t size;
	int fd, err;

	if (!key_file) {
		err = pseudonym_random(&scrub.pseudonym);
		return err ? message_fail("no random key: %s", strerror(-err)) : 0;
	}
	fd = open(key_file, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -errno : file_read(fd, bytes, sizeof(bytes));
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return message_fail("--key-file %s: %s", key_file, strerror((int)-size));
	if (size < 8 || size == sizeof(bytes))
		return message_fail(
			"--key-file %s: want 8 to 65535 bytes, best of /dev/urandom", key_file);
	pseudonym_key(&scrub.pseudonym, bytes, (size_t)size);
	return 0;
}

static int choose(void)
{
	enum category most = CATEGORY_UNKNOWN;

	if (!category && !drop.count && !anonymize && !symbolize)
		return message_usage("what to take away? --max-category, --drop, --anonymize or "
				     "--symbolize");
	if (category && !category_parse(category, &most))
		return message_usage("--max-category %s: want 1, 2, 3, 4 or 4a to 4d", category);
	if (symbolize && most < CATEGORY_CODE)
		return message_usage(
			"--symbolize: names are category 4a, --max-category %s is less", category);
	scrub_begin(&scrub, most, anonymize, symbolize);
	for (int i = 0; i < drop.count; i++)
		if (choose_drop(drop.at[i]))
			return EXIT_USAGE;
	if (scrub.fields & PERF_SAMPLE_RAW)
		scrub.sections |= 1ull << HEADER_TRACING_DATA;
	if (scrub.fields & PERF_SAMPLE_BRANCH_STACK)
		scrub.sections |= 1ull << HEADER_BRANCH_STACK;
	if (scrub.fields & PERF_SAMPLE_TIME)
		scrub.sections |= 1ull << HEADER_SAMPLE_TIME;
	return anonymize ? choose_key() : 0;
}

static int fail(enum reader_status status)
{
	return message_fail("%s %s%s%s", input, reader_text(status), reader.error ? ": " : "",
		reader.error ? strerror(reader.error) : "");
}

static int little_memory(void)
{
	return message_fail("--memory %" PRIu64 " is too small", memory);
}

static int open_input(void)
{
	int fd = strcmp(input, "-") ? open(input, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;

	return fd < 0 ? -message_fail("%s: %s", input, strerror(errno)) : fd;
}

static int output_failed(enum output_status status)
{
	if (!status)
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

/* One that is the input must not be made into the .old of the output. */
static int open_output(const char *path, int input_fd)
{
	struct stat in, there;

	if (!fstat(input_fd, &in) && !stat(path, &there) && in.st_dev == there.st_dev &&
		in.st_ino == there.st_ino)
		return message_usage("%s: is the input; name another file", path);
	return output_failed(make_output(path));
}

static int read_header(int fd)
{
	enum reader_status status = guard_reader_open(&reader, fd, &arena,
		&(struct guard){
			.use = SANDBOX_REPLACES | (symbolize ? SANDBOX_OPENS : 0),
			.output = output.path,
			.made = &output,
			.symfs = symfs,
			.kallsyms = kallsyms,
			.verbose = verbose,
		});

	if (status)
		return fail(status);
	batch = arena_take(&arena, 1, BATCH_BYTES + RECORD_MAX);
	return batch ? 0 : little_memory();
}

static const struct scrub_rebase addresses = { &rebase, rebase_addresses, rebase_mapping };

static void learn_time(void)
{
	uint64_t time_ns = scrub_time(&reader);

	if (time_ns && time_ns < scrub.first_ns)
		scrub.first_ns = time_ns;
}

/* A first reading, for what must be known before anything is written. */
static int survey(void)
{
	enum reader_status status;

	if (!rebase_init(&rebase, &reader, &arena))
		return little_memory();
	while ((status = reader_next(&reader)) == READER_OK) {
		learn_time();
		rebase_tell(&rebase);
	}
	scrub.rebase = &addresses;
	if (rebase.processes.dropped)
		message("%" PRIu64 " mappings find no room: their addresses become 0; see --memory",
			rebase.processes.dropped);
	reader_rewind(&reader);
	return status == READER_END ? 0 : fail(status);
}

static const struct scrub_rebase numbers = { &names, symbolize_addresses, NULL };

/* The addresses that will be written are those that are asked for when all is written to nowhere.
 */
static int survey_names(void)
{
	const struct resolve_options files = { symfs, kallsyms, recording_elsewhere(&reader),
		false };
	enum reader_status status = symbolize_begin(&names, &reader, &arena);

	scrub.rebase = &numbers;
	reader_rewind(&reader);
	if (status != READER_END)
		return status == READER_TOO_MANY ? little_memory() : fail(status);
	while ((status = reader_next(&reader)) == READER_OK) {
		learn_time();
		scrub_record(&scrub, batch, &reader);
	}
	if (status != READER_END)
		return fail(status);
	memset(&scrub.removed, 0, sizeof(scrub.removed));
	scrub.renamed = 0;
	reader_rewind(&reader);
	return symbolize_name(&names, &files, anonymize ? &scrub.pseudonym : NULL)
		       ? 0
		       : little_memory();
}

/* An event whose name tells its address. */
static const char *event_name(const struct reader_attr *a, const struct perf_event_attr *left)
{
	if (a->attr.type == PERF_TYPE_BREAKPOINT && a->attr.config1 != left->config1)
		return "breakpoint";
	return a->name ? a->name : "";
}

static struct writer_event *make_events(void)
{
	struct writer_event *events = arena_array(&arena, struct writer_event, reader.attr_count);
	struct perf_event_attr *attrs =
		arena_array(&arena, struct perf_event_attr, reader.attr_count);

	for (uint32_t i = 0; events && attrs && i < reader.attr_count; i++) {
		const struct reader_attr *a = &reader.attrs[i];

		attrs[i] = scrub_attr(&scrub, &a->attr);
		events[i] = (struct writer_event){ &attrs[i], a->ids, a->id_count,
			event_name(a, &attrs[i]) };
	}
	return attrs ? events : NULL;
}

static void put_events(struct body *body, const struct writer_event *events)
{
	body_u32(body, reader.attr_count);
	body_u32(body, sizeof(*events->attr));
	for (uint32_t i = 0; i < reader.attr_count; i++) {
		body_put(body, events[i].attr, sizeof(*events[i].attr));
		body_u32(body, events[i].id_count);
		body_string(body, events[i].name);
		body_put(body, events[i].ids, events[i].id_count * sizeof(*events[i].ids));
	}
}

/* What is left of a section, kept in the arena. False: no room. */
static bool write_section(unsigned feature, const struct writer_event *events)
{
	uint64_t size = reader.features[feature].size;
	size_t room = feature == HEADER_EVENT_DESC ? arena.size / 8 : 2 * size + 4096;
	struct body body = { .cap = room };
	size_t mark = arena.used;
	char *from = size < arena.size ? arena_take(&arena, 1, size + 1) : NULL;
	bool kept;

	body.bytes = from ? arena_take(&arena, 1, room) : NULL;
	if (!body.bytes)
		return false;
	kept = scrub_section(
		&scrub, &body, feature, reader_feature(&reader, (int)feature, from, size));
	if (feature == HEADER_EVENT_DESC) {
		scrub.removed.feature[feature] = (struct amount){ 0 };
		put_events(&body, events);
		kept = true;
	}
	if (!kept || body.full) {
		arena_back(&arena, mark);
		return !body.full;
	}
	writer_feature(&writer, feature, body.bytes, body.size);
	return true;
}

static void write_sections(const struct writer_event *events)
{
	for (unsigned i = 0; i < HEADER_FEATURES; i++)
		if (reader.features[i].offset && !write_section(i, events))
			message("%s: a section (%u) finds no room and is left out; see --memory",
				input, i);
}

static int write_failed(void)
{
	return message_fail("%s: writing failed: %s", output.path, strerror(-writer.error));
}

static int flush(void)
{
	struct iovec part = { batch, batched };

	batched = 0;
	return writer_records(&writer, &part, 1);
}

/* perf takes a file without records for one that was not finished. */
static int end_records(void)
{
	static const struct perf_event_header round = { PERF_RECORD_FINISHED_ROUND, 0,
		sizeof(round) };

	if (!writer.data_size && !batched) {
		memcpy(batch, &round, sizeof(round));
		batched = sizeof(round);
	}
	return flush();
}

static int write_names(const struct perf_event_attr *attr)
{
	size_t size = symbolize_kernel(batch, attr);

	do {
		batched += size;
		if (batched >= BATCH_BYTES && flush())
			return write_failed();
		size = symbolize_next(&names, batch + batched, attr);
	} while (size);
	return 0;
}

static int write_records(void)
{
	enum reader_status status;

	while ((status = reader_next(&reader)) == READER_OK) {
		batched += scrub_record(&scrub, batch + batched, &reader);
		if (batched >= BATCH_BYTES && flush())
			return write_failed();
	}
	if (status != READER_END || reader.notes & READER_NOTE_FEATURES_CUT)
		return fail(status == READER_END ? READER_CUT : status);
	return end_records() ? write_failed() : 0;
}

static int write_output(void)
{
	struct writer_event *events = make_events();
	int status = 0;

	if (!events)
		return little_memory();
	writer_begin(&writer, output.fd, output.stream, events, reader.attr_count);
	if (output.stream)
		write_sections(events);
	if (symbolize)
		status = write_names(events->attr);
	if (!status)
		status = write_records();
	if (status)
		return status;
	if (!output.stream)
		write_sections(events);
	return writer_finish(&writer) ? write_failed() : 0;
}

/* What was left out, a line each. */
static void tell(void)
{
	struct inspect_part part;
	uint32_t at = 0;

	out_begin(&out, output.stream ? STDERR_FILENO : STDOUT_FILENO);
	while (inspect_next(&scrub.removed, &at, &part))
		out_printf(&out, "removed  %-3s %-8s %-16s %10" PRIu64 " %12" PRIu64 " bytes\n",
			category_name(part.category), part.kind, part.name, part.amount.count,
			part.amount.bytes);
	if (anonymize)
		out_printf(&out,
			"renamed  %" PRIu64 " texts, all process and thread ids; times begin "
			"at 0\n",
			scrub.renamed);
	if (symbolize)
		out_printf(&out,
			"numbered %" PRIu32 " names for %" PRIu64 " places in code, %" PRIu64
			" of them without a name, %" PRIu64 " without room\n",
			names.functions, names.places + names.unnamed, names.unnamed,
			names.recording.images.dropped);
	out_printf(&out, "%" PRIu64 " bytes in, %" PRIu64 " bytes of records out\n",
		reader.file_bytes, writer.data_size);
	out_flush(&out);
}

int cmd_scrub(int argc, char **argv)
{
	int status = option_parse(argc, argv, options, usage, false), fd;

	if (status < 0)
		return -status;
	if (status != 2)
		return message_usage("want two files, IN and OUT; see --help");
	input = argv[0];
	status = choose();
	fd = status ? -1 : open_input();
	if (fd < 0)
		return status ? status : 1;
	if (arena_reserve(&arena, memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", memory);
	status = open_output(argv[1], fd);
	if (status)
		return status;
	status = read_header(fd);
	scrub.first_ns = UINT64_MAX;
	if (!status && symbolize)
		status = survey_names();
	else if (!status && anonymize)
		status = survey();
	if (!status)
		status = output_failed(output_place(&output));
	if (!status)
		status = write_output();
	if (status)
		output_discard(&output);
	else if (!quiet)
		tell();
	return status;
}
