#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "cmd/record_bounds.h"
#include "cmd/record_category.h"
#include "cmd/record_control.h"
#include "cmd/record_fields.h"
#include "cmd/record_file.h"
#include "cmd/record_hotplug.h"
#include "cmd/record_loss.h"
#include "cmd/record_stacks.h"
#include "cmd/sampler.h"

#include "access/caller.h"
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
#define DEFAULT_STACK_BYTES 8192
#define STACK_RING_PAGES 1024  /* where nothing limits them: stacks fill a ring quickly */
#define MOST_STACK_BYTES 65528 /* a record's size has 16 bits */
#define COMMAND_LINE_MAX 256   /* words kept in the file */
#define ROUND_MS 500	       /* at least this often a recording is committed */
#define NEVER UINT64_MAX

static struct {
	struct sampler_wish sampler;
	struct record_fields fields;
	struct record_bounds bounds;
	const char *output, *callgraph, *delay, *ceiling, *control;
	uint64_t memory, duration_ns;
	bool callchain, build_ids, quiet, address, sample_cpu, keep_stacks;
	int verbose;
} asked;

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "What to sample:", NULL },
	{ OPTION_LIST, 'e', "event", &asked.sampler.events, "EVENT[,...]",
		"events (see perfbox list); default cycles, else cpu-clock", NULL },
	{ OPTION_STRING, 'F', "freq", &asked.sampler.frequency, "HZ|max", "samples a second (4000)",
		NULL },
	{ OPTION_U64, 'c', "count", &asked.sampler.period, "N", "one sample every N events", NULL },
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
	{ OPTION_FLAG, 'a', "all-cpus", &asked.sampler.target.system_wide, NULL, "the whole system",
		NULL },
	{ OPTION_STRING, 'C', "cpu", &asked.sampler.target.cpus, "LIST", "these CPUs (0-3,6)",
		NULL },
	{ OPTION_STRING, 'p', "pid", &asked.sampler.target.pids, "LIST",
		"these processes with all their threads", NULL },
	{ OPTION_STRING, 't', "tid", &asked.sampler.target.tids, "LIST", "these threads", NULL },
	{ OPTION_FLAG, 'i', "no-inherit", &asked.sampler.no_inherit, NULL,
		"not the children of what is sampled", NULL },
	{ OPTION_STRING, 'D', "delay", &asked.delay, "MS",
		"begin MS milliseconds later; -1: when --control says", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "How much:", NULL },
	{ OPTION_SECONDS, 0, "duration", &asked.duration_ns, "SECONDS",
		"end after so long; a command is told to (SIGTERM)", NULL },
	{ OPTION_BYTES, 0, "max-size", &asked.bounds.max_bytes, "SIZE",
		"end before the file is larger", NULL },
	{ OPTION_OPTIONAL, 0, "switch-output", &asked.bounds.when, "signal|SIZE|TIME",
		"a further file on SIGUSR2, at a size (B K M G) or after a time (s m h d):\n"
		"                              FILE.STAMP, in UTC; each is whole in itself",
		NULL },
	{ OPTION_U64, 0, "switch-max-files", &asked.bounds.most_files, "N",
		"keep the last N of them", NULL },
	{ OPTION_STRING, 0, "on-full", &asked.bounds.on_full, "stop|rotate",
		"where the disk is full: end (1), or drop the oldest of them", NULL },
	{ OPTION_FLAG, 0, "overwrite", &asked.bounds.latest, NULL,
		"keep the latest in the rings, write them on SIGUSR2 and at the end", NULL },
	{ OPTION_SECONDS, 0, "sync", &asked.bounds.sync_ns, "SECONDS",
		"fdatasync after a commit, at most so often", NULL },
	{ OPTION_STRING, 0, "control", &asked.control, "fifo:CTL[,ACK]|fd:CTL[,ACK]",
		"take enable, disable, snapshot, stop, ping, evlist; snapshot is as SIGUSR2",
		NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "How:", NULL },
	{ OPTION_STRING, 'o', "output", &asked.output, "FILE",
		"the file (perf.data); - is a stream to standard output", NULL },
	{ OPTION_STRING, 'm', "mmap-pages", &asked.sampler.pages, "PAGES|SIZE",
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
static struct sampler sampler;
static struct record_file file;
static struct recorder recorder;
static struct carry carry;
static struct record_control control;
static int signals; /* of signalfd(2) */
static int end_signal = SIGTERM;

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
	file.unwinds = !asked.keep_stacks;
	return 0;
}

static int choose_sampling(const struct limits *limits)
{
	const struct target_wish *target = &asked.sampler.target;
	struct sampling sampling = {
		.cpu = sampler.target.system_wide || target->cpus || asked.sample_cpu,
		.address = asked.address,
		.latest = asked.bounds.latest,
		.build_ids = asked.build_ids,
		/* perf looks for the frame information of a kept stack in its mapping */
		.data_maps = asked.address || asked.keep_stacks,
		.enable_on_exec = sampler.target.child && !sampler.target.system_wide &&
				  !asked.delay && !target->pids && !target->tids,
	};
	int status = choose_callchain(&sampling);

	file.data_maps = sampling.data_maps;
	if (!status)
		status = record_fields_choose(&asked.fields, file.unwinds, &sampling);
	return status ? status : sampler_sampling(&sampler, &asked.sampler, &sampling, limits);
}

static int open_sampler(const struct limits *limits)
{
	bool stacks = sampler.events.at[0].attr.sample_stack_user;

	return sampler_open(&sampler, &asked.sampler,
		stacks && limits->unlimited_rings ? STACK_RING_PAGES : 0, limits);
}

static void show_plan(void)
{
	const struct budget *budget = &sampler.budget;

	message("%u CPUs, %u threads, %u descriptors", sampler.target.cpu_count,
		sampler.target.thread_count, sampler.session.open);
	message("rings per CPU: %u pages for samples, %u for the side-band, 2 to control them; "
		"%" PRIu64 " KiB in all, allowed %" PRIu64 " KiB%s",
		budget->sample_pages, budget->sideband_pages, budget_total_kb(budget),
		budget_limit_kb(budget), budget->unlimited ? " (not binding here)" : "");
}

static void see_sideband(const struct perf_event_header *header)
{
	record_file_sideband(&file, header);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A command that still runs when the recording ends is told to end, too. */
static void end_command(void)
{
	if (sampler.target.child && !sampler.target.waits) {
		kill(sampler.target.child, end_signal);
		/* one that is stopped would not hear */
		kill(sampler.target.child, SIGCONT);
	}
}

/* SIGCHLD of the command ends; so do SIGINT and SIGTERM, which it is told. */
static int take_signal(int *status, bool *ended)
{
	struct signalfd_siginfo info;

	/* where signals cannot be read, the command is looked after all the same */
	if (read(signals, &info, sizeof(info)) != sizeof(info)) {
		*ended |= target_ended(&sampler.target, status, NULL);
		return 0;
	}
	if (info.ssi_signo == SIGUSR2)
		return record_bounds_snapshot();
	if (info.ssi_signo != SIGCHLD) {
		end_signal = (int)info.ssi_signo;
		*ended = true;
	} else {
		*ended |= target_ended(&sampler.target, status, NULL);
	}
	return 0;
}

static int enable(void)
{
	int error = sampler_control(&sampler, PERF_EVENT_IOC_ENABLE);

	return error ? message_fail("the events cannot be switched on: %s", strerror(-error)) : 0;
}

/* Every event, or the one whose name is given. */
static void control_events(const char *name, unsigned long request, const char *done)
{
	bool any = false;

	for (int i = 0; i < sampler.events.count; i++) {
		bool chosen =
			*name ? !strcmp(sampler.events.at[i].name, name) : i != sampler.sideband;

		if (chosen)
			session_control(&sampler.session, i, request);
		any |= chosen;
	}
	message("--control: %s%s%s", any ? done : "no event is called ", any && *name ? ": " : "",
		name);
}

static int take_commands(bool *ended)
{
	enum record_command command;
	int status = 0;

	record_control_read(&control);
	while (!status && (command = record_control_next(&control))) {
		if (command == COMMAND_ENABLE)
			control_events(control.argument, PERF_EVENT_IOC_ENABLE, "events enabled");
		else if (command == COMMAND_DISABLE)
			control_events(control.argument, PERF_EVENT_IOC_DISABLE, "events disabled");
		else if (command == COMMAND_SNAPSHOT)
			status = record_bounds_snapshot();
		else if (command == COMMAND_STOP)
			*ended = true;
		for (int i = 0; command == COMMAND_EVLIST && i < sampler.events.count; i++)
			message("%s", sampler.events.at[i].name);
		record_control_done(&control);
	}
	return status;
}

/* Milliseconds from now to `at_ms`, `most` at the most. */
static int until(uint64_t at_ms, int most)
{
	uint64_t now = now_ms();

	return now >= at_ms ? 0 : at_ms - now < (uint64_t)most ? (int)(at_ms - now) : most;
}

/* What is due by now. */
static int keep_time(uint64_t *enable_at, uint64_t end_at, bool *ended)
{
	uint64_t now = now_ms();

	*ended |= now >= end_at;
	if (now < *enable_at)
		return 0;
	*enable_at = NEVER;
	return enable();
}

static int run(int *status)
{
	uint64_t end_at = asked.duration_ns ? now_ms() + asked.duration_ns / 1000000 : NEVER;
	uint64_t enable_at = asked.delay && *asked.delay != '-'
				     ? now_ms() + strtoull(asked.delay, NULL, 10)
				     : NEVER;
	bool ended = false;
	int failed = 0;

	while (!ended && !failed) {
		const int wakers[RINGS_WAKERS] = { signals, control.fd };
		unsigned woken;
		int wait_ms;

		failed = keep_time(&enable_at, end_at, &ended);
		wait_ms = ended ? 0 : until(enable_at, until(end_at, ROUND_MS));
		if (!rings_wait(&sampler.rings, wakers, record_bounds_wait_ms(wait_ms), &woken) &&
			!sampler.target.child)
			ended = true;
		failed |= record_bounds_round(&ended);
		record_hotplug_look();
		if (!failed && woken & 1)
			failed = take_signal(status, &ended);
		if (!failed && woken & 2 && control.fd >= 0)
			failed = take_commands(&ended);
	}
	if (!failed)
		end_command();
	session_control(&sampler.session, -1, PERF_EVENT_IOC_DISABLE);
	failed = failed ? failed : record_bounds_round(&ended);
	if (failed && recorder.dropped)
		message("%" PRIu64 " samples were dropped: they could not be written",
			recorder.dropped);
	return failed;
}

static void summarize(void)
{
	if (file.unwinds)
		record_stacks_summary(asked.verbose);
	if (asked.verbose)
		message("%" PRIu64 " rounds, %" PRIu64 " records, %zu KiB of %zu KiB for tables",
			recorder.rounds, recorder.records, arena.used / 1024, arena.size / 1024);
	record_loss_summary(&recorder, asked.verbose);
	if (file.synthesize.unreadable)
		message("the mappings of %u processes may not be read: their samples stay unnamed",
			file.synthesize.unreadable);
	if (carry.dropped)
		message("%" PRIu64 " threads and mappings found no room on their way to further "
			"files; give more with --memory",
			carry.dropped);
	message("%" PRIu64 " samples, %" PRIu64 " lost%s, %" PRIu64 " bytes, %s", recorder.samples,
		record_loss_samples(&recorder), recorder.losses.throttled ? " (throttled)" : "",
		record_bounds_bytes(), record_bounds_place());
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int start_command(void)
{
	int error = target_go(&sampler.target);

	if (!error)
		return 0;
	output_discard(&file.output);
	message_fail("%s: cannot be run: %s", asked.sampler.target.command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* Before the first record is looked at. A command that runs has its own rights. */
static int enter_sandbox(void)
{
	const struct guard guard = {
		.use = SANDBOX_OPENS | SANDBOX_RECORDS |
		       (file.carry ? SANDBOX_REPLACES | SANDBOX_MAKES : 0),
		.output = asked.output,
		.child = sampler.target.child,
		.verbose = asked.verbose,
	};

	if (!guard_enter(&guard))
		return 0;
	if (sampler.target.child)
		kill(sampler.target.child, SIGTERM);
	output_discard(&file.output);
	return 1;
}

static int begin(void)
{
	int status = record_file_begin(&file);

	/* what has no header yet is no recording */
	if (status && !file.writer.committed)
		output_discard(&file.output);
	if (status)
		return status;
	if (recorder_begin(&recorder, &arena, &sampler.rings, &file.writer,
		    sampler.events.at[0].attr.sample_type) ||
		(file.unwinds && recorder_rewrite_begin(&recorder, &arena, &record_stacks_rewrite)))
		return message_fail("the rings' tables do not fit; give more with --memory");
	recorder.sideband.tell = see_sideband;
	status = record_bounds_begin(&file, &recorder);
	if (status)
		return status;
	if (!asked.delay && !(sampler.events.at[0].attr.flags & PERF_ATTR_ENABLE_ON_EXEC) &&
		enable())
		return 1;
	status = start_command();
	return status ? status : enter_sandbox();
}

/* It was told to end and may take its time, or not care: the file is done, a second Ctrl-C ends us.
 */
static void wait_for_command(int *status)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	waitpid(sampler.target.child, status, 0);
}

static int record(void)
{
	int status = 0, failed;

	/* a closed stream is a failed write; the command, forked before, keeps its own ways */
	signal(SIGPIPE, SIG_IGN);
	record_hotplug_begin();
	failed = begin();
	if (failed)
		return failed;
	failed = run(&status);
	if (!failed)
		failed = record_bounds_end();
	if (!failed)
		summarize();
	if (sampler.target.child)
		wait_for_command(&status);
	return failed ? failed : exit_status(status);
}

static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	/* one that is ignored would take the command's status with it */
	signal(SIGCHLD, SIG_DFL);
	signals = sigprocmask(SIG_BLOCK, &set, NULL)
			  ? -1
			  : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals < 0 ? message_fail("signals cannot be waited for: %s", strerror(errno)) : 0;
}

int cmd_record(int argc, char **argv)
{
	char *command_line[COMMAND_LINE_MAX + 2] = { program };
	struct limits limits;
	int operands, status;

	asked.output = "perf.data";
	asked.memory = DEFAULT_ARENA_BYTES;
	for (int i = 0; i < argc && i < COMMAND_LINE_MAX; i++)
		command_line[i + 1] = argv[i];
	operands = option_parse(argc, argv, options, usage, true);
	if (operands < 0)
		return -operands;
	if (record_fields_list(&asked.fields))
		return 0;
	if (operands)
		asked.sampler.target.command = argv;
	else if (!asked.sampler.target.system_wide && !asked.sampler.target.cpus &&
		 !asked.sampler.target.pids && !asked.sampler.target.tids)
		return message_usage("nothing to record: name a command, or -a, -C, -p or -t; see "
				     "--help");
	if (asked.quiet)
		message_quiet();
	status = record_bounds_check(&asked.bounds);
	if (status)
		return status;
	if (arena_reserve(&arena, asked.memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", asked.memory);
	sampler.arena = &arena;
	file.sampler = &sampler;
	caller_raise();
	facts_limits(&limits);
	caller_lower();
	status = sampler_events(&sampler, &asked.sampler);
	if (!status)
		status = take_signals();
	if (!status)
		status = sampler_target(&sampler, &asked.sampler);
	if (!status)
		status = choose_sampling(&limits);
	if (!status)
		status = record_category_check(asked.ceiling, &sampler.events, sampler.sideband);
	if (!status)
		status = record_category_policy(&sampler.events, sampler.sideband);
	if (!status)
		status = open_sampler(&limits);
	if (status)
		return status;
	status = record_control_open(&control, asked.control);
	if (status)
		return status;
	if (asked.verbose)
		show_plan();
	file.latest = asked.bounds.latest;
	file.carry = record_bounds_carries(&asked.bounds) ? &carry : NULL;
	file.command_line = command_line;
	status = record_file_open(&file, asked.output);
	return status ? status : record();
}
