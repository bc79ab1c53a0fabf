/*
 * Becomes a caller of a given kind and runs a command as it:
 *
 *   caller [uid N] [caps HEX] [userns] [seccomp eperm|enosys|kill] [nofile N] [memlock KB]
 *          [hold KB] -- COMMAND [ARG...]
 *
 * The words are done in the order in which the kernel allows it, not in that of the command line.
 * Capabilities are passed on as ambient ones. hold: keeps KB of perf ring memory mapped while the
 * command runs.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	long uid, nofile, memlock, hold;
	uint64_t caps;
	int with_caps, userns;
	const char *seccomp;
} asked = { -1, -1, -1, 0, 0, 0, 0, NULL };

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "caller: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void set_caps(uint64_t set)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	uint32_t low = (uint32_t)set, high = (uint32_t)(set >> 32);
	uint32_t words[6] = { low, low, low, high, high, high };

	check(!syscall(SYS_capset, &header, words), "capset");
	for (int i = 0; i < 64; i++)
		if (set >> i & 1)
			check(!prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0), "ambient");
}

static void become(void)
{
	if (asked.uid >= 0) {
		check(!prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps");
		check(!syscall(SYS_setgroups, 0, NULL), "setgroups");
		check(!setresgid(asked.uid, asked.uid, asked.uid), "setgid");
		check(!setresuid(asked.uid, asked.uid, asked.uid), "setuid");
		check(!prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable");
	}
	if (asked.with_caps || asked.uid > 0)
		set_caps(asked.caps);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	check(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

static void enter_userns(void)
{
	char map[64];
	long uid = getuid(), gid = getgid();

	check(!unshare(CLONE_NEWUSER), "unshare");
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %ld 1", uid);
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %ld 1", gid);
	put("/proc/self/gid_map", map);
}

/* seccomp(2): load the call's number, answer perf_event_open, allow the rest. */
static void filter(void)
{
	uint32_t action = !strcmp(asked.seccomp, "eperm")    ? 0x00050000u | EPERM
			  : !strcmp(asked.seccomp, "enosys") ? 0x00050000u | ENOSYS
							     : 0x80000000u;
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} code[] = {
		{ 0x20, 0, 0, 0 },
		{ 0x15, 0, 1, SYS_perf_event_open },
		{ 0x06, 0, 0, action },
		{ 0x06, 0, 0, 0x7fff0000u },
	};
	struct {
		unsigned short count;
		void *code;
	} program = { 4, code };

	check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	check(!prctl(PR_SET_SECCOMP, 2, &program, 0, 0), "seccomp");
}

static void limit(int resource, long value)
{
	struct rlimit limit = { (rlim_t)value, (rlim_t)value };

	check(!setrlimit(resource, &limit), "setrlimit");
}

/* Rings of one data page each: a page of data and a control page. */
static void hold(long kb)
{
	long page = sysconf(_SC_PAGESIZE);
	uint64_t attr[14] = { 1 | 112ull << 32, 9 };

	attr[5] = 1 | 1 << 5 | 1 << 6 | 1 << 21;
	for (long held = 0; held + page / 512 <= kb; held += page / 512) {
		long fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, 0);

		check(fd >= 0, "perf_event_open");
		check(mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd,
			      0) != MAP_FAILED,
			"mmap of a ring");
	}
}

static int run_holding(char **argv)
{
	int status;
	pid_t pid;

	hold(asked.hold);
	pid = fork();
	if (pid == 0) {
		execvp(*argv, argv);
		_exit(127);
	}
	check(waitpid(pid, &status, 0) == pid, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && strcmp(argv[i], "--"); i++) {
		const char *word = argv[i];

		if (!strcmp(word, "userns")) {
			asked.userns = 1;
			continue;
		}
		i++;
		if (!strcmp(word, "uid"))
			asked.uid = atol(argv[i]);
		else if (!strcmp(word, "caps"))
			asked.with_caps = 1, asked.caps = strtoull(argv[i], NULL, 16);
		else if (!strcmp(word, "seccomp"))
			asked.seccomp = argv[i];
		else if (!strcmp(word, "nofile"))
			asked.nofile = atol(argv[i]);
		else if (!strcmp(word, "memlock"))
			asked.memlock = atol(argv[i]) * 1024;
		else if (!strcmp(word, "hold"))
			asked.hold = atol(argv[i]);
		else
			check((errno = EINVAL, 0), word);
	}
	if (asked.memlock >= 0)
		limit(RLIMIT_MEMLOCK, asked.memlock);
	become();
	if (asked.userns)
		enter_userns();
	if (asked.seccomp)
		filter();
	if (asked.nofile >= 0)
		limit(RLIMIT_NOFILE, asked.nofile);
	if (asked.hold)
		return run_holding(argv + i + 1);
	execvp(argv[i + 1], argv + i + 1);
	check(0, argv[i + 1]);
	return 125;
}
