#include "capture/target.h"

#include "access/become.h"
#include "base/file.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ONLINE_CPUS "/sys/devices/system/cpu/online"

/* A list that grows at the arena's end; nothing else may be taken while it grows. */
struct list {
	struct arena *arena;
	int32_t *at;
	uint32_t count;
};

static int fail(struct target_fault *fault, int kind, const char *text, int error)
{
	*fault = (struct target_fault){ .kind = kind, .text = text, .error = error };
	return -1;
}

static int append(struct list *list, int32_t value, const char *text, struct target_fault *fault)
{
	/* the arena hands out 16 bytes at least: four numbers */
	if (list->count % 4 == 0) {
		int32_t *more = arena_array(list->arena, int32_t, 4);

		if (!more)
			return fail(fault, TARGET_FULL, text, 0);
		if (!list->at)
			list->at = more;
	}
	list->at[list->count++] = value;
	return 0;
}

static int append_numbers(
	struct list *list, const char *numbers, const char *text, struct target_fault *fault)
{
	struct number_range range = { 0 };
	uint32_t value;
	int more;

	while ((more = number_list_next(&numbers, &range, &value)) > 0)
		if (append(list, (int32_t)value, text, fault))
			return -1;
	return more < 0 || !list->count ? fail(fault, TARGET_BAD_LIST, text, 0) : 0;
}

static int append_online(struct list *list, struct target_fault *fault)
{
	char text[4096];
	cpu_set_t allowed;

	if (file_slurp(ONLINE_CPUS, text, sizeof(text)) <= 0) {
		if (sched_getaffinity(0, sizeof(allowed), &allowed))
			CPU_ZERO(&allowed);
		snprintf(text, sizeof(text), "0-%d", CPU_COUNT(&allowed) - !!CPU_COUNT(&allowed));
	}
	return append_numbers(list, text, ONLINE_CPUS, fault);
}

static int append_threads_of(
	struct list *list, uint32_t pid, const char *text, struct target_fault *fault)
{
	const char *name;
	struct dir dir;
	char path[64];
	int status = 0;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	if (dir_open(&dir, path))
		return fail(fault, TARGET_NO_PROCESS, text, 0);
	while (!status && (name = dir_next(&dir)))
		status = append(list, (int32_t)strtol(name, NULL, 10), text, fault);
	dir_close(&dir);
	return status;
}

static int append_processes(struct list *list, const char *text, struct target_fault *fault)
{
	struct number_range range = { 0 };
	const char *at = text;
	uint32_t pid;
	int more;

	while ((more = number_list_next(&at, &range, &pid)) > 0)
		if (append_threads_of(list, pid, text, fault))
			return -1;
	return more < 0 || !list->count ? fail(fault, TARGET_BAD_LIST, text, 0) : 0;
}

static bool holds(const struct list *list, int32_t value)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->at[i] == value)
			return true;
	return false;
}

static int append_cpus(struct list *list, const char *asked, struct target_fault *fault)
{
	struct list online = { .arena = list->arena };

	if (!asked)
		return append_online(list, fault);
	if (append_numbers(list, asked, asked, fault) || append_online(&online, fault))
		return -1;
	for (uint32_t i = 0; i < list->count; i++)
		if (!holds(&online, list->at[i]))
			return fail(fault, TARGET_NO_CPU, asked, 0);
	return 0;
}

/* In the child: waits for the word to go, then becomes the command, with the caller's signals. */
static void become(char *const *command, int wait_fd, int error_fd)
{
	sigset_t none;
	char word;
	int error;

	/* nothing that the file of perfbox gives, if it gives anything */
	if (become_caller() || read(wait_fd, &word, 1) != 1)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(command[0], command);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(error == ENOENT ? 127 : 126);
}

static int start(struct target *target, char *const *command, struct target_fault *fault)
{
	int go[2], errors[2];

	if (pipe2(go, O_CLOEXEC))
		return fail(fault, TARGET_NO_FORK, command[0], errno);
	if (pipe2(errors, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return fail(fault, TARGET_NO_FORK, command[0], errno);
	}
	target->child = fork();
	if (target->child == 0) {
		close(go[1]);
		become(command, go[0], errors[1]);
	}
	close(go[0]);
	close(errors[1]);
	target->go_fd = go[1];
	target->error_fd = errors[0];
	target->waits = true;
	return target->child < 0 ? fail(fault, TARGET_NO_FORK, command[0], errno) : 0;
}

static int append_tasks(struct list *list, const struct target *target,
	const struct target_wish *wish, struct target_fault *fault)
{
	if (target->system_wide)
		return append(list, -1, "-a", fault);
	if (wish->pids)
		return append_processes(list, wish->pids, fault);
	if (wish->tids)
		return append_numbers(list, wish->tids, wish->tids, fault);
	return append(list, target->child, wish->command[0], fault);
}

int target_open(struct target *target, struct arena *arena, const struct target_wish *wish,
	struct target_fault *fault)
{
	const char *tasks = wish->pids ? wish->pids : wish->tids;
	struct list cpus = { .arena = arena }, threads = { .arena = arena };
	bool any_cpu;
	int status;

	*target = (struct target){ .go_fd = -1, .error_fd = -1 };
	*fault = (struct target_fault){ .kind = TARGET_FINE };
	if (tasks && wish->system_wide)
		return fail(fault, TARGET_MIXED, tasks, 0);
	target->system_wide = !tasks && (wish->system_wide || wish->cpus || !wish->command);
	any_cpu = !target->system_wide && !wish->per_cpu && !wish->cpus;
	status = any_cpu ? append(&cpus, -1, "-C", fault) : append_cpus(&cpus, wish->cpus, fault);
	if (!status && wish->command)
		status = start(target, wish->command, fault);
	if (!status)
		status = append_tasks(&threads, target, wish, fault);
	target->cpus = cpus.at;
	target->cpu_count = cpus.count;
	target->threads = threads.at;
	target->thread_count = threads.count;
	return status;
}

int target_release(struct target *target)
{
	int error = 0;

	if (!target->waits)
		return 0;
	target->waits = false;
	if (write(target->go_fd, "", 1) != 1)
		error = errno;
	close(target->go_fd);
	return error;
}

int target_exec_error(struct target *target)
{
	int error = 0;

	if (target->error_fd < 0)
		return 0;
	/* a successful exec closes this pipe; otherwise its errno comes through it */
	if (file_read(target->error_fd, &error, sizeof(error)) <= 0)
		error = 0;
	close(target->error_fd);
	target->error_fd = -1;
	return error;
}

int target_go(struct target *target)
{
	int error = target_release(target);

	return error ? error : target_exec_error(target);
}

bool target_ended(struct target *target, int *status, struct rusage *used)
{
	pid_t ended = -1;

	while (target->child && (ended = wait4(target->child, status, WNOHANG, used)) < 0 &&
		errno == EINTR)
		continue;
	if (!target->child || !ended)
		return false;
	if (ended < 0)
		*status = 0;
	target->child = 0;
	return true;
}

void target_explain(const struct target_fault *fault, char *to, size_t cap)
{
	static const char *const texts[] = {
		[TARGET_FINE] = "is fine",
		[TARGET_BAD_LIST] = "is no list of numbers; write 1,4 or 0-3",
		[TARGET_NO_PROCESS] = "no such process here; it may have ended, see ps",
		[TARGET_NO_CPU] = ("names a CPU that is not online; see " ONLINE_CPUS),
		[TARGET_MIXED] =
			"processes or threads and the whole system (-a) exclude each other",
		[TARGET_FULL] = "more than the memory holds; give more with --memory",
		[TARGET_NO_FORK] = "cannot be started",
	};
	const char *why = fault->error ? strerror(fault->error) : "";

	snprintf(to, cap, "'%s': %s%s%s", fault->text, texts[fault->kind], *why ? ": " : "", why);
}
