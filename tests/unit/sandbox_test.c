/* The system call filters, each run by the kernel in a child: what is on the list passes,
 * everything else and every other argument dies of SIGSYS. */
#include "access/sandbox.h"
#include "data/abi.h"

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY (-1)
#define CALLS_MOST 470 /* numbers of 7.x end below */
/* uretprobe(2) and uprobe(2) of x86_64: kernels let them pass every filter, for what they put into
 * a program that is probed; called from anywhere else they only fail. */
#define PASSES_ALL(call) ((call) == 335 || (call) == 336)

static struct sandbox_wish wish_of(unsigned use)
{
	return (struct sandbox_wish){
		.use = use, .output_dir = -1, .child = 4242, .uid = (uid_t)-1, .gid = (gid_t)-1
	};
}

/* How a child ends that makes one call behind the filter: 0, or the signal; NOBODY: no filters. */
static int ends(unsigned use, long call, unsigned long a0, unsigned long a1, unsigned long a2)
{
	struct sandbox_instruction filter[SANDBOX_FILTER_MAX];
	struct sandbox_wish wish = wish_of(use);
	struct {
		uint16_t size;
		struct sandbox_instruction *filter;
	} program = { .filter = filter };
	unsigned calls;
	int status;
	pid_t pid;

	program.size = (uint16_t)sandbox_filter(filter, &wish, &calls);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_seccomp, 1, 0, &program))
			_exit(77);
		syscall(call, a0, a1, a2, 0, 0, 0);
		syscall(SYS_exit_group, 0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return NOBODY;
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* qemu-user has no filters, and tells so. */
#define WITH_FILTERS()                                                                             \
	do {                                                                                       \
		if (ends(0, SYS_lseek, 99, 0, 0) == NOBODY)                                        \
			return;                                                                    \
	} while (0)

/* Which calls a filter lets pass with some argument, by reading it: JEQ of the number. */
static bool lists(const struct sandbox_instruction *filter, unsigned size, uint32_t call)
{
	for (unsigned i = 4; i < size; i++)
		if (filter[i].code == 0x15 && filter[i].value == call &&
			(filter[i].if_false == 1 || filter[i].if_false == 4))
			return true;
	return false;
}

static void every_call_that_is_not_listed_kills(void **state)
{
	static const unsigned uses[] = { 0, SANDBOX_OPENS | SANDBOX_RECORDS };

	(void)state;
	WITH_FILTERS();
	for (size_t u = 0; u < sizeof(uses) / sizeof(*uses); u++) {
		struct sandbox_instruction filter[SANDBOX_FILTER_MAX];
		struct sandbox_wish wish = wish_of(uses[u]);
		unsigned calls, size = sandbox_filter(filter, &wish, &calls);

		assert_true(size < SANDBOX_FILTER_MAX && calls < 50);
		for (uint32_t call = 0; call < CALLS_MOST; call++)
			if (!lists(filter, size, call) && !PASSES_ALL(call) &&
				ends(uses[u], call, 0, 0, 0) != SIGSYS)
				fail_msg("system call %u passes", call);
	}
}

static void what_is_listed_passes(void **state)
{
	(void)state;
	WITH_FILTERS();
	assert_int_equal(ends(0, SYS_lseek, 99, 0, 0), 0);
	assert_int_equal(ends(0, SYS_fcntl, 99, F_SETFD, 0), 0);
	assert_int_equal(
		ends(SANDBOX_OPENS, SYS_openat, AT_FDCWD, (unsigned long)"/", O_RDONLY), 0);
	assert_int_equal(ends(SANDBOX_REPLACES, SYS_unlinkat, 99, 0, 0), 0);
	assert_int_equal(ends(SANDBOX_RECORDS, SYS_ioctl, 99, PERF_EVENT_IOC_DISABLE, 0), 0);
	assert_int_equal(ends(SANDBOX_MAKES, SYS_openat, 99, 0, O_RDWR | O_CREAT), 0);
}

static void other_arguments_kill(void **state)
{
	(void)state;
	WITH_FILTERS();
	assert_int_equal(ends(0, SYS_openat, AT_FDCWD, (unsigned long)"/", O_RDONLY), SIGSYS);
	assert_int_equal(ends(0, SYS_fcntl, 99, F_DUPFD, 0), SIGSYS);
	assert_int_equal(ends(0, SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC), SIGSYS);
	assert_int_equal(ends(SANDBOX_OPENS, SYS_openat, 99, 0, O_WRONLY), SIGSYS);
	assert_int_equal(ends(SANDBOX_OPENS, SYS_openat, 99, 0, O_RDWR), SIGSYS);
	assert_int_equal(ends(SANDBOX_OPENS, SYS_openat, 99, 0, O_CREAT), SIGSYS);
	assert_int_equal(ends(SANDBOX_OPENS, SYS_openat, 99, 0, O_TRUNC), SIGSYS);
	assert_int_equal(ends(SANDBOX_RECORDS, SYS_ioctl, 99, 0x5412 /* TIOCSTI */, 0), SIGSYS);
	assert_int_equal(
		ends(SANDBOX_RECORDS, SYS_ioctl, 99, PERF_EVENT_IOC_SET_FILTER, 0), SIGSYS);
	assert_int_equal(ends(SANDBOX_RECORDS, SYS_kill, 4243, 0, 0), SIGSYS);
	assert_int_equal(ends(SANDBOX_RECORDS, SYS_kill, (unsigned long)-1, 0, 0), SIGSYS);
}

/* Numbers above are those of x32 programs on x86_64. */
static void numbers_of_another_abi_kill(void **state)
{
	(void)state;
	WITH_FILTERS();
	assert_int_equal(ends(0, 0x40000000 | SYS_lseek, 99, 0, 0), SIGSYS);
}

static void without_a_command_nobody_is_signalled(void **state)
{
	struct sandbox_instruction filter[SANDBOX_FILTER_MAX];
	struct sandbox_wish wish = wish_of(SANDBOX_RECORDS);
	unsigned calls;

	(void)state;
	assert_true(lists(filter, sandbox_filter(filter, &wish, &calls), SYS_kill));
	wish.child = 0;
	assert_false(lists(filter, sandbox_filter(filter, &wish, &calls), SYS_kill));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_that_is_not_listed_kills),
		cmocka_unit_test(what_is_listed_passes),
		cmocka_unit_test(other_arguments_kill),
		cmocka_unit_test(numbers_of_another_abi_kill),
		cmocka_unit_test(without_a_command_nobody_is_signalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
