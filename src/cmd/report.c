#include "cmd/cmd.h"
#include "cmd/input.h"
#include "cmd/report_drawing.h"
#include "cmd/report_stats.h"

#include "base/message.h"
#include "base/number.h"
#include "base/out.h"
#include "data/feature.h"
#include "profile/callgraph.h"
#include "view/event_name.h"
#include "view/flamegraph.h"
#include "view/folded.h"
#include "view/report_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox report [OPTION...]\n"
	"\n"
	"Shows where the samples of a recording fell. Reads perf.data of perfbox and of perf; a\n"
	"recording that comes through a pipe is kept in an unlinked file in /tmp while it is "
	"read.\n"
	"\n"
	"Sort keys and fields: comm, dso, symbol, pid (the thread), tgid (the process), cpu; "
	"fields\n"
	"also overhead, overhead_children, sample, period.\n";

#define CPUS_MAX 65536

static const char *sort = "comm,dso,symbol", *fields;
static const char *graph_how, *comms, *dsos, *symbols, *pids, *tids, *cpus, *percent_text;
static bool children = true, no_call_graph, show_samples, show_period;
static const char *flamegraph;
static bool folded;
static bool show_stats, children_given;

static const struct option options[] = {
	INPUT_PATH,
	{ OPTION_STRING, 's', "sort", &sort, "KEY,...", "one row per KEY,... (comm,dso,symbol)",
		NULL },
	{ OPTION_STRING, 'F', "fields", &fields, "FIELD,...", "the columns, in order", NULL },
	{ OPTION_FLAG, 0, "children", &children, NULL,
		"count callers for what they called (the default with call chains)",
		&children_given },
	{ OPTION_MAYBE, 'g', "call-graph", &graph_how, "HOW",
		"graph|none, least percent (0.5), caller|callee, as in -g caller,1", NULL },
	{ OPTION_FLAG, 'G', "inverted", NULL, NULL, NULL, NULL },
	{ OPTION_FLAG, 'n', "show-nr-samples", &show_samples, NULL, "a column of samples", NULL },
	{ OPTION_FLAG, 0, "show-total-period", &show_period, NULL, "a column of periods", NULL },
	{ OPTION_STRING, 0, "percent-limit", &percent_text, "PERCENT", "leave smaller rows out",
		NULL },
	{ OPTION_STRING, 0, "comms", &comms, "NAME,...", "only these commands", NULL },
	{ OPTION_STRING, 0, "dsos", &dsos, "NAME,...", "only samples in these images", NULL },
	{ OPTION_STRING, 0, "symbols", &symbols, "NAME,...", "only samples in these functions",
		NULL },
	{ OPTION_STRING, 0, "pids", &pids, "PID,...", "only these processes", NULL },
	{ OPTION_STRING, 0, "tids", &tids, "TID,...", "only these threads", NULL },
	{ OPTION_STRING, 'C', "cpu", &cpus, "CPU,...", "only these CPUs", NULL },
	INPUT_TIME,
	INPUT_HEADER,
	{ OPTION_FLAG, 0, "stats", &show_stats, NULL, "count records by type and nothing else",
		NULL },
	{ OPTION_STRING, 0, "flamegraph", &flamegraph, "FILE.svg",
		"draw a flame graph (-: to standard output) instead of the table", NULL },
	{ OPTION_FLAG, 0, "folded", &folded, NULL,
		"one line per call chain and its weight, as flame graph tools read it", NULL },
	INPUT_FILES,
	{ OPTION_FLAG, 'v', "verbose", &input.verbose, NULL,
		"tell of memory, and of images without names", NULL },
	{ OPTION_FLAG, 0, "stdio", NULL, NULL, "plain text, as always", NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct report_text how;
static struct recording_choice choice;
static unsigned keys; /* bits 1 << enum hist_key */
static uint8_t cpu_bits[CPUS_MAX / 8];

/* Which key a column needs samples to be told apart by; 0 for sums. */
static unsigned key_of(enum report_column column)
{
	static const uint8_t key[REPORT_COLUMN_KINDS] = {
		[REPORT_COMM] = 1u << HIST_COMM,
		[REPORT_DSO] = 1u << HIST_DSO,
		[REPORT_SYMBOL] = 1u << HIST_SYMBOL,
		[REPORT_PID] = 1u << HIST_PID,
		[REPORT_TID] = 1u << HIST_TID,
		[REPORT_CPU] = 1u << HIST_CPU,
	};

	return key[column];
}

static int add_columns(const char *list, bool sums)
{
	char word[64];

	while (input_next_word(&list, word, sizeof(word))) {
		enum report_column c = report_column_find(word);

		if (c == REPORT_COLUMN_KINDS || (!sums && !key_of(c)))
			return message_usage("'%s' is no %s; see perfbox report --help", word,
				sums ? "field" : "sort key");
		if (how.column_count > REPORT_COLUMNS_MAX - 2)
			return message_usage("more than %d columns", REPORT_COLUMNS_MAX - 2);
		how.column[how.column_count++] = c;
		if (c == REPORT_CHILDREN && children)
			how.column[how.column_count++] = REPORT_SELF;
		keys |= key_of(c);
	}
	return 0;
}

static void add_sums(void)
{
	how.column[how.column_count++] = children ? REPORT_CHILDREN : REPORT_OVERHEAD;
	if (children)
		how.column[how.column_count++] = REPORT_SELF;
	if (show_samples)
		how.column[how.column_count++] = REPORT_SAMPLES;
	if (show_period)
		how.column[how.column_count++] = REPORT_PERIOD;
}

/* Columns that a filter leaves one value: perf names it once above the tables instead. */
static const struct single {
	enum report_column column;
	const char *const *list;
	const char *name;
} singles[] = {
	{ REPORT_COMM, &comms, "comm" },
	{ REPORT_DSO, &dsos, "dso" },
	{ REPORT_SYMBOL, &symbols, "symbol" },
};

#define SINGLES (sizeof(singles) / sizeof(*singles))

static bool is_single(enum report_column column)
{
	for (size_t i = 0; i < SINGLES; i++)
		if (singles[i].column == column)
			return *singles[i].list && !strchr(*singles[i].list, ',');
	return false;
}

static void drop_single_columns(void)
{
	int sums = 0, kept = 0, left;

	while (sums < how.column_count && !key_of(how.column[sums]))
		sums++;
	for (int i = sums; i < how.column_count; i++)
		kept += !is_single(how.column[i]);
	left = sums;
	for (int i = sums; i < how.column_count && kept; i++)
		if (!is_single(how.column[i]))
			how.column[left++] = how.column[i];
	if (kept)
		how.column_count = left;
}

static int choose_columns(void)
{
	int status;

	how.symbol_first = !fields && !strncmp(sort, "sym", 3);
	if (fields)
		return add_columns(fields, true);
	add_sums();
	status = add_columns(sort, false);
	drop_single_columns();
	return status;
}

static int choose_percent(const char *text, double *percent)
{
	const char *end = text;

	if (number_decimal(&end, percent) || (*end && strcmp(end, "%")) ||
		!(*percent >= 0 && *percent <= 100))
		return message_usage("'%s' is no percentage", text);
	return 0;
}

static int choose_graph_word(const char *word, int *numbers)
{
	static const char *const accepted[] = { "graph", "fp", "function", "percent", "address" };

	if (!strcmp(word, "none") || !strcmp(word, "no"))
		no_call_graph = true;
	else if (!strcmp(word, "caller"))
		how.caller = true;
	else if (!strcmp(word, "callee"))
		how.caller = false;
	else if (*word >= '0' && *word <= '9' && (*numbers)++)
		how.graph_lines = (uint32_t)strtoul(word, NULL, 10);
	else if (*word >= '0' && *word <= '9')
		return choose_percent(word, &how.graph_limit);
	else {
		for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++)
			if (!strcmp(word, accepted[i]))
				return 0;
		return message_usage("-g %s: only graph, none, caller, callee and the least "
				     "percent are known",
			word);
	}
	return 0;
}

static int choose_graph(void)
{
	char word[64];
	int numbers = 0, status = 0;

	how.caller = children;
	how.graph_limit = 0.5;
	if (percent_text) {
		status = choose_percent(percent_text, &how.percent_limit);
		how.graph_limit = how.percent_limit;
	}
	while (!status && graph_how && input_next_word(&graph_how, word, sizeof(word)))
		status = choose_graph_word(word, &numbers);
	return status;
}

static int choose_cpus(void)
{
	struct number_range range = { 0 };
	const char *at = cpus;
	uint32_t cpu;
	int more;

	if (!cpus)
		return 0;
	while ((more = number_list_next(&at, &range, &cpu)) > 0)
		if (cpu < CPUS_MAX)
			cpu_bits[cpu / 8] |= (uint8_t)(1u << cpu % 8);
	choice.cpus = cpu_bits;
	choice.cpu_count = CPUS_MAX;
	return more ? message_usage("--cpu %s: want a list such as 0,2-3", cpus) : 0;
}

static bool wanted(const void *context, const struct sample *s, const char *comm)
{
	(void)context;
	return (!comms || input_in_list(comms, comm)) &&
	       (!pids || input_number_in_list(pids, s->pid)) &&
	       (!tids || input_number_in_list(tids, s->tid));
}

/* Samples that ended outside the wanted images and functions count for nothing. */
static void drop_unwanted_places(void)
{
	for (uint32_t i = 0; i < input.recording.tree.count; i++) {
		struct tree_node *n = &input.recording.tree.node[i];
		const struct place *p = n->place;
		const char *name = p && p->symbol ? p->symbol->name : "";

		if ((dsos && !input_in_list(dsos, p ? p->image->name : "[unknown]") &&
			    !input_in_list(dsos, p ? p->image->path : "[unknown]")) ||
			(symbols && !input_in_list(symbols, name))) {
			n->samples = 0;
			n->weight = 0;
		}
	}
}

static void print_event_head(const struct recording_event *e, const char *name)
{
	out_string(&out, "# Samples: ");
	report_text_count(&out, e->samples);
	out_string(&out, " of event '");
	out_text(&out, name);
	out_printf(&out, "'\n# Event count (approx.): %" PRIu64 "\n#\n", e->weight);
}

static void name_event(char *to, size_t cap, uint32_t event)
{
	const struct reader_attr *a = &input.reader.attrs[event];

	if (a->name)
		snprintf(to, cap, "%s", a->name);
	else
		event_name(to, cap, &a->attr);
}

static int print_event(uint32_t event)
{
	const struct recording_event *e = &input.recording.event[event];
	size_t mark = input.arena.used;
	struct callgraph graph;
	struct hist hist;
	bool graphs = e->chains && !no_call_graph;
	char name[1024];

	name_event(name, sizeof(name), event);
	print_event_head(e, name);
	how.weight = e->weight;
	how.children = children;
	if (!hist_make(&hist, &input.arena, &input.recording.tree, event, keys))
		return message_fail("no room for the rows of %s; give more --memory", name);
	if (hist.dropped)
		message("%s: %" PRIu64 " call paths found no row; give more --memory", name,
			hist.dropped);
	hist_sort(&hist, children);
	if (graphs && !callgraph_init(&graph, &input.arena, &hist))
		return message_fail("no room for call graphs; give more --memory, or -g none");
	report_text_table(&out, &hist, graphs ? &graph : NULL, &how);
	out_string(&out, "\n\n");
	arena_back(&input.arena, mark);
	return 0;
}

static bool has_samples(void)
{
	for (uint32_t i = 0; i < input.reader.attr_count && input.recording.event; i++)
		if (input.recording.event[i].samples)
			return true;
	return false;
}

static int print_report(void)
{
	int status = 0;

	if (!input.header)
		out_string(&out, "# To display the perf.data header info, please use "
				 "--header/--header-only options.\n#\n");
	for (size_t i = 0; i < SINGLES && !fields; i++)
		if (is_single(singles[i].column))
			out_printf(&out, "# %s: %s\n", singles[i].name, *singles[i].list);
	out_printf(&out, "#\n# Total Lost Samples: %" PRIu64 "\n#\n", input.recording.lost);
	for (uint32_t i = 0; i < input.reader.attr_count && !status; i++)
		if (input.recording.event[i].samples)
			status = print_event(i);
	return status;
}

/* What was recorded, as its command line was. */
static void command_line(char *to, size_t cap)
{
	static char section[16384];
	struct span s = reader_feature(&input.reader, HEADER_CMDLINE, section, sizeof(section));
	size_t used = 0;

	*to = 0;
	for (uint32_t left = span_u32(&s); left-- && !s.bad && used < cap;)
		used += (size_t)snprintf(
			to + used, cap - used, "%s%s", used ? " " : "", feature_string(&s));
}

static int draw_flamegraph(const struct stacks *stacks, uint32_t event)
{
	static struct out file;
	char command[1024], name[1024], when[64];
	double seconds = (double)(input.recording.last_ns - input.recording.first_ns) / 1e9;
	struct flamegraph_text text = { .command = command, .event = name, .when = when };
	int fd = report_drawing_begin();

	command_line(command, sizeof(command));
	name_event(name, sizeof(name), event);
	snprintf(when, sizeof(when), "%" PRIu32 " samples in %.1f s", stacks->frame->samples,
		input.recording.timed ? seconds : 0.0);
	if (fd < 0)
		return 1;
	out_begin(&file, fd);
	flamegraph_write(&file, stacks, &text);
	if (out_flush(&file) && file.error != EPIPE)
		return message_fail("--flamegraph %s: %s", flamegraph, strerror(file.error));
	return 0;
}

/* A flame graph shows one event: the first that has samples. */
static int draw(void)
{
	struct stacks stacks;
	uint32_t event = 0, others = 0;
	char name[1024];
	int status = 0;

	while (event < input.reader.attr_count && !input.recording.event[event].weight)
		event++;
	if (event == input.reader.attr_count)
		return message_fail("%s has no samples: nothing to draw", input.path);
	for (uint32_t i = event + 1; i < input.reader.attr_count; i++)
		others += input.recording.event[i].samples > 0;
	name_event(name, sizeof(name), event);
	if (others)
		message("%" PRIu32 " more events have samples: only %s is drawn", others, name);
	if (!stacks_make(&stacks, &input.arena, &input.recording.tree, event))
		return message_fail("no room for the flame graph; give more --memory");
	if (!stacks.frame->total)
		return message_fail("no sample of %s is wanted: nothing to draw", name);
	if (stacks.lumped)
		message("the flame graph is full: %" PRIu32
			" frames are counted with their callers; give more --memory",
			stacks.lumped);
	if (flamegraph)
		status = draw_flamegraph(&stacks, event);
	if (folded)
		folded_write(&out, &stacks);
	return status;
}

/* A stack that goes on where the copy ends is as perf has it: only -v tells. */
static void say_stops(const struct unwinder *u)
{
	for (int i = UNWIND_COMPLETE; i < UNWIND_STOPS; i++)
		if (u->stops[i])
			message("stacks: %" PRIu64 " %s", u->stops[i], unwind_text(i));
}

static void say_losses(void)
{
	const struct tree *t = &input.recording.tree;

	if (input.recording.broken)
		message("%" PRIu64 " records are shorter than their fields; they were left out",
			input.recording.broken);
	if (input.recording.future)
		message("%" PRIu64 " samples tell more than this perfbox knows; it was left out",
			input.recording.future);
	if (input.recording.orphaned)
		message("%" PRIu64 " samples belong to no event of the file; they were left out",
			input.recording.orphaned);
	if (t->dropped || input.recording.images.dropped || input.recording.no_room)
		message("the call tree is full: %" PRIu64
			" frames are counted with their callers; give more --memory",
			t->dropped + input.recording.images.dropped + input.recording.no_room);
	if (input.recording.processes.dropped)
		message("%" PRIu64 " mappings and names found no room; give more --memory",
			input.recording.processes.dropped);
	if (input.recording.chains.cut)
		message("%" PRIu64 " call chains are deeper than %d and were cut",
			input.recording.chains.cut, CHAIN_DEPTH_MAX);
	if (input.recording.chains.collapsed)
		message("call chains hold many addresses outside any mapping (code without frame "
			"pointers?): they are shown as one, [unknown]; more --memory tells them "
			"apart");
	if (input.recording.unwinder && input.recording.unwinder->codes.dropped)
		message("%" PRIu64 " files to unwind stacks by found no room; give more --memory",
			input.recording.unwinder->codes.dropped);
	if (input.verbose && input.recording.unwinder)
		say_stops(input.recording.unwinder);
	if (input.verbose)
		message("memory: %zu of %zu KiB used, %" PRIu32 " nodes, %" PRIu32 " places",
			input.arena.used >> 10, input.arena.size >> 10, t->count,
			input.recording.images.place_count);
}

static bool any_chains(void)
{
	for (uint32_t i = 0; i < input.reader.attr_count; i++)
		if (input.reader.attrs[i].attr.sample_type & PERF_SAMPLE_CALLCHAIN)
			return true;
	return false;
}

static int choose(void)
{
	int status;

	if (!any_chains())
		children = false;
	choice.separate = 0;
	choice.wanted = comms || pids || tids ? wanted : NULL;
	status = choose_columns();
	if (!status)
		status = choose_graph();
	if (!status)
		status = choose_cpus();
	choice.separate = keys;
	choice.no_callers = !children && no_call_graph && !flamegraph && !folded;
	return status;
}

static int load_samples(void)
{
	int status = input_unwind();

	if (status)
		return status;
	choice.from_ns = input.from_ns;
	choice.until_ns = input.until_ns;
	status = input_ended(recording_samples(&input.recording, &choice));
	if (input.recording.unwinder)
		unwind_end(input.recording.unwinder);
	return status;
}

static int load(void)
{
	enum reader_status read;
	size_t whole = input.arena.size, eighth;
	int status;

	if (!recording_init(&input.recording, &input.reader, &input.arena))
		return message_fail(
			"--memory %" PRIu64 " is too small to begin with", input.memory);
	/* what is read first leaves room for names, and they for rows and graphs */
	eighth = (whole - input.arena.used) / 8;
	input.arena.size = whole - 4 * eighth;
	read = recording_sideband(&input.recording);
	if (read != READER_END && read != READER_CUT && read != READER_BROKEN)
		return input_fail(read);
	status = load_samples();
	if (show_stats)
		return status;
	input.arena.size = whole - 2 * eighth;
	input_resolve();
	input.arena.size = whole;
	if (!tree_merge(&input.recording.tree, &input.arena))
		return message_fail("no room to merge the call tree; give more --memory");
	if (dsos || symbols)
		drop_unwanted_places();
	return status;
}

static int report(void)
{
	int status = input_open((struct guard){
		.use = SANDBOX_OPENS | (flamegraph ? SANDBOX_REPLACES : 0),
		.output = flamegraph,
	});

	if (!status)
		status = choose();
	if (status)
		return status;
	out_begin(&out, STDOUT_FILENO);
	if (input.header || input.header_only)
		input_print_header(&out);
	if (!input.header_only) {
		status = load();
		if (status && !has_samples())
			return status;
		if (show_stats)
			report_stats(&out, &input.recording, name_event);
		else if (flamegraph || folded)
			status |= draw();
		else
			status |= print_report();
	}
	say_losses();
	if (out_flush(&out) && out.error != EPIPE)
		return message_fail("writing: %s", strerror(out.error));
	return status;
}

int cmd_report(int argc, char **argv)
{
	int status;

	input_begin();
	status = option_parse(argc, argv, options, usage, false);
	if (status < 0)
		return -status;
	if (status > 1)
		return message_usage("'%s' is too much: one recording at a time", argv[1]);
	if (status == 1)
		input.path = argv[0];
	if (flamegraph && report_drawing_open(flamegraph))
		return 1;
	status = report();
	if (flamegraph && status)
		report_drawing_discard();
	return status;
}
