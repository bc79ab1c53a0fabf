#include "cmd/cmd.h"
#include "cmd/record_category.h"

#include "access/caller.h"
#include "access/verdict.h"
#include "base/arena.h"
#include "base/date.h"
#include "base/message.h"
#include "base/option.h"
#include "base/out.h"
#include "capture/counting.h"
#include "capture/event.h"
#include "capture/event_set.h"
#include "capture/schedule.h"
#include "capture/target.h"
#include "view/attr_text.h"
#include "view/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox stat [OPTION...] [--] COMMAND [ARG...]\n"
	"       perfbox stat [OPTION...] -a | -C CPUS | -p PIDS | -t TIDS [-- COMMAND [ARG...]]\n"
	"\n"
	"Counts events of a command, of processes or of the whole system, and prints the counts "
	"on\n"
	"standard error as perf does. Ends with the command, or with Ctrl-C.\n"
	"The status is the command's; 126 or 127 where it cannot be run.\n"
	"\n";

#define DEFAULT_ARENA_BYTES (4u << 20)
#define MS 1000000ull /* ns */
#define ALIVE_NS (100 * MS)
#define RUNS_MAX 100

static struct {
	struct option_list events;
	const char *output, *separator;
	uint64_t runs, interval_ms, interval_count, delay_ms, timeout_ms, log_fd, memory;
	struct target_wish target;
	bool no_aggregation, no_inherit, json, append, null_run, scale, all_user, all_kernel, quiet;
	bool output_given, log_given, csv, interval_given;
	int verbose, detail;
} asked;

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "What to count:", NULL },
	{ OPTION_LIST, 'e', "event", &asked.events, "EVENT[,...]",
		"events (see perfbox list); default: a set that tells what a program is busy with",
		NULL },
	{ OPTION_COUNT, 'd', "detailed", &asked.detail, NULL,
		"with events of caches; -dd and -ddd: more of them", NULL },
	{ OPTION_FLAG, 0, "all-user", &asked.all_user, NULL, "events in user space only", NULL },
	{ OPTION_FLAG, 0, "all-kernel", &asked.all_kernel, NULL, "events in the kernel only",
		NULL },
	{ OPTION_FLAG, 'n', "null", &asked.null_run, NULL, "no events: the time only", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "Where:", NULL },
	{ OPTION_FLAG, 'a', "all-cpus", &asked.target.system_wide, NULL, "the whole system", NULL },
	{ OPTION_STRING, 'C', "cpu", &asked.target.cpus, "LIST", "these CPUs (0-3,6)", NULL },
	{ OPTION_STRING, 'p', "pid", &asked.target.pids, "LIST",
		"these processes with all their threads", NULL },
	{ OPTION_STRING, 't', "tid", &asked.target.tids, "LIST", "these threads", NULL },
	{ OPTION_FLAG, 'i', "no-inherit", &asked.no_inherit, NULL,
		"not the children of what is counted", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "When:", NULL },
	{ OPTION_U64, 'r', "repeat", &asked.runs, "N",
		"run the command N times, show mean and deviation; 0: for ever, one by one", NULL },
	{ OPTION_U64, 'I', "interval-print", &asked.interval_ms, "MS",
		"print what was counted every MS milliseconds", &asked.interval_given },
	{ OPTION_U64, 0, "interval-count", &asked.interval_count, "N", "but N times only", NULL },
	{ OPTION_U64, 'D', "delay", &asked.delay_ms, "MS", "begin MS milliseconds later", NULL },
	{ OPTION_U64, 0, "timeout", &asked.timeout_ms, "MS", "end after MS milliseconds", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "How:", NULL },
	{ OPTION_FLAG, 'A', "no-aggr", &asked.no_aggregation, NULL,
		"each CPU by itself (with -a or -C)", NULL },
	{ OPTION_STRING, 'x', "field-separator", &asked.separator, "SEP",
		"values separated by SEP, for programs", &asked.csv },
	{ OPTION_FLAG, 'j', "json-output", &asked.json, NULL, "one JSON object a line", NULL },
	{ OPTION_STRING, 'o', "output", &asked.output, "FILE", "print to a file",
		&asked.output_given },
	{ OPTION_FLAG, 0, "append", &asked.append, NULL, "add to that file", NULL },
	{ OPTION_U64, 0, "log-fd", &asked.log_fd, "FD", "print to an open descriptor",
		&asked.log_given },
	{ OPTION_FLAG, 0, "scale", &asked.scale, NULL,
		"--no-scale: counts of shared counters as they are", NULL },
	{ OPTION_BYTES, 0, "memory", &asked.memory, "SIZE", "memory for tables (4M)", NULL },
	{ OPTION_FLAG, 'q', "quiet", &asked.quiet, NULL, "print nothing but failures", NULL },
	{ OPTION_COUNT, 'v', "verbose", &asked.verbose, NULL,
		"raw counts and times; -vv: what is opened", NULL },
	{ OPTION_FLAG, 'B', "big-num", NULL, NULL, NULL, NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

static struct arena arena;
static struct event_list events;
static struct target target;
static struct counting counting;
static struct out out;

/* [event][column]: the figures over the runs, and what is shown. */
static struct stat_tally *tallies;
static struct stat_cell *cells;
static bool counts_command; /* and nothing else */

static struct stat_sheet sheet = { .events = &events };
static struct spread wall;
static struct rusage used;
static uint64_t start_ns;
static int stop_signal; /* that ended it, or 0 */

static int choose_events(void)
{
	for (int i = 0; i < asked.events.count; i++) {
		const char *text = asked.events.at[i];
		struct event_error error;
		int err = event_parse(&events, text, NULL, &error);

		if (err)
			message("-e %s: %s", text, error.text);
		if (err)
			return err == -EINVAL ? EXIT_USAGE : 1;
	}
	if (!asked.events.count && !asked.null_run)
		event_set_default(&events, asked.target.system_wide || asked.target.cpus);
	event_set_detailed(&events, asked.detail);
	return 0;
}

static void show_attr(const struct event *event)
{
	if (asked.verbose > 1)
		attr_text(&out, &event->attr);
}

static void tell_less(const struct event *event, const char *why)
{
	message("%s: %s", event->name, why);
}

static void tell_refused(const struct session_fault *fault, bool needed)
{
	const struct event *event = &events.at[fault->event];
	char text[2048];

	if (!needed && !asked.verbose)
		return;
	verdict_explain(text, sizeof(text),
		&(struct refusal){ .event = event->name,
			.attr = &event->attr,
			.pid = fault->pid,
			.cpu = fault->cpu,
			.error = fault->error,
			.descriptors =
				(uint64_t)events.count * target.cpu_count * target.thread_count });
	message_lines(text);
}

static int open_events(void)
{
	const struct counting_told told = { show_attr, tell_less, tell_refused };
	int status;

	caller_raise();
	status = counting_open(&counting, &arena,
		&(struct counting_wish){ .inherit = !asked.no_inherit,
			.on_exec = counts_command && !asked.delay_ms,
			.user_only = asked.all_user,
			.kernel_only = asked.all_kernel },
		&told);
	caller_lower();
	if (status == -ENOMEM)
		return message_fail(
			"the table of descriptors does not fit; give more with --memory");
	return status ? 1 : 0;
}

static uint64_t time_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

/* Reads all events: into the cells goes what was counted since the last time. */
static void read_cells(uint64_t wall_ns)
{
	const struct count_times times = { wall_ns, time_ns(used.ru_utime),
		time_ns(used.ru_stime) };

	for (int i = 0; i < events.count; i++)
		for (uint32_t column = 0; column < counting.columns; column++) {
			struct stat_cell *cell = &cells[(size_t)i * counting.columns + column];
			struct counter count;
			double value;

			cell->state = counting_read(&counting, i, column, &times, &count);
			value = asked.scale ? counter_scaled(&count) : (double)count.value;
			cell->value = value * events.at[i].scale;
			cell->enabled_ns = (double)count.enabled_ns;
			cell->running_ns = (double)count.running_ns;
			if (asked.verbose && !sheet.interval && cell->state > COUNT_UNSUPPORTED)
				message("%s: %" PRIu64 " %" PRIu64 " %" PRIu64, events.at[i].name,
					count.value, count.enabled_ns, count.running_ns);
		}
}

static void print_sheet(void)
{
	if (asked.quiet)
		return;
	if (asked.json)
		stat_json(&out, &sheet);
	else if (asked.csv)
		stat_csv(&out, &sheet);
	else
		stat_text(&out, &sheet);
	out_flush(&out);
}

static void print_interval(uint64_t now, uint64_t since)
{
	sheet.time_ns = now - start_ns;
	sheet.wall_ns = (double)(now - since);
	read_cells(now - start_ns);
	print_sheet();
}

static size_t cell_count(void)
{
	return (size_t)events.count * counting.columns;
}

static void add_run(uint64_t wall_ns)
{
	spread_add(&wall, (double)wall_ns);
	for (size_t i = 0; i < cell_count(); i++)
		stat_tally_add(&tallies[i], &cells[i]);
}

/* The sheet of all runs so far, which are then forgotten. */
static void sum_up(void)
{
	for (size_t i = 0; i < cell_count(); i++) {
		cells[i] = stat_tally_mean(&tallies[i]);
		tallies[i] = (struct stat_tally){ .state = COUNT_ABSENT };
	}
	sheet.runs = wall.count;
	sheet.wall_ns = wall.mean;
	sheet.wall_deviation_ns = spread_deviation(&wall);
	sheet.usage = counts_command;
	sheet.user_ns = (double)time_ns(used.ru_utime);
	sheet.system_ns = (double)time_ns(used.ru_stime);
	wall = (struct spread){ 0 };
}

static bool any_alive(void)
{
	for (uint32_t i = 0; i < target.thread_count; i++)
		if (target.threads[i] <= 0 || !kill(target.threads[i], 0) || errno == EPERM)
			return true;
	return false;
}

static struct schedule due;

static void begin_counting(void)
{
	session_control(&counting.session, -1, PERF_EVENT_IOC_ENABLE);
	start_ns = schedule_now_ns();
}

/* Does what is due; true to end. */
static bool do_due(uint64_t *last)
{
	uint64_t now = schedule_now_ns();

	if (schedule_due(&due.enable_ns, now, 0)) {
		begin_counting();
		*last = start_ns;
		if (asked.interval_ms)
			due.interval_ns = start_ns + asked.interval_ms * MS;
	}
	if (schedule_due(&due.interval_ns, now, asked.interval_ms * MS)) {
		print_interval(now, *last);
		*last = now;
		if (asked.interval_count && !--asked.interval_count)
			due.interval_ns = 0;
	}
	if (schedule_due(&due.timeout_ns, now, 0)) {
		if (!target.child)
			return true;
		kill(target.child, SIGTERM);
	}
	return schedule_due(&due.alive_ns, now, ALIVE_NS) && !any_alive();
}

/* SIGINT and SIGTERM are the command's too: it is told the first, and the second is for us. */
static bool signal_ends(int signal, int *status)
{
	if (signal == SIGCHLD)
		return target_ended(&target, status, &used);
	if (stop_signal || !target.child) {
		stop_signal = signal;
		return true;
	}
	stop_signal = signal;
	kill(target.child, signal);
	return false;
}

/* When the command has ended: whether it ever ran. */
static int check_command(void)
{
	int error = asked.target.command ? target_exec_error(&target) : 0;

	if (!error)
		return 0;
	message_fail("%s: cannot be run: %s", asked.target.command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

static void set_due(void)
{
	uint64_t now = schedule_now_ns();

	start_ns = now;
	due.enable_ns = asked.delay_ms ? now + asked.delay_ms * MS : 0;
	due.interval_ns = asked.interval_ms && !due.enable_ns ? now + asked.interval_ms * MS : 0;
	due.timeout_ns = asked.timeout_ms ? now + asked.timeout_ms * MS : 0;
	due.alive_ns = !target.child && !target.system_wide ? now + ALIVE_NS : 0;
}

/* One run from its start to its end. `status` becomes the command's. */
static int run(int *status)
{
	uint64_t last, end;
	bool ended = false;
	int failed;

	if (!asked.delay_ms && !counts_command)
		begin_counting();
	set_due();
	last = start_ns;
	target_release(&target);
	while (!ended) {
		int signal = schedule_wait(&due);

		ended = signal ? signal_ends(signal, status) : do_due(&last);
	}
	end = schedule_now_ns();
	session_control(&counting.session, -1, PERF_EVENT_IOC_DISABLE);
	failed = target.child ? 0 : check_command();
	if (failed)
		return failed;
	if (!asked.interval_ms) {
		read_cells(end - start_ns);
		add_run(end - start_ns);
	} else if (due.interval_ns && end > last) {
		print_interval(end, last);
	}
	return 0;
}

static char subject[1024];

static void describe(void)
{
	size_t used_bytes;
	char *const *word = asked.target.command;

	if (asked.target.system_wide)
		strcpy(subject, "'system wide'");
	else if (asked.target.cpus)
		snprintf(subject, sizeof(subject), "'CPU(s) %s'", asked.target.cpus);
	else if (asked.target.pids)
		snprintf(subject, sizeof(subject), "process id '%s'", asked.target.pids);
	else if (asked.target.tids)
		snprintf(subject, sizeof(subject), "thread id '%s'", asked.target.tids);
	else
		for (used_bytes = 0; word && *word && used_bytes < sizeof(subject) - 1; word++)
			used_bytes += (size_t)snprintf(subject + used_bytes,
				sizeof(subject) - used_bytes, "%s%s%s", used_bytes ? " " : "'",
				*word, word[1] ? "" : "'");
	sheet.subject = subject;
}

static int choose_target(void)
{
	struct target_fault fault;
	char text[512];

	if (!target_open(&target, &arena, &asked.target, &fault))
		return 0;
	target_explain(&fault, text, sizeof(text));
	return message_fail("%s", text);
}

static int take_tables(void)
{
	size_t count;
	int status = counting_begin(&counting, &arena, &events, &target, asked.no_aggregation);

	count = (size_t)events.count * counting.columns;
	tallies = arena_array(&arena, struct stat_tally, count);
	cells = arena_array(&arena, struct stat_cell, count);
	if (status || !tallies || !cells)
		return message_fail("%d events on %u CPUs do not fit; give more with --memory",
			events.count, target.cpu_count);
	sheet.cells = cells;
	sheet.columns = counting.columns;
	sheet.cpus = asked.no_aggregation ? target.cpus : NULL;
	sheet.interval = asked.interval_ms;
	return 0;
}

/* The runs, with the target of the first open already. */
static int repeat(int *status)
{
	size_t mark = arena.used;
	int failed = 0;

	for (uint64_t i = 0; (!asked.runs || i < asked.runs) && !stop_signal && !failed; i++) {
		arena_back(&arena, mark);
		if (i)
			failed = choose_target();
		if (!failed)
			failed = open_events();
		if (!failed)
			failed = run(status);
		session_close(&counting.session);
		if (!failed && !asked.interval_ms &&
			(!asked.runs || i + 1 == asked.runs || stop_signal)) {
			sum_up();
			print_sheet();
		}
	}
	return failed;
}

static int open_output(void)
{
	int fd = asked.log_given ? (int)asked.log_fd : STDERR_FILENO;
	char date[DATE_MAX];

	if (asked.output_given) {
		fd = open(asked.output,
			O_WRONLY | O_CREAT | O_CLOEXEC | (asked.append ? O_APPEND : O_TRUNC), 0666);
		if (fd < 0)
			return message_fail(
				"-o %s: cannot be written: %s", asked.output, strerror(errno));
	}
	out_begin(&out, fd);
	if (asked.output_given) {
		date_text(date, time(NULL));
		out_printf(&out, "# started on %s UTC\n\n", date);
	}
	return 0;
}

static int check_wish(void)
{
	const struct target_wish *wish = &asked.target;

	if (!wish->command && !wish->system_wide && !wish->cpus && !wish->pids && !wish->tids)
		return message_usage("nothing to count: name a command, or -a, -C, -p or -t; see "
				     "--help");
	if (asked.no_aggregation && !wish->system_wide && !wish->cpus)
		return message_usage("-A: shows CPUs, so it needs -a or -C");
	if (asked.interval_given && !asked.interval_ms)
		return message_usage("-I 0: an interval is at least 1 ms");
	if (asked.interval_ms && asked.runs != 1)
		return message_usage("-I and -r exclude each other");
	if (asked.runs != 1 && !wish->command)
		return message_usage("-r: repeats a command, and none is named");
	if (asked.runs > RUNS_MAX)
		return message_usage(
			"-r %" PRIu64 ": at most %d runs; 0 is for ever", asked.runs, RUNS_MAX);
	if (asked.csv && asked.json)
		return message_usage("-x and -j exclude each other");
	if (asked.append && !asked.output_given)
		return message_usage("--append: adds to a file, so it needs -o");
	if (asked.output_given && asked.log_given)
		return message_usage("-o and --log-fd exclude each other");
	return 0;
}

static int count(void)
{
	int status = 0, failed = choose_target();

	if (!failed)
		failed = take_tables();
	if (!failed)
		failed = repeat(&status);
	if (out_flush(&out) && !failed)
		failed = message_fail("%s: writing failed: %s",
			asked.output_given ? asked.output : "the counts", strerror(out.error));
	if (failed || !asked.target.command)
		return failed;
	if (target.child)
		return 128 + stop_signal;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cmd_stat(int argc, char **argv)
{
	int operands, status;

	asked.runs = 1;
	asked.scale = true;
	asked.memory = DEFAULT_ARENA_BYTES;
	operands = option_parse(argc, argv, options, usage, true);
	if (operands < 0)
		return -operands;
	if (operands)
		asked.target.command = argv;
	sheet.separator = asked.separator;
	if (asked.csv && !strcmp(asked.separator, "\\t"))
		sheet.separator = "\t";
	status = check_wish();
	if (!status)
		status = choose_events();
	if (!status)
		status = record_category_policy(&events, -1);
	if (status)
		return status;
	if (arena_reserve(&arena, asked.memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", asked.memory);
	counts_command = asked.target.command && !asked.target.system_wide && !asked.target.cpus &&
			 !asked.target.pids && !asked.target.tids;
	describe();
	if (schedule_hold_signals())
		return message_fail("signals cannot be waited for: %s", strerror(errno));
	status = open_output();
	return status ? status : count();
}
