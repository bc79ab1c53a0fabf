#include "cmd/cmd.h"

#include "access/audit.h"
#include "access/caller.h"
#include "access/need.h"
#include "access/remedy.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/message.h"
#include "base/option.h"
#include "capture/budget.h"
#include "capture/event.h"
#include "view/audit.h"
#include "view/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox check [OPTION...]\n"
	"       perfbox check --audit FILE|-\n"
	"\n"
	"Tells what perf events allow here and now, to whom: for each operation what the kernel's\n"
	"rules predict, what trying it came to, which layer refuses and the least privilege that\n"
	"opens it. Needs no privilege and changes nothing. With --for the status is 0 only for "
	"yes.\n"
	"\n";

#define ARENA_BYTES (1u << 20)
#define AUDIT_BUFFER 65536

static struct {
	uint64_t pid, sessions;
	bool system_wide, json;
	int verbose;
	struct option_list events;
	const char *purpose, *audit;
} asked = { .sessions = 1 };

static const struct option options[] = {
	{ OPTION_U64, 'p', "pid", &asked.pid, "PID", "look at this process as another user's",
		NULL },
	{ OPTION_FLAG, 'a', "all-cpus", &asked.system_wide, NULL,
		"try the events of -e system wide", NULL },
	{ OPTION_LIST, 'e', "event", &asked.events, "EVENT[,...]", "try these events too", NULL },
	{ OPTION_STRING, 0, "for", &asked.purpose, "NAME",
		"say whether this would work: stat record top perf rr ... (list names them all)",
		NULL },
	{ OPTION_U64, 0, "sessions", &asked.sessions, "N", "plan ring memory for N at once", NULL },
	{ OPTION_STRING, 0, "audit", &asked.audit, "FILE|-",
		"read an audit log (or dmesg) for denied capabilities", NULL },
	{ OPTION_FLAG, 0, "json", &asked.json, NULL, "for programs", NULL },
	{ OPTION_COUNT, 'v', "verbose", &asked.verbose, NULL, "every reason, every PMU", NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

static struct out out;

static int list_purposes(void)
{
	out_begin(&out, STDOUT_FILENO);
	for (int i = 0; need_at(i); i++)
		out_printf(&out, "%-18s %s\n", need_at(i)->name, need_at(i)->text);
	return out_flush(&out) ? 1 : 0;
}

/* Attributes of what -e names; what has nothing to open is left out. */
static int parse_events(struct arena *arena, struct survey_question *question)
{
	struct event_list *list;
	struct event_error error;

	if (!asked.events.count)
		return 0;
	list = arena_new(arena, struct event_list);
	if (!list)
		return message_fail("-e: the arena is full; this is a defect");
	for (int i = 0; i < asked.events.count; i++)
		if (event_parse(list, asked.events.at[i], NULL, &error))
			return message_usage("-e %s: %s", asked.events.at[i], error.text);
	for (int i = 0; i < list->count; i++) {
		if (list->at[i].tool)
			continue;
		if (question->events == SURVEY_EXTRA)
			return message_usage(
				"-e: at most %d events can be tried at once", SURVEY_EXTRA);
		question->attrs[question->events] = &list->at[i].attr;
		question->names[question->events++] = list->at[i].name;
	}
	return 0;
}

/* The rings that record would plan if N sessions shared what is free now. */
static void plan_sessions(struct survey *survey)
{
	struct resources *r = &survey->resources;
	const struct limits *limits = &survey->facts.limits;
	int64_t free_kb = fact_or(r->rings_free_kb, 0);
	struct budget budget = { .page_bytes = limits->page_kb * 1024,
		.cpus = (uint32_t)fact_or(limits->cpus_online, 1) };
	bool fits = true;

	r->sessions = asked.sessions;
	budget.limit_kb = (uint64_t)fact_or(limits->mlock_kb, 516);
	budget.unlimited = free_kb == FACT_UNLIMITED;
	if (!budget.unlimited && (uint64_t)free_kb / budget.cpus / r->sessions < budget.limit_kb)
		budget.limit_kb = (uint64_t)free_kb / budget.cpus / r->sessions;
	budget_plan(&budget, 0);
	while (!budget.unlimited && fits &&
		budget_total_kb(&budget) * r->sessions > (uint64_t)free_kb)
		fits = budget_halve(&budget);
	r->session_pages = fits ? budget.sample_pages : 0;
	r->session_kb = fits ? budget_total_kb(&budget) : 0;
}

static int answer(const struct check *check)
{
	uint64_t missing, caps;

	out_begin(&out, STDOUT_FILENO);
	(asked.json ? check_json : check_text)(&out, check);
	if (out_flush(&out))
		return out.error == EPIPE
			       ? 1
			       : message_fail("cannot write the answer: %s", strerror(out.error));
	if (!check->need)
		return 0;
	return need_met(check->need, check->survey, &missing, &caps) == NEED_YES ? 0 : 1;
}

static int survey(const struct need *need)
{
	static struct arena arena;
	struct survey_question question = { .pid = (pid_t)asked.pid,
		.system_wide = asked.system_wide };
	struct remedies remedies;
	struct survey *survey;
	int status = arena_reserve(&arena, ARENA_BYTES);

	if (status)
		return message_fail("cannot reserve %u bytes: %s", ARENA_BYTES, strerror(-status));
	survey = arena_new(&arena, struct survey);
	if (!survey)
		return message_fail("the arena is full; this is a defect");
	status = parse_events(&arena, &question);
	if (status)
		return status;
	survey_make(survey, &question);
	plan_sessions(survey);
	remedies_make(&remedies, survey, &arena);
	if (asked.verbose && !asked.json)
		message("arena: %zu of %u KiB used", arena.used / 1024, ARENA_BYTES / 1024);
	return answer(&(struct check){ .survey = survey,
		.remedies = &remedies,
		.need = need,
		.verbose = asked.verbose > 0 });
}

/* Lines longer than the buffer are read in pieces, of which none will make sense. */
static int read_audit(struct audit *audit, int fd, char *buffer)
{
	size_t used = 0;
	ssize_t size;

	while ((size = file_read(fd, buffer + used, AUDIT_BUFFER - used)) > 0) {
		char *line = buffer, *end = buffer + used + size, *newline;

		while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
			audit_line(audit, line, (size_t)(newline - line));
			line = newline + 1;
		}
		used = (size_t)(end - line);
		if (used == AUDIT_BUFFER) {
			audit_line(audit, line, used);
			used = 0;
		}
		memmove(buffer, line, used);
	}
	if (used)
		audit_line(audit, buffer, used);
	audit_end(audit);
	return size < 0 ? (int)size : 0;
}

static int audit(const char *path)
{
	static struct arena arena;
	bool standard = !strcmp(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int status = fd < 0 ? -errno : arena_reserve(&arena, ARENA_BYTES);
	struct audit *found = status ? NULL : arena_new(&arena, struct audit);
	char *buffer = status ? NULL : arena_take(&arena, AUDIT_BUFFER, 1);

	if (found && buffer)
		status = read_audit(found, fd, buffer);
	if (fd >= 0 && !standard)
		close(fd);
	if (status)
		return message_fail("--audit %s: %s", path, strerror(-status));
	out_begin(&out, STDOUT_FILENO);
	(asked.json ? audit_json : audit_text)(&out, found);
	return out_flush(&out) ? message_fail("cannot write the answer: %s", strerror(out.error))
			       : 0;
}

int cmd_check(int argc, char **argv)
{
	const struct need *need = NULL;
	int operands = option_parse(argc, argv, options, usage, false);

	if (operands < 0)
		return -operands;
	if (operands)
		return message_usage("'%s' is no option, and check takes no operands", argv[0]);
	if (asked.pid > INT_MAX)
		return message_usage(
			"-p %llu: no process can have that number", (unsigned long long)asked.pid);
	if (!asked.sessions || asked.sessions > 65536)
		return message_usage("--sessions: from 1 to 65536");
	if (asked.purpose && !strcmp(asked.purpose, "list"))
		return list_purposes();
	if (asked.purpose && !(need = need_find(asked.purpose)))
		return message_usage(
			"--for %s: not known; perfbox check --for list names all", asked.purpose);
	if (asked.audit)
		return audit(asked.audit);
	caller_raise();
	return survey(need);
}
