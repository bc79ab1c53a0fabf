#include "access/survey.h"

#include "access/verdict.h"
#include "base/file.h"
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIAL_MOST_KB (64 * 1024)

const char *row_outcome(enum outcome outcome)
{
	static const char *const words[] = { "yes", "no", "unknown" };

	return words[outcome];
}

const char *row_result(int probed)
{
	static const char *const words[] = { "opened", "killed", "timed out", "not tried",
		"hidden" };

	return probed <= 0 ? words[-probed] : verdict_errno(probed);
}

/* What the probes are aimed at. */
struct aim {
	pid_t own, made; /* our children to be ended */
	pid_t other;
	struct identity own_task;
	int cpu;
	uint64_t tracepoint;
};

static int first_cpu(void)
{
	char list[1024];
	const char *at = list;
	struct number_range range = { 0 };
	uint32_t cpu = 0;

	if (!facts_cpus(list, sizeof(list), NULL))
		number_list_next(&at, &range, &cpu);
	return (int)cpu;
}

/* One that hardly ever fires, so that to try it disturbs nobody. */
static uint64_t tracepoint_id(void)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/events/sched/sched_process_hang/id",
		"/sys/kernel/debug/tracing/events/sched/sched_process_hang/id",
	};
	int64_t id;

	for (int i = 0; i < 2; i++)
		if (!file_number(paths[i], &id) && id > 0)
			return (uint64_t)id;
	return 0;
}

/* Procfs shows what is not dumpable as root's. */
static bool hidden(const struct identity *task)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)task->pid);
	return !stat(path, &st) && st.st_uid == 0 && task->euid != 0;
}

static bool of_another_user(const struct identity *task, const struct identity *who)
{
	return task->known & IDENTITY_UIDS && task->ruid != who->ruid && task->euid != who->euid;
}

#define CANDIDATES 512

/* Numbers first, so that one free descriptor will do. */
static int list_processes(pid_t pids[CANDIDATES])
{
	struct dir dir;
	const char *name;
	int count = 0;

	if (dir_open(&dir, "/proc"))
		return 0;
	while (count < CANDIDATES && (name = dir_next(&dir)))
		if (isdigit((unsigned char)*name))
			pids[count++] = atoi(name);
	dir_close(&dir);
	return count;
}

/* Any process of another user that runs here. */
static void find_other(struct survey *survey)
{
	pid_t pids[CANDIDATES];
	int count = list_processes(pids);

	for (int i = 0; i < count && !survey->other.pid; i++) {
		struct identity task;

		if (identity_read(pids[i], &task) || !of_another_user(&task, &survey->facts.who))
			continue;
		survey->other = task;
		survey->other.pid = pids[i];
	}
}

static struct identity made_task(const struct identity *who, pid_t pid, bool other)
{
	struct identity task = { .known = IDENTITY_UIDS | IDENTITY_GIDS | IDENTITY_CAPS |
					  (who->known & IDENTITY_USER_NS),
		.pid = pid,
		.user_ns = who->user_ns };

	task.ruid = task.euid = task.suid = other ? 65534 : who->ruid;
	task.rgid = task.egid = task.sgid = other ? 65534 : who->rgid;
	return task;
}

/* The process of -p, one of another user made for it, or one that runs here already. */
static void aim_at(struct aim *aim, struct survey *survey, const struct survey_question *question)
{
	const struct identity *who = &survey->facts.who;

	aim->cpu = first_cpu();
	aim->tracepoint = tracepoint_id();
	aim->own = probe_target(false);
	aim->own_task = made_task(who, aim->own, false);
	survey->other_asked = question->pid != 0;
	if (question->pid) {
		if (!identity_read(question->pid, &survey->other))
			survey->other.pid = question->pid;
		else
			survey->other = (struct identity){ .pid = question->pid };
		return;
	}
	aim->made = probe_target(true);
	if (aim->made > 0)
		survey->other = made_task(who, aim->made, true);
	else
		find_other(survey);
}

/* What there is nothing to try on, or why not; NULL where a probe makes sense. */
static const char *untriable(const struct facts *facts, const struct row *row)
{
	enum special special = row->request.special;

	if (row->request.target == TARGET_CGROUP && !fact_is(facts->cgroupfs, 1))
		return "no cgroup hierarchy is mounted";
	if (special == SPECIAL_AUX && !rules_aux_pmu(facts))
		return "there is no such PMU";
	if (special == SPECIAL_KPROBE && !facts_pmu(facts, "kprobe"))
		return "there is no kprobe PMU";
	if (special == SPECIAL_UPROBE && !facts_pmu(facts, "uprobe"))
		return "there is no uprobe PMU";
	if (row->request.target == TARGET_TASK && row->pid <= 0)
		return "there is no such process to look at";
	return NULL;
}

/* A task that cannot be read (gone, or hidden by hidepid) is one of which nothing is known. */
static void set_task(struct row *row, const struct identity *task)
{
	row->pid = task->pid;
	row->request.task = task->known & IDENTITY_UIDS ? task : NULL;
}

static void add_rows(struct survey *survey, const struct aim *aim)
{
	for (int id = 0; id < OPERATIONS; id++) {
		struct row *row = &survey->rows[survey->row_count++];

		row->key = operation_at(id)->key;
		row->text = operation_at(id)->text;
		operation_request(&row->request, id, &survey->facts);
		if (id == OP_PROCESS_OWN)
			set_task(row, &aim->own_task);
		if (id == OP_PROCESS_OTHER) {
			set_task(row, &survey->other);
			row->request.hidden = hidden(&survey->other);
			row->text = survey->other_asked ? "the process of -p" : row->text;
		}
	}
}

static void add_event_rows(struct survey *survey, const struct survey_question *question)
{
	for (int i = 0; i < question->events; i++) {
		struct row *row = &survey->rows[survey->row_count++];

		row->key = "event";
		row->text = question->names[i];
		row->request.attr = *question->attrs[i];
		row->request.attr.size = sizeof(row->request.attr);
		row->request.attr.flags |= PERF_ATTR_DISABLED;
		row->request.target = question->system_wide ? TARGET_SYSTEM
				      : question->pid	    ? TARGET_TASK
							    : TARGET_SELF;
		if (question->pid && !question->system_wide)
			set_task(row, &survey->other);
	}
}

/* What would change the kernel's text is asked so that it gets past the permission and no further:
 * that is what "allowed" looks like there. */
static int settled(const struct facts *facts, const struct row *row, int result)
{
	enum special special = row->request.special;
	bool dynamic = special == SPECIAL_KPROBE || special == SPECIAL_UPROBE;
	bool ftrace = special == SPECIAL_FTRACE && fact_is(facts->ftrace, 1);

	return (dynamic && result == EFAULT) || (ftrace && result == EINVAL) ? PROBE_OPENED
									     : result;
}

static void try_rows(struct survey *survey, const struct aim *aim)
{
	static struct probe probes[OPERATIONS + SURVEY_EXTRA];
	struct row *rows[OPERATIONS + SURVEY_EXTRA];
	int count = 0;

	for (int i = 0; i < survey->row_count; i++) {
		struct row *row = &survey->rows[i];

		row->probed = PROBE_UNTRIED;
		row->untried = untriable(&survey->facts, row);
		if (row->untried)
			continue;
		rows[count] = row;
		probes[count++] = (struct probe){ .request = &row->request,
			.kallsyms = i == OP_KALLSYMS,
			.pid = row->pid,
			.cpu = aim->cpu,
			.cgroup = survey->facts.cgroup,
			.tracepoint = i < OPERATIONS ? aim->tracepoint : row->request.attr.config };
	}
	probe_run(probes, count);
	for (int i = 0; i < count; i++)
		rows[i]->probed = settled(&survey->facts, rows[i], probes[i].result);
}

static bool same(const struct ruling *predicted, int probed)
{
	return predicted->outcome == ALLOWED ? probed == PROBE_OPENED : probed == predicted->error;
}

static void judge(struct survey *survey, struct row *row, bool kallsyms)
{
	const struct facts *facts = &survey->facts;
	struct ruling beyond;
	bool comparable;

	row->predicted = kallsyms ? rules_kallsyms(facts) : rules_open(facts, &row->request);
	if (kallsyms && row->predicted.outcome == REFUSED)
		row->predicted.error = PROBE_HIDDEN;
	comparable = row->predicted.outcome != UNKNOWN && row->probed != PROBE_UNTRIED;
	row->agrees = !comparable || same(&row->predicted, row->probed);
	survey->comparisons += comparable;
	survey->agreements += comparable && row->agrees;
	row->refusal = row->predicted;
	if (kallsyms && row->probed > 0)
		row->refusal = (struct ruling){ REFUSED, LAYER_KERNEL, row->probed,
			"/proc/kallsyms cannot be read" };
	else if (!kallsyms && row->probed != PROBE_UNTRIED && row->probed != PROBE_OPENED)
		row->refusal = verdict_blame(facts, &row->request, row->probed);
	beyond = rules_beyond(facts, &row->request);
	row->beyond = !kallsyms && beyond.outcome == REFUSED ? beyond.layer : LAYER_NONE;
	if (row->untried && row->beyond)
		row->refusal = beyond;
	if (row->probed == PROBE_OPENED)
		row->refusal = (struct ruling){ .outcome = ALLOWED, .why = "" };
	else
		row->fix = kallsyms ? rules_fix_kallsyms(facts)
				    : rules_fix(facts, &row->request, false);
}

static uint64_t threads_of(pid_t pid)
{
	char path[64];
	struct dir dir;
	uint64_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if (dir_open(&dir, path))
		return 0;
	while (dir_next(&dir))
		count++;
	dir_close(&dir);
	return count;
}

static void measure(struct survey *survey, const struct survey_question *question)
{
	struct resources *r = &survey->resources;
	const struct limits *limits = &survey->facts.limits;
	uint64_t threads = question->pid ? threads_of(question->pid) : 1;
	int64_t most, tried;

	r->events = question->events ? (uint64_t)question->events : 1;
	r->threads = threads ? FACT_OF((int64_t)threads) : (struct fact){ .state = FACT_ABSENT };
	r->descriptors = (r->events + 1) * (uint64_t)fact_or(limits->cpus_online, 1) *
				 (threads && !question->system_wide ? threads : 1) +
			 SURVEY_DESCRIPTORS_SPARE;
	r->sessions = question->sessions ? question->sessions : 1;
	r->rings_kb = facts_ring_kb(limits);
	if (fact_is(r->rings_kb, FACT_UNLIMITED)) {
		r->rings_free_kb = r->rings_kb;
		return;
	}
	most = fact_or(r->rings_kb, TRIAL_MOST_KB);
	tried = probe_ring_kb((uint64_t)(most < TRIAL_MOST_KB ? most : TRIAL_MOST_KB));
	r->trial_error = tried < 0 ? (int)-tried : 0;
	if (tried >= 0)
		r->rings_free_kb = FACT_OF(tried);
}

void survey_make(struct survey *survey, const struct survey_question *question)
{
	struct probe reach = { .reach = true };
	struct aim aim = { 0 };

	facts_read(&survey->facts);
	probe_run(&reach, 1);
	if (reach.result > PROBE_TIMEOUT)
		survey->facts.reached = FACT_OF(reach.result);
	survey->excess = survey->facts.who.caps.effective & ~SURVEY_USEFUL;
	aim_at(&aim, survey, question);
	add_rows(survey, &aim);
	add_event_rows(survey, question);
	try_rows(survey, &aim);
	probe_target_end(aim.own);
	probe_target_end(aim.made);
	for (int i = 0; i < survey->row_count; i++) {
		judge(survey, &survey->rows[i], i == OP_KALLSYMS);
		survey->rows[i].request.task = NULL; /* it is gone */
	}
	measure(survey, question);
}
