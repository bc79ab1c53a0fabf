#include "access/probe.h"

#include "access/caps.h"
#include "access/verdict.h"
#include "base/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Nobody knows a perf tracepoint id below, and kernels have some thousands. */
#define TRACEPOINT_FIRST 20
#define TRACEPOINT_TRIES 400

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A child that dies with its parent, dumps no core, and has descriptors to spare. */
static pid_t start(void)
{
	pid_t parent = getpid(), pid = fork();
	struct rlimit none = { 0, 0 };

	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
	prlimit(0, RLIMIT_CORE, &none, NULL);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	return 0;
}

static int open_event(const struct perf_event_attr *attr, pid_t pid, int cpu, unsigned long flags)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* An id that the kernel does not know is EINVAL; permission is asked of known ones only. */
static int try_tracepoint(struct perf_event_attr attr, uint64_t id, pid_t pid, int cpu)
{
	uint64_t last = id ? id : TRACEPOINT_FIRST + TRACEPOINT_TRIES;
	int fd = -EINVAL;

	for (attr.config = id ? id : TRACEPOINT_FIRST; attr.config <= last && fd == -EINVAL;
		attr.config++)
		fd = open_event(&attr, pid, cpu, 0);
	return fd;
}

static int try_open(const struct probe *probe)
{
	const struct request *request = probe->request;
	bool system = request->target == TARGET_SYSTEM;
	pid_t pid = request->target == TARGET_TASK ? probe->pid : system ? -1 : 0;
	int cpu = system ? probe->cpu : -1, fd;

	if (request->target == TARGET_CGROUP) {
		fd = open(probe->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno
			      : open_event(&request->attr, fd, probe->cpu, PERF_FLAG_PID_CGROUP);
	}
	if (request->attr.type == PERF_TYPE_TRACEPOINT && !request->special)
		return try_tracepoint(request->attr, probe->tracepoint, pid, cpu);
	return open_event(&request->attr, pid, cpu, 0);
}

/* Some symbols are at 0 for everybody (per-CPU data), so the first page does not tell. */
static int try_kallsyms(void)
{
	static char text[65536];
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (size < 0)
		return errno;
	text[size] = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[strspn(line, "0")] != ' ' && *line)
			return PROBE_OPENED;
	}
	return PROBE_HIDDEN;
}

static int try(const struct probe *probe)
{
	int fd;

	if (probe->reach)
		return verdict_reach();
	if (probe->kallsyms)
		return try_kallsyms();
	fd = try_open(probe);
	return fd < 0 ? -fd : PROBE_OPENED;
}

/* Where children leave what they found; written once, read after their end. */
struct board {
	int results[PROBES_IN_FLIGHT];
	int64_t ring_kb;
};

static struct board *board(void)
{
	static struct board *shared;

	if (!shared) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared == MAP_FAILED)
			shared = NULL;
	}
	return shared;
}

/* Waits for a child until the time is up, then kills it. Its wait status; -1 when it was late. */
static int await(pid_t pid, int64_t until_ms)
{
	struct timespec pause = { 0, 200000 };
	int status;
	bool late = false;

	for (;;) {
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid)
			return late ? -1 : status;
		if (done < 0 && errno != EINTR)
			return -1;
		if (!late && now_ms() > until_ms) {
			kill(pid, SIGKILL);
			late = true;
		} else if (now_ms() > until_ms + 500) {
			return -1; /* not even killed: its end is the system's affair */
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 5000000)
			pause.tv_nsec *= 2;
	}
}

static void run_some(struct probe *probes, int count, struct board *shared)
{
	pid_t pids[PROBES_IN_FLIGHT];
	int64_t until_ms[PROBES_IN_FLIGHT];

	for (int i = 0; i < count; i++) {
		shared->results[i] = PROBE_KILLED;
		until_ms[i] = now_ms() + PROBE_LIMIT_MS;
		pids[i] = start();
		if (pids[i] == 0) {
			shared->results[i] = try(&probes[i]);
			_exit(0);
		}
	}
	for (int i = 0; i < count; i++) {
		int status = pids[i] > 0 ? await(pids[i], until_ms[i]) : 0;

		probes[i].result = pids[i] < 0	? PROBE_UNTRIED
				   : status < 0 ? PROBE_TIMEOUT
						: shared->results[i];
	}
}

void probe_run(struct probe *probes, int count)
{
	struct board *shared = board();

	for (int i = 0; i < count; i += PROBES_IN_FLIGHT - 2) {
		int some = count - i < PROBES_IN_FLIGHT - 2 ? count - i : PROBES_IN_FLIGHT - 2;

		for (int n = 0; n < some && !shared; n++)
			probes[i + n].result = PROBE_UNTRIED;
		if (shared)
			run_some(probes + i, some, shared);
	}
}

static void become_other(void)
{
	const unsigned nobody = 65534;

	if (ids_set_groups(0, NULL) || ids_set_group(nobody, nobody, nobody) ||
		ids_set_user(nobody, nobody, nobody))
		_exit(1);
}

pid_t probe_target(bool other)
{
	struct caps none = { 0 };
	pid_t pid = start();
	int status;

	if (pid == 0) {
		if (other)
			become_other();
		caps_set(&none);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid)
		return pid < 0 ? pid : -errno;
	return WIFSTOPPED(status) ? pid : -EPERM;
}

void probe_target_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	await(pid, now_ms() + PROBE_LIMIT_MS);
}

/* One map per descriptor: a second map of the same one leaks its charge on some kernels. */
static int map_ring(const struct perf_event_attr *attr, uint64_t pages, size_t page)
{
	int fd = open_event(attr, 0, -1, 0), error;

	if (fd < 0)
		return -fd;
	if (mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
		return 0;
	error = errno;
	close(fd);
	return error;
}

static int64_t map_all(uint64_t tried_kb)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
		.size = PERF_ATTR_SIZE_VER5,
		.config = PERF_COUNT_SW_DUMMY,
		.flags = PERF_ATTR_DISABLED | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV |
			 PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL };
	size_t page = (size_t)getpagesize();
	uint64_t data = 1, pages = 0;

	while (data * 2 * page / 1024 <= tried_kb)
		data *= 2;
	for (;; data /= 2) {
		int error = map_ring(&attr, data + 1, page);

		if (!error)
			pages += data + 1;
		else if (error != EPERM && error != ENOMEM && !pages)
			return -error;
		if (!data)
			return (int64_t)(pages * page / 1024);
	}
}

int64_t probe_ring_kb(uint64_t tried_kb)
{
	struct board *shared = board();
	pid_t pid = shared ? start() : -ENOMEM;

	if (pid < 0)
		return pid;
	if (pid == 0) {
		shared->ring_kb = -ECANCELED;
		shared->ring_kb = map_all(tried_kb);
		_exit(0);
	}
	return await(pid, now_ms() + PROBE_LIMIT_MS) ? -ECANCELED : shared->ring_kb;
}
