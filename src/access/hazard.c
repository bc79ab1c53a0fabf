#include "access/hazard.h"

#include "base/file.h"
#include "base/words.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Sticky directories keep others from replacing what is not theirs. */
static bool others_may_write(const struct stat *st)
{
	if (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX)
		return false;
	return st->st_uid != 0 || st->st_mode & S_IWOTH ||
	       (st->st_mode & S_IWGRP && st->st_gid != 0);
}

/* Every directory above the file, from the root on. */
static void look_at_path(struct hazards *hazards)
{
	char *path = hazards->path;

	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *end = slash == path ? slash + 1 : slash, kept = *end;
		struct stat st;

		*end = 0;
		if (!lstat(path, &st) && others_may_write(&st)) {
			hazards->found |= HAZARD_DIR_WRITABLE;
			snprintf(hazards->directory, sizeof(hazards->directory), "%s", path);
		}
		*end = kept;
		if (hazards->found & HAZARD_DIR_WRITABLE)
			return;
	}
}

static void find_path(struct hazards *hazards, int fd)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, hazards->path, sizeof(hazards->path) - 1);
	hazards->path[n > 0 && hazards->path[0] == '/' ? n : 0] = 0;
}

static unsigned of_mode(const struct stat *st)
{
	unsigned found = 0;

	if (st->st_mode & (S_IWOTH | S_IWGRP))
		found |= HAZARD_FILE_WRITABLE;
	if (st->st_uid != 0)
		found |= HAZARD_FILE_OWNER;
	if (st->st_nlink > 1)
		found |= HAZARD_LINKS;
	if (st->st_mode & S_IXOTH)
		found |= HAZARD_EVERYBODY;
	if (!(st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		found |= HAZARD_NO_MODE;
	return found;
}

void hazards_of_file(struct hazards *hazards, int fd, const struct filecap *filecap)
{
	struct statvfs fs;
	struct stat st;
	char magic[4] = "";

	if (!fstatvfs(fd, &fs)) {
		hazards->found |= fs.f_flag & ST_NOSUID ? HAZARD_NOSUID : 0;
		hazards->found |= fs.f_flag & ST_NOEXEC ? HAZARD_NOEXEC : 0;
	}
	if (!fstat(fd, &st))
		hazards->found |= of_mode(&st);
	if (file_pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || memcmp(magic, "\177ELF", 4))
		hazards->found |= memcmp(magic, "#!", 2) ? HAZARD_NO_PROGRAM : HAZARD_SCRIPT;
	if (fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0)
		hazards->found |= HAZARD_ACL;
	if (filecap->rootid != FILECAP_ROOTID_INITIAL)
		hazards->found |= HAZARD_ROOTID;
	find_path(hazards, fd);
	look_at_path(hazards);
}

/* Debian's kernels ask for CAP_SYS_ADMIN above paranoid level 2, Ubuntu's above 3. */
static bool gated(const struct facts *facts)
{
	int64_t from = fact_is(facts->gate, GATE_DEBIAN) ? 2 : 3;

	if (!fact_known(facts->gate) || fact_is(facts->gate, GATE_NONE))
		return false;
	return fact_or(facts->limits.paranoid, 0) > from;
}

void hazards_of_caller(struct hazards *hazards, const struct facts *facts, uint64_t set)
{
	bool perfmon = set & CAP_BIT(CAP_PERFMON) && !(set & CAP_BIT(CAP_SYS_ADMIN));

	hazards->missing = set & ~facts->who.caps.bounding;
	if (facts->who.known & IDENTITY_CAPS && hazards->missing)
		hazards->found |= HAZARD_BOUNDING;
	if (fact_is(facts->no_new_privs, 1))
		hazards->found |= HAZARD_NO_NEW_PRIVS;
	if (fact_is(facts->initial_user_ns, 0))
		hazards->found |= HAZARD_USER_NS;
	if (perfmon && gated(facts))
		hazards->found |= HAZARD_GATE;
	if (set & ~facts->caps_all)
		hazards->found |= HAZARD_OLD_KERNEL;
}

const char *hazard_text(enum hazard hazard)
{
	/* By bit. */
	static const char words[] =
		"the file system is mounted nosuid: its files give no capabilities; move the file, "
		"or use 'perfbox shell'\0"
		"the file system is mounted noexec: nothing there can be run\0"
		"it is a script: only its interpreter's capabilities would count, so give them to "
		"the program that it runs\0"
		"its capabilities count only in the user namespace they are set for, and "
		"perf events ask for those of the initial one\0"
		"nobody may execute it\0"
		"it is no program (ELF): capabilities give it nothing\0"
		"others than its owner may write it, and may have changed what it does\0"
		"its owner is not root and can put anything into it; chown root first\0"
		"others may write a directory above it and can put another file in its place\0"
		"it has more names (hard links) that give the same\0"
		"every user may execute it\0"
		"it has an access list (setfacl) that may let more users in than its mode says; "
		"setfacl -b takes it away\0"
		"no_new_privs is set here: what is run from this session gains nothing from files\0"
		"the bounding set of this session lacks some of them: from here the file cannot be "
		"run (EPERM)\0"
		"this is not the initial user namespace: perf events do not look at capabilities "
		"that come from here\0"
		"at this perf_event_paranoid this kernel lets only CAP_SYS_ADMIN in: CAP_PERFMON "
		"helps once it is 2 or less\0"
		"this kernel does not know all of these capabilities\0";

	return words_at(words, (unsigned)__builtin_ctz(hazard));
}
