#include "access/ownership.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *step = "";

int ownership_read(int fd, struct ownership *ownership)
{
	struct stat st;
	int err;

	*ownership = (struct ownership){ 0 };
	if (fstat(fd, &st))
		return -errno;
	*ownership = (struct ownership){
		.uid = st.st_uid, .gid = st.st_gid, .mode = st.st_mode & 07777
	};
	err = filecap_get(fd, &ownership->filecap);
	ownership->has_caps = !err;
	return err == -ENODATA || err == -ENOTSUP ? 0 : err;
}

static bool same_caps(const struct ownership *a, const struct ownership *b)
{
	return a->has_caps == b->has_caps &&
	       (!a->has_caps || (a->filecap.permitted == b->filecap.permitted &&
					a->filecap.inheritable == b->filecap.inheritable &&
					a->filecap.rootid == b->filecap.rootid &&
					a->filecap.effective == b->filecap.effective));
}

static bool same(const struct ownership *a, const struct ownership *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->mode == b->mode && same_caps(a, b);
}

static int set_caps(int fd, const struct ownership *want)
{
	int err = want->has_caps ? filecap_set(fd, &want->filecap) : filecap_remove(fd);

	return !want->has_caps && (err == -ENODATA || err == -ENOTSUP) ? 0 : err;
}

/* What is right already is not touched, so that going back asks for no more than was changed. */
static int change(int fd, const struct ownership *want)
{
	struct ownership now;
	int err = ownership_read(fd, &now);

	step = "chgrp";
	if (!err && (now.uid != want->uid || now.gid != want->gid))
		err = fchown(fd, want->uid, want->gid) ? -errno : 0;
	if (err)
		return err;
	step = "chmod";
	err = ownership_read(fd, &now);
	if (!err && now.mode != want->mode)
		err = fchmod(fd, want->mode) ? -errno : 0;
	if (err)
		return err;
	step = "setcap";
	return same_caps(&now, want) ? 0 : set_caps(fd, want);
}

static int change_and_check(int fd, const struct ownership *want)
{
	struct ownership now;
	int err = change(fd, want);

	if (!err)
		err = ownership_read(fd, &now);
	return err ? err : same(&now, want) ? 0 : -EIO;
}

int ownership_apply(int fd, const struct ownership *want, bool *stuck)
{
	struct ownership before;
	sigset_t all, old;
	int err = ownership_read(fd, &before);
	const char *failed;

	*stuck = false;
	step = "stat";
	if (err)
		return err;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	err = change_and_check(fd, want);
	failed = step;
	if (err)
		*stuck = change_and_check(fd, &before) != 0;
	step = failed;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

const char *ownership_step(void)
{
	return step;
}
