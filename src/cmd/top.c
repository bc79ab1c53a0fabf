#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "cmd/record_category.h"
#include "cmd/sampler.h"
#include "cmd/top_ids.h"

#include "access/caller.h"
#include "access/caps.h"
#include "base/message.h"
#include "base/terminal.h"
#include "capture/drain.h"
#include "capture/synthesize.h"
#include "data/record.h"
#include "data/sample.h"
#include "profile/live.h"
#include "view/report_text.h"
#include "view/top.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox top [OPTION...]\n"
	"\n"
	"Shows what runs right now, the busiest function first: the whole system, or what -p, -t "
	"or\n"
	"-C name. On a terminal a screen that is refreshed in place (? there tells its keys), "
	"else\n"
	"and with TERM=dumb a block of text per refresh. What was sampled fades to 7/8 with each\n"
	"refresh.\n"
	"\n"
	"Sort keys: comm, dso, symbol, pid (the thread), tgid (the process), cpu.\n";

#define MEMORY_BYTES (16ull << 20)
#define TEXT_ROWS 40

static struct sampler_wish wish;
static uint64_t memory = MEMORY_BYTES, delay_ns = 2000000000, entries, rounds;
static const char *sort = "dso,symbol", *callgraph;
static bool callchain, plain, raw_names, verbose;
static struct top top;

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "What to sample:", NULL },
	{ OPTION_LIST, 'e', "event", &wish.events, "EVENT[,...]",
		"events (see perfbox list); default cycles, else cpu-clock", NULL },
	{ OPTION_STRING, 'F', "freq", &wish.frequency, "HZ|max", "samples a second (4000)", NULL },
	{ OPTION_U64, 'c', "count", &wish.period, "N", "one sample every N events", NULL },
	{ OPTION_FLAG, 'g', NULL, &callchain, NULL, "with call graphs (frame pointers)", NULL },
	{ OPTION_STRING, 0, "call-graph", &callgraph, "fp|no", "fp as -g", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "Where:", NULL },
	{ OPTION_FLAG, 'a', "all-cpus", &wish.target.system_wide, NULL,
		"the whole system (the default)", NULL },
	{ OPTION_STRING, 'C', "cpu", &wish.target.cpus, "LIST", "these CPUs (0-3,6)", NULL },
	{ OPTION_STRING, 'p', "pid", &wish.target.pids, "LIST",
		"these processes with all their threads", NULL },
	{ OPTION_STRING, 't', "tid", &wish.target.tids, "LIST", "these threads", NULL },
	{ OPTION_FLAG, 'i', "no-inherit", &wish.no_inherit, NULL,
		"not the children of what is sampled", NULL },
	{ OPTION_GROUP, 0, NULL, NULL, NULL, "How:", NULL },
	{ OPTION_SECONDS, 'd', "delay", &delay_ns, "SECONDS", "between refreshes (2)", NULL },
	{ OPTION_STRING, 's', "sort", &sort, "KEY,...", "one row per KEY,... (dso,symbol)", NULL },
	{ OPTION_FLAG, 'n', "show-nr-samples", &top.samples, NULL, "a column of samples", NULL },
	{ OPTION_U64, 'E', "entries", &entries, "N", "rows in a block of text (40)", NULL },
	{ OPTION_FLAG, 'z', "zero", &top.zero, NULL, "begin anew at each refresh", NULL },
	{ OPTION_FLAG, 'K', "hide_kernel_symbols", &top.hide_kernel, NULL, "user space only",
		NULL },
	{ OPTION_FLAG, 'U', "hide_user_symbols", &top.hide_user, NULL, "the kernel only", NULL },
	{ OPTION_FLAG, 0, "stdio", &plain, NULL, "text also on a terminal", NULL },
	{ OPTION_FLAG, 0, "tui", NULL, NULL, NULL, NULL },
	{ OPTION_U64, 0, "rounds", &rounds, "N", "end after N refreshes", NULL },
	{ OPTION_STRING, 'm', "mmap-pages", &wish.pages, "PAGES|SIZE",
		"ring for samples per CPU; default: what is allowed", NULL },
	{ OPTION_FLAG, 0, "no-demangle", &raw_names, NULL, "C++ and Rust names as linked", NULL },
	{ OPTION_BYTES, 0, "memory", &memory, "SIZE", "memory for tables (16M)", NULL },
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "tell of tables and losses at the end",
		NULL },
	{ .kind = OPTION_END },
};

static struct arena arena;
static struct sampler opened;
static struct top_ids ids;
static struct drain drain;
static struct live live;
static struct synthesize synthesize;
static struct resolve_options files;
static struct terminal terminal;
static struct out out;
static unsigned asked_keys;
static uint32_t event;			      /* the one on the screen */
static uint64_t busy_samples, kernel_samples; /* of processes; of them in the kernel */
static int signals = -1, waiter = -1;	      /* of signalfd(2); of epoll(7): that and the keys */
static char where[128];

/* What a refresh is measured against. */
static struct {
	uint64_t at_ns, cpu_ns, samples, busy, kernel;
} last;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t own_cpu_ns(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return ((uint64_t)use.ru_utime.tv_sec + (uint64_t)use.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)use.ru_utime.tv_usec + (uint64_t)use.ru_stime.tv_usec) * 1000u;
}

static int choose_sort(void)
{
	static const uint8_t key[REPORT_COLUMN_KINDS] = {
		[REPORT_COMM] = 1u << HIST_COMM,
		[REPORT_DSO] = 1u << HIST_DSO,
		[REPORT_SYMBOL] = 1u << HIST_SYMBOL,
		[REPORT_PID] = 1u << HIST_PID,
		[REPORT_TID] = 1u << HIST_TID,
		[REPORT_CPU] = 1u << HIST_CPU,
	};

	for (const char *at = sort; *at;) {
		size_t size = strcspn(at, ",");
		char word[32];
		enum report_column c;

		snprintf(word, sizeof(word), "%.*s", (int)size, at);
		c = report_column_find(word);
		if (c == REPORT_COLUMN_KINDS || !key[c])
			return message_usage("-s %s: '%s' is no sort key; see --help", sort, word);
		asked_keys |= key[c];
		at += size + (at[size] == ',');
	}
	if (!asked_keys)
		return message_usage("-s: no sort key; see --help");
	top.keys = asked_keys;
	return 0;
}

static int choose(void)
{
	if (callgraph && strcmp(callgraph, "fp") && strcmp(callgraph, "no"))
		return message_usage("--call-graph %s: want fp or no", callgraph);
	if (callgraph)
		callchain = !strcmp(callgraph, "fp");
	if (!delay_ns)
		return message_usage("-d: the delay is 0");
	if (delay_ns > 3600000000000)
		return message_usage("-d: the delay is more than an hour");
	files.raw = raw_names;
	top.graph = callchain;
	return choose_sort();
}

static const struct perf_event_attr *sideband_attr(void)
{
	return &opened.events.at[opened.sideband].attr;
}

static void take_sideband(const struct perf_event_header *header)
{
	struct record record;

	if (record_decode(&record, header, sideband_attr()) == RECORD_OK)
		live_tell(&live, &record);
}

static void take_sample(const struct perf_event_header *header)
{
	/* the id is the first word of every sample */
	int of = header->size >= 16
			 ? top_ids_event(&ids, ((const uint64_t *)(const void *)header)[1])
			 : -1;
	struct sample sample;

	if (of < 0 || top.frozen ||
		sample_decode(&sample, header, &opened.events.at[of].attr) == SAMPLE_SHORT)
		return;
	busy_samples += sample.pid != 0;
	kernel_samples += sample.pid && sample.cpumode == PERF_RECORD_MISC_KERNEL;
	live_sample(&live, (uint32_t)of, &sample);
}

static int emit(void *context, const void *records, size_t size)
{
	const char *at = records, *end = at + size;

	(void)context;
	while (at < end) {
		const struct perf_event_header *header = (const void *)at;

		take_sideband(header);
		at += header->size;
	}
	return 0;
}

static void tell_all(void)
{
	synthesize.attr = sideband_attr();
	synthesize.emit = emit;
	caller_raise();
	if (!synthesize_kernel(&synthesize))
		synthesize_tasks(&synthesize, &opened.target);
	caller_lower();
}

/* Samples of CPUs that wait are not what anybody looks for. */
static void drop_idle(void)
{
	const struct tree *tree = &live.at->tree;

	for (uint32_t i = 0; i < tree->count; i++) {
		struct tree_node *n = &tree->node[i];

		if (n->weight && !tree->root[n->root].pid && n->place && n->place->symbol &&
			top_is_idle(n->place->symbol->name))
			n->weight = n->samples = 0;
	}
}

static void measure(void)
{
	uint64_t now = now_ns(), cpu = own_cpu_ns();
	struct top_numbers *n = &top.numbers;

	n->seconds = (double)(now - last.at_ns) / 1e9;
	n->samples = drain.samples - last.samples;
	n->busy = busy_samples - last.busy;
	n->kernel = kernel_samples - last.kernel;
	n->lost = drain.lost + drain.lost_sideband;
	n->own_percent = 100.0 * (double)(cpu - last.cpu_ns) / (double)(now - last.at_ns + 1);
	n->memory_bytes = arena.used - live.room[0].arena.size * 2 + live.at->arena.used;
	n->dropped = live_dropped(&live);
	last.at_ns = now;
	last.cpu_ns = cpu;
	last.samples = drain.samples;
	last.busy = busy_samples;
	last.kernel = kernel_samples;
}

/* The rows of one event, in what is left of the tables' arena. */
static bool make_rows(
	struct top_rows *rows, struct hist *hist, struct callgraph *graph, uint32_t of)
{
	struct arena *tables = &live.at->arena;

	if (!hist_make(hist, tables, &live.at->tree, of, top_hist_keys(&top)))
		return false;
	hist_sort(hist, false);
	if (!top_choose(rows, &top, hist))
		return false;
	/* last: each graph takes back what lies behind */
	if (callchain && callgraph_init(graph, tables, hist))
		rows->graph = graph;
	return true;
}

static void draw_event(uint32_t of)
{
	size_t mark = live.at->arena.used;
	static struct hist hist;
	static struct callgraph graph;
	struct top_rows rows = { .hist = &hist };
	int columns, lines;

	top.event = opened.events.at[of].name;
	if (!make_rows(&rows, &hist, &graph, of)) {
		rows.count = 0;
		top.note = "no room for the rows: give more --memory";
	}
	if (terminal.entered) {
		terminal_size(terminal.screen, &columns, &lines);
		top_screen(&out, &top, &rows, columns, lines);
	} else {
		top_text(&out, &top, &rows);
	}
	arena_back(&live.at->arena, mark);
}

static void draw(void)
{
	if (terminal.entered)
		draw_event(event);
	else
		for (int i = 0; i < opened.events.count; i++)
			if (i != opened.sideband)
				draw_event((uint32_t)i);
	out_flush(&out);
}

static void refresh(void)
{
	if (!top.frozen) {
		live_name(&live);
		drop_idle();
	}
	measure();
	top.note = synthesize.kernel_hidden ? "kernel names are hidden (kptr_restrict)" : NULL;
	draw();
	if (!top.frozen)
		live_age(&live, top.zero);
	if (live_crowded(&live))
		live_move(&live, tell_all);
}

/* 's': each of these, the one that was asked for first. */
static void next_sort(void)
{
	static const uint8_t cycle[] = {
		1u << HIST_DSO | 1u << HIST_SYMBOL,
		1u << HIST_COMM | 1u << HIST_DSO | 1u << HIST_SYMBOL,
		1u << HIST_COMM,
		1u << HIST_DSO,
		1u << HIST_PID | 1u << HIST_COMM,
	};
	static size_t at = sizeof(cycle);
	const size_t count = sizeof(cycle);

	do
		at = at >= count ? 0 : at + 1;
	while (at < count && cycle[at] == asked_keys);
	top.keys = at == count ? asked_keys : cycle[at];
}

/* Into the process that most of the selected row is from. */
static void zoom_selected(void)
{
	size_t mark = live.at->arena.used;
	struct top_rows rows;
	struct hist hist;
	struct callgraph graph;
	uint64_t most = 0;

	if (make_rows(&rows, &hist, &graph, event) && top.selected < rows.count) {
		uint32_t i = hist.row[rows.row[top.selected]].first;

		for (; i != TREE_NONE; i = hist.next[i]) {
			const struct tree_node *n = &live.at->tree.node[i];

			if (n->weight <= most)
				continue;
			most = n->weight;
			top.pid = live.at->tree.root[n->root].pid;
			top.zoomed = true;
		}
		top.selected = top.first = 0;
	}
	arena_back(&live.at->arena, mark);
}

static char asks; /* '/' or 'p': what the prompt is for */

static void ask(char what, const char *prompt)
{
	asks = what;
	top.prompt = prompt;
	top.typed[0] = 0;
}

static void answered(void)
{
	char *end;
	unsigned long pid = strtoul(top.typed, &end, 10);

	top.prompt = NULL;
	top.selected = top.first = 0;
	if (asks == '/') {
		memcpy(top.filter, top.typed, sizeof(top.filter));
	} else {
		top.zoomed = *top.typed && !*end;
		top.pid = (uint32_t)pid;
	}
}

static void type(int key)
{
	size_t length = strlen(top.typed);

	if (key == '\n' || key == '\r') {
		answered();
	} else if (key == KEY_ESCAPE) {
		top.prompt = NULL;
	} else if (key == KEY_ERASE) {
		top.typed[length ? length - 1 : 0] = 0;
	} else if (key >= ' ' && key < 256 && length + 1 < sizeof(top.typed)) {
		top.typed[length] = (char)key;
		top.typed[length + 1] = 0;
	}
}

static void move(int32_t by)
{
	int64_t to = (int64_t)top.selected + by;

	top.selected = to < 0 ? 0 : to > INT32_MAX ? INT32_MAX : (uint32_t)to;
}

static void next_event(void)
{
	event = (event + 1) % (uint32_t)(opened.events.count - 1);
	top.selected = top.first = 0;
}

static void unzoom(void)
{
	top.zoomed = false;
	top.filter[0] = 0;
}

/* True: the user has seen enough. */
static bool press(int key)
{
	int columns, lines;

	if (top.prompt || top.help) {
		if (top.prompt)
			type(key);
		top.help = false;
		return false;
	}
	terminal_size(terminal.screen, &columns, &lines);
	switch (key) {
	case 'q':
	case 'Q':
		return true;
	case '?':
	case 'h':
		top.help = true;
		break;
	case 's':
		next_sort();
		break;
	case '/':
		ask('/', "filter");
		break;
	case 'p':
		ask('p', "process");
		break;
	case ' ':
	case 'f':
		top.frozen = !top.frozen;
		break;
	case 'g':
		top.graph = !top.graph;
		break;
	case 'n':
		top.samples = !top.samples;
		break;
	case 'z':
		top.zero = !top.zero;
		break;
	case 'K':
		top.hide_kernel = !top.hide_kernel;
		break;
	case 'U':
		top.hide_user = !top.hide_user;
		break;
	case '\t':
		next_event();
		break;
	case '\n':
	case '\r':
	case KEY_RIGHT:
		zoom_selected();
		break;
	case KEY_ESCAPE:
	case KEY_LEFT:
		unzoom();
		break;
	case 'k':
	case KEY_UP:
		move(-1);
		break;
	case 'j':
	case KEY_DOWN:
		move(1);
		break;
	case KEY_PAGE_UP:
		move(-lines / 2);
		break;
	case KEY_PAGE_DOWN:
		move(lines / 2);
		break;
	case KEY_HOME:
		move(INT32_MIN);
		break;
	case KEY_END:
		move(INT32_MAX);
		break;
	}
	return false;
}

static void enter_screen(void)
{
	terminal_enter(&terminal, STDOUT_FILENO, STDIN_FILENO);
}

/* Ctrl-Z: the terminal is as it was while others use it. */
static void suspend(void)
{
	bool drawn = terminal.entered;

	terminal_leave(&terminal);
	raise(SIGSTOP);
	if (drawn)
		enter_screen();
}

/* True: the signal ends us. */
static bool take_signal(void)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			suspend();
		else if (info.ssi_signo != SIGWINCH)
			return true;
	}
	return false;
}

static bool take_keys(void)
{
	int key = KEY_NONE;
	bool ends = false;

	while (terminal.entered && terminal.keys >= 0 && !ends &&
		(key = terminal_key(&terminal)) != KEY_NONE && key != KEY_GONE)
		ends = press(key);
	if (key == KEY_GONE)
		epoll_ctl(waiter, EPOLL_CTL_DEL, terminal.keys, NULL);
	return ends;
}

static int take_signals(void)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		sigaddset(&set, taken[i]);
	signal(SIGPIPE, SIG_IGN);
	signals = sigprocmask(SIG_BLOCK, &set, NULL)
			  ? -1
			  : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	waiter = epoll_create1(EPOLL_CLOEXEC);
	if (signals < 0 || waiter < 0 || epoll_ctl(waiter, EPOLL_CTL_ADD, signals, &e))
		return message_fail("signals cannot be waited for: %s", strerror(errno));
	return 0;
}

static void watch_keys(void)
{
	struct epoll_event e = { .events = EPOLLIN };

	if (terminal.keys >= 0)
		epoll_ctl(waiter, EPOLL_CTL_ADD, terminal.keys, &e);
}

static int wait_ms(uint64_t until_ns)
{
	uint64_t now = now_ns();

	return now >= until_ns ? 0 : (int)((until_ns - now + 999999) / 1000000);
}

/* A block of text per refresh has no keys, and so no redraw between refreshes. */
static void run(void)
{
	uint64_t next = now_ns() + delay_ns, done = 0;
	bool ended = false;

	while (!ended && !out.error) {
		const int wakers[RINGS_WAKERS] = { waiter, -1 };
		unsigned asked;
		bool alive = rings_wait(&opened.rings, wakers, wait_ms(next), &asked);

		drain_round(&drain);
		ended = asked && (take_signal() || take_keys());
		if (!alive || now_ns() >= next) {
			refresh();
			next = now_ns() + delay_ns;
			ended |= !alive || ++done == rounds;
		} else if (asked && !ended && terminal.entered) {
			draw();
		}
	}
}

static void name_target(void)
{
	const struct target_wish *t = &wish.target;
	const char *kind = t->pids ? "process" : t->tids ? "thread" : t->cpus ? "CPU" : "all CPUs";
	const char *list = t->pids ? t->pids : t->tids ? t->tids : t->cpus ? t->cpus : "";

	snprintf(where, sizeof(where), "%s%s%s", kind, *list ? " " : "", list);
	top.where = where;
}

/* What runs is asked for again whenever the tables are begun anew. */
static int enter_sandbox(void)
{
	return guard_enter(&(struct guard){
		.use = SANDBOX_OPENS | SANDBOX_RECORDS | SANDBOX_SCREEN | SANDBOX_RAISES,
		.symfs = files.symfs,
		.kallsyms = files.kallsyms,
		.keeps = CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_SYSLOG),
		.verbose = verbose,
	});
}

static int start(void)
{
	int error;

	live.separate = asked_keys;
	live.callers = callchain;
	drain.sideband = take_sideband;
	drain.sample = take_sample;
	if (drain_begin(&drain, &arena, &opened.rings) || !live_init(&live, &arena, &files))
		return message_fail("the tables do not fit into --memory %" PRIu64, memory);
	error = session_control(&opened.session, opened.sideband, PERF_EVENT_IOC_ENABLE);
	tell_all();
	if (enter_sandbox())
		return 1;
	name_target();
	top.entries = entries ? (uint32_t)entries : TEXT_ROWS;
	out_begin(&out, STDOUT_FILENO);
	if (!plain && terminal_can_draw(STDOUT_FILENO))
		enter_screen();
	else
		terminal.keys = -1;
	watch_keys();
	last.cpu_ns = own_cpu_ns();
	last.at_ns = now_ns();
	if (!error)
		error = sampler_control(&opened, PERF_EVENT_IOC_ENABLE);
	return error ? message_fail("the events cannot be switched on: %s", strerror(-error)) : 0;
}

static void summarize(void)
{
	message("%" PRIu64 " samples, %" PRIu64 " records lost, %" PRIu64 " of the side-band",
		drain.samples, drain.lost, drain.lost_sideband);
	message("tables carried over %" PRIu64 " times, shrunk early %" PRIu64 " times, %" PRIu64
		" things found no room, %u processes could not be read",
		live.moves, live.shrunk, live_dropped(&live), synthesize.unreadable);
}

static int open_sampler(void)
{
	struct sampling sampling = { .cpu = true, .callchain = callchain };
	struct limits limits;
	int status;

	opened.arena = &arena;
	if (!wish.target.pids && !wish.target.tids && !wish.target.cpus)
		wish.target.system_wide = true;
	caller_raise();
	facts_limits(&limits);
	caller_lower();
	status = sampler_events(&opened, &wish);
	if (!status)
		status = sampler_target(&opened, &wish);
	if (!status)
		status = sampler_sampling(&opened, &wish, &sampling, &limits);
	if (!status)
		status = record_category_policy(&opened.events, opened.sideband);
	if (!status)
		status = sampler_open(&opened, &wish, 0, &limits);
	if (!status && !top_ids_collect(&ids, &arena, &opened))
		status = message_fail(
			"the table of event ids does not fit; give more with --memory");
	return status;
}

int cmd_top(int argc, char **argv)
{
	int status = option_parse(argc, argv, options, usage, false);

	if (status)
		return status < 0 ? -status
				  : message_usage("'%s': top runs no command; see --help", argv[0]);
	status = choose();
	if (status)
		return status;
	if (arena_reserve(&arena, memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", memory);
	status = open_sampler();
	if (!status)
		status = take_signals();
	if (!status)
		status = start();
	if (status)
		return status;
	run();
	terminal_leave(&terminal);
	if (verbose)
		summarize();
	if (out.error && out.error != EPIPE && out.error != EIO)
		return message_fail("writing failed: %s", strerror(out.error));
	return 0;
}
