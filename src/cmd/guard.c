#include "cmd/guard.h"

#include "access/caller.h"
#include "access/identity.h"
#include "base/file.h"
#include "base/message.h"
#include "profile/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_BYTES 16384

/* Where the output is, as a place for rules; -1: there is none. */
static int open_directory(const char *path)
{
	char text[PATH_MAX];
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || !strcmp(path, "-"))
		return -1;
	snprintf(text, sizeof(text), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	return open(text, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void say_files(const struct sandbox *sandbox, const struct guard *guard)
{
	if (guard->keeps)
		message("sandbox: no Landlock: it would hide other processes");
	else if (sandbox->landlock)
		message("sandbox: no Landlock (%s): only system calls keep files from being "
			"written",
			strerror(sandbox->landlock));
	else
		message("sandbox: Landlock ABI %d: files are read %s, made or removed %s",
			sandbox->landlock_abi,
			!(guard->use & SANDBOX_OPENS) ? "nowhere"
			: guard->symfs		      ? "below --symfs"
						      : "anywhere",
			guard->use & (SANDBOX_REPLACES | SANDBOX_MAKES)
				? "in the output's directory"
				: "nowhere");
}

/* `fd` is /proc/self/status, opened before. */
static void say_status(int fd, const struct sandbox *sandbox)
{
	static char text[STATUS_BYTES];
	struct identity who;
	ssize_t size = fd < 0 ? -1 : file_pread(fd, text, sizeof(text) - 1, 0);
	const struct caps *caps = &who.caps;

	if (size < 0 || identity_parse(text, &who)) {
		message("sandbox: what holds is not known: /proc/self/status cannot be read");
		return;
	}
	message("sandbox: CapInh %llx, CapPrm %llx, CapEff %llx, CapBnd %llx, CapAmb %llx; "
		"Uid %u %u %u; NoNewPrivs %d; Seccomp %d (%u system calls)",
		(unsigned long long)caps->inheritable, (unsigned long long)caps->permitted,
		(unsigned long long)caps->effective, (unsigned long long)caps->bounding,
		(unsigned long long)caps->ambient, who.ruid, who.euid, who.suid, who.no_new_privs,
		who.seccomp, sandbox->calls);
}

static void say(int status_fd, const struct sandbox *sandbox, const struct guard *guard)
{
	say_status(status_fd, sandbox);
	say_files(sandbox, guard);
	if (sandbox->bounding)
		message("sandbox: the bounding set stays (%s); without new privileges nothing can "
			"be gained from it",
			strerror(sandbox->bounding));
}

/* What weakens the sandbox is always told. */
static void say_missing(const struct sandbox *sandbox)
{
	if (sandbox->seccomp)
		message("no system call filter (%s): what is read could do whatever this user may",
			strerror(sandbox->seccomp));
	if (sandbox->core)
		message("core dumps of this process cannot be ruled out: %s",
			strerror(sandbox->core));
}

void guard_give(int fd, const char *path)
{
	uid_t uid;
	gid_t gid;

	if (!caller_files(&uid, &gid))
		return;
	if (fchown(fd, uid, gid))
		message("%s stays root's: %s", path, strerror(errno));
	else
		message("%s belongs to user %u, who called sudo", path, uid);
}

static bool may_reach(uid_t uid, const char *output)
{
	int fd;

	setfsuid(uid);
	fd = open_directory(output);
	setfsuid(0);
	close(fd);
	return fd >= 0;
}

/* Whoever may change the output's directory: without capabilities root may not everywhere. */
static void choose_user(struct sandbox_wish *wish, const char *output)
{
	struct stat st;

	if (!caller_files(&wish->uid, &wish->gid) || fstat(wish->output_dir, &st))
		return;
	if ((!st.st_uid && !(st.st_mode & S_IWOTH)) || !may_reach(wish->uid, output))
		wish->uid = (uid_t)-1;
}

int guard_enter(const struct guard *guard)
{
	int status_fd = -1, reads[KEPT_ROOTS_MAX], err;
	struct sandbox_wish wish = {
		.use = guard->use,
		.output_dir = open_directory(guard->output),
		.reads = reads,
		.child = guard->child,
		.keeps = guard->keeps,
	};
	struct sandbox sandbox;

#ifdef GUARD_TEST_NONE
	return 0;
#endif
	if (guard->use & SANDBOX_OPENS)
		wish.read_count = kept_begin(guard->symfs, guard->kallsyms, reads);
	if (guard->verbose)
		status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	choose_user(&wish, guard->output);
	err = sandbox_enter(&sandbox, &wish);
	if (err)
		return message_fail("privileges cannot be given up (%s): nothing is read with them",
			strerror(-err));
	if (guard->keeps)
		caller_aside();
	say_missing(&sandbox);
	if (guard->verbose)
		say(status_fd, &sandbox, guard);
#ifdef GUARD_TEST_CALL
	syscall(GUARD_TEST_CALL, 0, 0, 0, 0, 0, 0);
#endif
	return 0;
}

enum reader_status guard_reader_open(
	struct reader *reader, int fd, struct arena *arena, const struct guard *guard)
{
	int spool = reader_spool(fd);

	if (guard_enter(guard)) {
		if (guard->made)
			output_discard(guard->made);
		exit(1);
	}
	return reader_open_spooled(reader, fd, spool, arena);
}
