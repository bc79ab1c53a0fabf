/*
 * fault CALL NTH[+] ERRNO FILE COMMAND [ARG...]: runs the command and fails its NTH call of the
 * system call with that number (+: and all that follow), without it happening: close(-1) is made in
 * its place, which every filter of system calls allows.
 *
 * fault write NTH short FILE COMMAND [ARG...]: cuts its NTH write short, whichever call makes it,
 * as a pipe or a disk that is nearly full does: the kernel is asked for half of the bytes, and the
 * caller learns how many were written.
 *
 * FILE is made when there was an NTH. Children of the command are left alone. Ends as it did.
 */

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* after sys/ptrace.h, whose names it takes */
#include <linux/ptrace.h>

#ifdef __x86_64__
#define FIRST rdi
#define THIRD rdx
#define RESULT rax
#else
#define FIRST regs[0]
#define THIRD regs[2]
#define RESULT regs[0]
#endif

static pid_t child;
static const char *file; /* to be made */
static bool shortens, lasts;
static long call, left, error;
static uint64_t piece_at, piece_bytes; /* a shortened piece's length, to be put back */
static bool replaced;		       /* the call that runs is close(-1) */
static uint64_t first;		       /* its first argument, to be put back */

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static struct user_regs_struct registers(void)
{
	struct user_regs_struct regs;
	struct iovec all = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &all))
		die("getregset");
	return regs;
}

static void set_registers(struct user_regs_struct regs)
{
	struct iovec all = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_SETREGSET, child, (void *)NT_PRSTATUS, &all))
		die("setregset");
}

static void note(void)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die(file);
	close(fd);
}

/* Half of what a call writes; false where that is nothing, or no write. */
static bool cut(uint64_t number, const uint64_t *args)
{
	bool vector = number == SYS_writev || number == SYS_pwritev;
	struct user_regs_struct regs = registers();
	uint64_t at = args[1] + offsetof(struct iovec, iov_len);
	uint64_t bytes = vector ? (uint64_t)ptrace(PTRACE_PEEKDATA, child, at, NULL) : args[2];

	if ((!vector && number != SYS_write && number != SYS_pwrite64) || bytes < 2 || --left)
		return false;
	regs.THIRD = vector ? 1 : bytes / 2;
	set_registers(regs);
	if (vector) {
		piece_at = at;
		piece_bytes = bytes;
		ptrace(PTRACE_POKEDATA, child, at, bytes / 2);
	}
	return true;
}

static void replace(void)
{
	struct user_regs_struct regs = registers();

	first = regs.FIRST;
	regs.FIRST = (uint64_t)-1;
#ifdef __x86_64__
	regs.orig_rax = SYS_close;
#else
	int number = SYS_close;
	struct iovec all = { &number, sizeof(number) };

	if (ptrace(PTRACE_SETREGSET, child, (void *)NT_ARM_SYSTEM_CALL, &all))
		die("set system call");
#endif
	set_registers(regs);
	replaced = true;
}

static void at_entry(const struct ptrace_syscall_info *info)
{
	if (shortens) {
		if (left > 0 && cut(info->entry.nr, (const uint64_t *)info->entry.args))
			note();
		return;
	}
	if (info->entry.nr != (uint64_t)call || (--left && !(left < 0 && lasts)))
		return;
	note();
	replace();
}

static void at_exit(void)
{
	struct user_regs_struct regs = registers();

	if (piece_at)
		ptrace(PTRACE_POKEDATA, child, piece_at, piece_bytes);
	piece_at = 0;
	if (!replaced)
		return;
	regs.FIRST = first;
	regs.RESULT = (uint64_t)-error;
	set_registers(regs);
	replaced = false;
}

static void at_syscall(void)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) <= 0)
		die("syscall info");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		at_entry(&info);
	else if (piece_at || replaced)
		at_exit();
}

static int end_as(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}

static int watch(void)
{
	int status, pass = 0;

	for (;;) {
		ptrace(PTRACE_SYSCALL, child, NULL, (void *)(intptr_t)pass);
		if (waitpid(child, &status, 0) != child)
			die("wait");
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return end_as(status);
		pass = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			at_syscall();
		else if (WSTOPSIG(status) != SIGTRAP)
			pass = WSTOPSIG(status);
	}
}

int main(int argc, char **argv)
{
	char *end;
	int status;

	if (argc < 6)
		return 125;
	call = strtol(argv[1], NULL, 10);
	left = strtol(argv[2], &end, 10);
	lasts = *end == '+';
	shortens = !strcmp(argv[3], "short");
	error = strtol(argv[3], NULL, 10);
	file = argv[4];
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[5], argv + 5);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child ||
		ptrace(PTRACE_SETOPTIONS, child, NULL,
			PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		die("ptrace");
	return watch();
}
