#include "cmd/cmd.h"
#include "cmd/record_category.h"
#include "cmd/record_fields.h"
#include "cmd/record_stacks.h"

#include "access/facts.h"
#include "access/verdict.h"
#include "arch.h"
#include "base/arena.h"
#include "base/message.h"
#include "base/number.h"
#include "base/option.h"
#include "capture/budget.h"
#include "capture/event.h"
#include "capture/provenance.h"
#include "capture/recorder.h"
#include "capture/relax.h"
#include "capture/rings.h"
#include "capture/sampling.h"
#include "capture/session.h"
#include "capture/synthesize.h"
#include "capture/target.h"
#include "data/body.h"
#include "data/output.h"
#include "data/writer.h"
#include "profile/buildids.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox record [OPTION...] [--] COMMAND [ARG...]\n"
	"       perfbox record [OPTION...] -a | -C CPUS | -p PIDS | -t TIDS [-- COMMAND [ARG...]]\n"
	"\n"
	"Samples where a command, processes or the whole system spend their time, to perf.data,\n"
	"which `perfbox report` and perf read. Ends with the command, or with Ctrl-C.\n"
	"Options are perf's. The status is the command's; 126 or 127 where it cannot be run.\n"
	"\n";

#define DEFAULT_ARENA_BYTES (4u << 20)
#define DEFAULT_FREQUENCY_HZ 4000
#define DEFAULT_STACK_BYTES 8192
#define STACK_RING_PAGES 1024  /* where nothing limits them: stacks fill a ring quickly */
#define MOST_STACK_BYTES 65528 /* a record's size has 16 bits */
#define COMMAND_LINE_MAX 256   /* words kept in the file */
#define ROUND_MS 500	       /* at least this often a recording is committed */

static struct {
	struct option_list events;
	struct record_fields fields;
	const char *frequency, *pages, *output, *callgraph, *delay, *ceiling;
	uint64_t period, memory;
	struct target_wish target;
	bool callchain, build_ids, no_inherit, quiet, address, sample_cpu, keep_stacks;
	int verbose;
} asked = { .output = "perf.data", .memory = DEFAULT_ARENA_BYTES };

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "What to sample:", NULL },
	{ OPTION_LIST, 'e', "event", &asked.events, "EVENT[,...]",
		"events (see perfbox list); default cycles, else cpu-clock", NULL },
	{ OPTION_STRING, 'F', "freq", &asked.frequency, "HZ|max", "samples a second (4000)", NULL },
	{ OPTION_U64, 'c', "count", &asked.period, "N", "one sample every N events", NULL },
	{ OPTION_FLAG, 'g', NULL, &asked.callchain, NULL, "with callchains (frame pointers)",
		NULL },
	{ OPTION_STRING, 0, "call-graph", &asked.callgraph, "fp|dwarf[,BYTES]|no",
		"fp as -g; dwarf unwinds BYTES of the stack (8192) while recording", NULL },
	{ OPTION_FLAG, 0, "keep-stacks", &asked.keep_stacks, NULL,
		"store registers and stacks, as perf does, and unwind later", NULL },
	{ OPTION_OPTIONAL, 0, "user-regs", &asked.fields.user_regs, "LIST|?",
		"with registers of user space; ? names them", NULL },
	{ OPTION_OPTIONAL, 'I', "intr-regs", &asked.fields.intr_regs, "LIST|?",
		"with registers of where the event happened", NULL },
	{ OPTION_FLAG, 'b', "branch-any", &asked.fields.branches, NULL,
		"with the last branches taken", NULL },
	{ OPTION_STRING, 'j', "branch-filter", &asked.fields.branch_filter, "LIST|?",
		"with those of some kind; ? names them", NULL },
	{ OPTION_FLAG, 'W', "weight", &asked.fields.weight, NULL, "with what memory accesses cost",
		NULL },
	{ OPTION_FLAG, 'd', "data", &asked.address, NULL, "with data addresses", NULL },
	{ OPTION_FLAG, 0, "sample-cpu", &asked.sample_cpu, NULL, "with the CPU of each sample",
		NULL },
	{ OPTION_STRING, 0, "max-category", &asked.ceiling, "N",
		"refuse what collects more: 4a code, 4b data addresses, 4c registers", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "Where:", NULL },
	{ OPTION_FLAG, 'a', "all-cpus", &asked.target.system_wide, NULL, "the whole system", NULL },
	{ OPTION_STRING, 'C', "cpu", &asked.target.cpus, "LIST", "these CPUs (0-3,6)", NULL },
	{ OPTION_STRING, 'p', "pid", &asked.target.pids, "LIST",
		"these processes with all their threads", NULL },
	{ OPTION_STRING, 't', "tid", &asked.target.tids, "LIST", "these threads", NULL },
	{ OPTION_FLAG, 'i', "no-inherit", &asked.no_inherit, NULL,
		"not the children of what is sampled", NULL },
	{ OPTION_STRING, 'D', "delay", &asked.delay, "MS", "begin MS milliseconds later", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "How:", NULL },
	{ OPTION_STRING, 'o', "output", &asked.output, "FILE",
		"the file (perf.data); - is a stream to standard output", NULL },
	{ OPTION_STRING, 'm', "mmap-pages", &asked.pages, "PAGES|SIZE",
		"ring for samples per CPU; default: what is allowed", NULL },
	{ OPTION_BYTES, 0, "memory", &asked.memory, "SIZE", "memory for tables (4M)", NULL },
	{ OPTION_FLAG, 0, "buildid-mmap", &asked.build_ids, NULL,
		"build IDs in mappings, not in a section (may upset other recorders)", NULL },
	{ OPTION_FLAG, 'q', "quiet", &asked.quiet, NULL, "say only what fails", NULL },
	{ OPTION_COUNT, 'v', "verbose", &asked.verbose, NULL, "show the plan", NULL },
	{ OPTION_FLAG, 'N', "no-buildid-cache", NULL, NULL, "as always: there is no cache", NULL },
	{ OPTION_FLAG, 'B', "no-buildid", NULL, NULL, NULL, NULL },
	{ OPTION_FLAG, 's', "stat", NULL, NULL, NULL, NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

static char program[] = "perfbox";
static struct arena arena;
static struct event_list events;
static struct target target;
static struct session session;
static struct budget budget;
static struct rings rings;
static struct writer writer;
static struct recorder recorder;
static struct output output;
static struct synthesize synthesize;
static struct buildids buildids;
static int sideband;
static bool unwinds; /* stacks, while recording */
static int signals;  /* of signalfd(2) */

static int choose_events(void)
{
	struct event_error error;

	for (int i = 0; i < asked.events.count; i++)
		if (event_parse(&events, asked.events.at[i], NULL, &error))
			return message_usage("-e %s: %s", asked.events.at[i], error.text);
	if (!events.count && !sampling_add_default(&events))
		return message_fail("no room for an event");
	return 0;
}

/* -F, with max and above clamped to what the kernel allows. */
static int choose_frequency(uint64_t *hz, const struct limits *limits)
{
	int64_t most = fact_or(limits->max_sample_rate, INT64_MAX);
	bool max = asked.frequency && !strcmp(asked.frequency, "max");

	*hz = DEFAULT_FREQUENCY_HZ;
	if (asked.frequency && !max && (number_u64(asked.frequency, hz) || !*hz))
		return message_usage(
			"-F %s: is not a number of samples a second; see --help", asked.frequency);
	if (max && most == INT64_MAX)
		return message_fail(
			"-F max: the most allowed is not known "
			"(/proc/sys/kernel/perf_event_max_sample_rate: %s); give a number",
			fact_reason(limits->max_sample_rate));
	if (max || *hz > (uint64_t)most) {
		*hz = (uint64_t)most;
		message("sampling at %" PRIu64
			" Hz, the most that perf_event_max_sample_rate allows",
			*hz);
	}
	return 0;
}

/* --call-graph: fp, dwarf with the bytes of stack, or no. */
static int choose_callchain(struct sampling *sampling)
{
	const char *how = asked.callgraph ? asked.callgraph : asked.callchain ? "fp" : "no";
	uint64_t bytes = DEFAULT_STACK_BYTES;

	sampling->callchain = strcmp(how, "no");
	if (!sampling->callchain || !strcmp(how, "fp"))
		return 0;
	if (strncmp(how, "dwarf", 5) ||
		(how[5] && (how[5] != ',' || number_bytes(how + 6, &bytes))))
		return message_usage("--call-graph %s: want fp, dwarf, dwarf,BYTES or no", how);
	if (!bytes || bytes > MOST_STACK_BYTES)
		return message_usage(
			"--call-graph %s: the kernel copies 8 to %u bytes", how, MOST_STACK_BYTES);
	sampling->stack_bytes = (uint32_t)(bytes + 7) & ~7u;
	sampling->user_regs = asked.keep_stacks ? arch_host->user_regs : arch_host->frames->sampled;
	unwinds = !asked.keep_stacks;
	return 0;
}

static int choose_sampling(const struct limits *limits)
{
	struct sampling sampling = {
		.period = asked.period,
		.cpu = target.system_wide || asked.target.cpus || asked.sample_cpu,
		.address = asked.address,
		.build_ids = asked.build_ids,
		/* perf looks for the frame information of a kept stack in its mapping */
		.data_maps = asked.address || asked.keep_stacks,
		.inherit = !asked.no_inherit && !target.system_wide,
		.enable_on_exec = target.child && !target.system_wide && !asked.delay &&
				  !asked.target.pids && !asked.target.tids,
	};
	int status = choose_callchain(&sampling);

	if (!status)
		status = record_fields_choose(&asked.fields, unwinds, &sampling);
	if (!status)
		status = choose_frequency(&sampling.frequency, limits);
	if (status)
		return status;
	sampling_apply(&events, &sampling);
	sideband = sampling_add_sideband(&events, &sampling);
	return sideband < 0 ? message_fail("-e: more events than there is room for") : 0;
}

static int plan_rings(const struct limits *limits)
{
	bool stacks = events.at[0].attr.sample_stack_user;
	uint32_t pages = stacks && limits->unlimited_rings ? STACK_RING_PAGES : 0;

	budget.page_bytes = limits->page_kb * 1024;
	budget.cpus = target.cpu_count;
	budget.limit_kb = (uint64_t)fact_or(limits->mlock_kb, 516);
	budget.unlimited = limits->unlimited_rings;
	if (asked.pages && budget_parse_pages(asked.pages, budget.page_bytes, &pages))
		return message_usage(
			"-m %s: is not a number of pages or a size such as 512K", asked.pages);
	budget_plan(&budget, pages);
	return 0;
}

static int refused(struct refusal refusal)
{
	char text[2048];

	verdict_explain(text, sizeof(text), &refusal);
	return message_fail("%s", text);
}

static int refused_open(const struct session_fault *fault)
{
	const struct event *event = &events.at[fault->event];

	if (fault->error == ENOMEM && !session.open)
		return message_fail("the table of descriptors does not fit; give more with "
				    "--memory");
	return refused((struct refusal){ .event = event->name,
		.attr = &event->attr,
		.pid = fault->pid,
		.cpu = fault->cpu,
		.error = fault->error,
		.descriptors = (uint64_t)events.count * target.cpu_count * target.thread_count });
}

/* Opens everything, with less where the kernel does not allow as much. */
static int open_session(void)
{
	struct session_fault fault;

	while (session_open(&session, &arena, &events, &target, &fault)) {
		const char *less =
			relax_event(&events.at[fault.event], fault.error, !asked.events.count);

		if (!less)
			return refused_open(&fault);
		if (*less)
			message("%s: %s", events.at[fault.event].name, less);
		session_close(&session);
	}
	return 0;
}

/* Descriptors and rings. A ring that is not allowed is tried smaller, with descriptors anew. */
static int open_rings(void)
{
	uint64_t planned_kb = budget_total_kb(&budget);
	int error;

	for (;;) {
		size_t mark = arena.used;

		if (open_session())
			return 1;
		error = rings_map(&rings, &arena, &session, sideband, &budget);
		if (error != -EPERM || asked.pages || !budget_halve(&budget))
			break;
		session_close(&session);
		arena_back(&arena, mark);
	}
	if (error)
		return refused((struct refusal){ .error = -error,
			.map = true,
			.ring_kb = (budget.sample_pages + 1ull) * budget.page_bytes / 1024,
			.rings = rings.count,
			.pid = target.threads[0],
			.cpu = target.cpus[0] });
	if (budget_total_kb(&budget) < planned_kb)
		message("rings of %" PRIu64 " KiB instead of %" PRIu64
			" KiB: other recordings of this user hold the rest",
			budget_total_kb(&budget), planned_kb);
	return 0;
}

static void show_plan(void)
{
	message("%u CPUs, %u threads, %u descriptors", target.cpu_count, target.thread_count,
		session.open);
	message("rings per CPU: %u pages for samples, %u for the side-band, 2 to control them; "
		"%" PRIu64 " KiB in all, allowed %" PRIu64 " KiB%s",
		budget.sample_pages, budget.sideband_pages, budget_total_kb(&budget),
		budget_limit_kb(&budget), budget.unlimited ? " (not binding here)" : "");
}

/* The kernel's ids of an event's descriptors, by which its samples are known. */
static int collect_ids(struct writer_event *event, int index)
{
	uint64_t *ids =
		arena_array(&arena, uint64_t, (size_t)target.cpu_count * target.thread_count);

	if (!ids)
		return message_fail("the table of event ids does not fit; give more with --memory");
	*event = (struct writer_event){ &events.at[index].attr, ids, 0, events.at[index].name };
	if (unwinds && events.at[index].attr.sample_type & PERF_SAMPLE_STACK_USER) {
		struct perf_event_attr *stored = arena_new(&arena, struct perf_event_attr);

		if (!stored)
			return message_fail("the attrs do not fit; give more with --memory");
		record_stacks_stored(stored, event->attr);
		event->attr = stored;
	}
	for (uint32_t cpu = 0; cpu < target.cpu_count; cpu++)
		for (uint32_t thread = 0; thread < target.thread_count; thread++) {
			int fd = session_fd(&session, index, cpu, thread);

			if (fd >= 0 && session_id(fd, &ids[event->id_count]))
				event->id_count++;
		}
	return 0;
}

static int write_failed(void)
{
	return message_fail("%s: writing failed: %s; it is whole up to %" PRIu64
			    " bytes of records",
		output.path, strerror(-writer.error), writer.committed);
}

/* A mapping on its way to the file: what its build ID is may have to be told at the end. */
static void see_mapping(const struct perf_event_header *header)
{
	struct record mapping;

	if (record_decode(&mapping, header, &events.at[sideband].attr) == RECORD_OK)
		buildids_add(&buildids, &mapping.mmap);
}

/* Synthesized records on their way to the file. */
static int emit_records(void *context, const void *records, size_t size)
{
	struct iovec part = { (void *)records, size };
	const char *at = records, *end = at + size;

	(void)context;
	while (at < end) {
		const struct perf_event_header *header = (const void *)at;

		if (header->type == PERF_RECORD_MMAP2)
			see_mapping(header);
		at += header->size;
	}
	if (unwinds)
		record_stacks_tell(records, size);
	return writer_records(&writer, &part, 1);
}

/* The header, and what was there before the first sample. */
static int begin_file(struct writer_event *written, char *const *command_line)
{
	struct provenance provenance = { written, (uint32_t)events.count, &events, command_line, 0,
		0, 0 };

	for (int i = 0; i < events.count; i++)
		if (collect_ids(&written[i], i))
			return 1;
	writer_begin(&writer, output.fd, output.stream, written, (uint32_t)events.count);
	if (output.stream)
		provenance_write(&provenance, &writer, &arena);
	if (unwinds &&
		record_stacks_begin(
			&(struct record_stacks){ written, &events, sideband, &synthesize }, &arena))
		return message_fail(
			"the tables to unwind with do not fit; give more with --memory");
	session_control(&session, sideband, PERF_EVENT_IOC_ENABLE);
	buildids_begin(&buildids, &arena);
	synthesize.attr = &events.at[sideband].attr;
	synthesize.emit = emit_records;
	synthesize.data_maps = asked.address || asked.keep_stacks;
	if (!synthesize_kernel(&synthesize))
		synthesize_tasks(&synthesize, &target);
	writer_commit(&writer);
	return writer.error ? write_failed() : 0;
}

/* A section for what the records themselves do not tell. False where it does not fit. */
static bool write_build_ids(void)
{
	size_t mark = arena.used;
	struct body body = { .cap = (arena.size - mark) / 2 & ~(size_t)15 };

	body.bytes = arena_take(&arena, 1, body.cap);
	if (buildids_put(&buildids, &body) && !body.full)
		writer_feature(&writer, HEADER_BUILD_ID, body.bytes, body.size);
	if (body.full)
		arena_back(&arena, mark);
	else
		arena_trim(&arena, mark, body.size);
	return !body.full && !buildids.dropped;
}

static int end_file(struct writer_event *written, char *const *command_line)
{
	struct provenance provenance = { written, (uint32_t)events.count, &events, command_line,
		recorder.first_ns, recorder.last_ns, 0 };
	uint32_t left_out = 0;

	if (!output.stream)
		left_out = !write_build_ids() + provenance_write(&provenance, &writer, &arena);
	if (left_out)
		message("%u sections about the machine did not fit; give more with --memory",
			left_out);
	return writer_finish(&writer) ? write_failed() : 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void enable_samples(void)
{
	for (int i = 0; i < events.count; i++)
		if (i != sideband)
			session_control(&session, i, PERF_EVENT_IOC_ENABLE);
}

/* What a signal means: true to end. SIGCHLD of the command ends; so do SIGINT and SIGTERM, which
 * a command that runs is told first. */
static bool signal_ends(int *status)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGCHLD) {
		if (target.child && !target.waits)
			kill(target.child, (int)info.ssi_signo);
		return true;
	}
	if (waitpid(target.child, status, WNOHANG) != target.child)
		return false;
	target.child = 0;
	return true;
}

static int run(int *status)
{
	uint64_t delay_ms = asked.delay ? strtoull(asked.delay, NULL, 10) : 0;
	uint64_t enable_at = asked.delay ? now_ms() + delay_ms : 0;
	bool ended = false;

	while (!ended) {
		uint64_t now = enable_at ? now_ms() : 0;
		bool signalled, alive;

		if (enable_at && now >= enable_at) {
			enable_samples();
			enable_at = 0;
		}
		alive = rings_wait(&rings, signals,
			enable_at && enable_at - now < ROUND_MS ? (int)(enable_at - now) : ROUND_MS,
			&signalled);
		ended = (signalled && signal_ends(status)) || (!alive && !target.child);
		if (recorder_round(&recorder))
			return write_failed();
	}
	session_control(&session, -1, PERF_EVENT_IOC_DISABLE);
	return recorder_round(&recorder) ? write_failed() : 0;
}

static uint64_t lost_in_all(void)
{
	uint64_t lost = 0;

	for (int i = 0; i < events.count; i++)
		if (i != sideband)
			lost += recorder_lost_of(&recorder, i);
	return (lost > recorder.lost ? lost : recorder.lost) + recorder.lost_samples;
}

static void summarize(void)
{
	uint64_t lost = lost_in_all();

	if (unwinds)
		record_stacks_summary(asked.verbose);

	if (asked.verbose)
		message("%" PRIu64 " rounds, %" PRIu64 " records, %zu KiB of %zu KiB for tables",
			recorder.rounds, recorder.records, arena.used / 1024, arena.size / 1024);
	if (recorder.lost_sideband)
		message("%" PRIu64 " records of processes and mappings were lost: some samples may "
			"stay unnamed; more ring memory helps (-m)",
			recorder.lost_sideband);
	if (synthesize.unreadable)
		message("the mappings of %u processes may not be read: their samples stay unnamed",
			synthesize.unreadable);
	message("%" PRIu64 " samples, %" PRIu64 " lost%s, %" PRIu64 " bytes, %s", recorder.samples,
		lost, recorder.throttled ? " (throttled)" : "",
		writer.data_offset + writer.data_size, output.path);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int start_command(void)
{
	int error = target_go(&target);

	if (!error)
		return 0;
	output_discard(&output);
	message_fail("%s: cannot be run: %s", asked.target.command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

static int record(char *const *command_line)
{
	struct writer_event *written =
		arena_array(&arena, struct writer_event, (size_t)events.count);
	int status = 0, failed;

	if (!written)
		return message_fail("the table of events does not fit; give more with --memory");
	/* a closed stream is a failed write; the command, forked before, keeps its own ways */
	signal(SIGPIPE, SIG_IGN);
	if (begin_file(written, command_line))
		return 1;
	if (recorder_begin(&recorder, &arena, &rings, &writer, events.at[0].attr.sample_type) ||
		(unwinds && recorder_rewrite_begin(&recorder, &arena, &record_stacks_rewrite)))
		return message_fail("the rings' tables do not fit; give more with --memory");
	recorder.mapped = see_mapping;
	if (!asked.delay)
		if (!(events.at[0].attr.flags & PERF_ATTR_ENABLE_ON_EXEC))
			enable_samples();
	failed = start_command();
	if (failed)
		return failed;
	failed = run(&status);
	if (target.child)
		waitpid(target.child, &status, 0);
	if (!failed)
		failed = end_file(written, command_line);
	if (!failed)
		summarize();
	return failed ? failed : exit_status(status);
}

static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals < 0 ? message_fail("signalfd: %s", strerror(errno)) : 0;
}

static int choose_target(void)
{
	struct target_fault fault;
	char text[512];

	asked.target.per_cpu = true;
	if (!target_open(&target, &arena, &asked.target, &fault))
		return 0;
	target_explain(&fault, text, sizeof(text));
	return message_fail("%s", text);
}

static int open_output(void)
{
	enum output_status status = output_open(&output, asked.output);

	if (status == OUTPUT_OK)
		return 0;
	return message_fail("%s %s%s%s", asked.output, output_text(status),
		output.error ? ": " : "", output.error ? strerror(output.error) : "");
}

int cmd_record(int argc, char **argv)
{
	char *command_line[COMMAND_LINE_MAX + 2] = { program };
	struct limits limits;
	int operands, status;

	for (int i = 0; i < argc && i < COMMAND_LINE_MAX; i++)
		command_line[i + 1] = argv[i];
	operands = option_parse(argc, argv, options, usage, true);
	if (operands < 0)
		return -operands;
	if (record_fields_list(&asked.fields))
		return 0;
	if (operands)
		asked.target.command = argv;
	else if (!asked.target.system_wide && !asked.target.cpus && !asked.target.pids &&
		 !asked.target.tids)
		return message_usage("nothing to record: name a command, or -a, -C, -p or -t; see "
				     "--help");
	if (asked.quiet)
		message_quiet();
	if (arena_reserve(&arena, asked.memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", asked.memory);
	facts_limits(&limits);
	status = choose_events();
	if (!status)
		status = take_signals();
	if (!status)
		status = choose_target();
	if (!status)
		status = choose_sampling(&limits);
	if (!status)
		status = record_category_check(asked.ceiling, &events, sideband);
	if (!status)
		status = plan_rings(&limits);
	if (!status)
		status = open_rings();
	if (status)
		return status;
	if (asked.verbose)
		show_plan();
	status = open_output();
	return status ? status : record(command_line);
}
