#include "access/identity.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_BYTES 16384

static const struct {
	const char *key;
	size_t offset; /* of a uint64_t in struct caps */
} sets[] = {
	{ "CapEff:", offsetof(struct caps, effective) },
	{ "CapPrm:", offsetof(struct caps, permitted) },
	{ "CapInh:", offsetof(struct caps, inheritable) },
	{ "CapBnd:", offsetof(struct caps, bounding) },
	{ "CapAmb:", offsetof(struct caps, ambient) },
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

/* What follows `key` where it starts a line, or NULL. */
static const char *after(const char *line, const char *key)
{
	size_t size = strlen(key);

	return strncmp(line, key, size) ? NULL : line + size;
}

static void take_name(const char *value, struct identity *identity)
{
	size_t used = 0;

	while (*value == '\t' || *value == ' ')
		value++;
	while (*value && *value != '\n' && used + 1 < sizeof(identity->name)) {
		if (value[0] == '\\' && value[1] == 'n') {
			identity->name[used++] = '\n';
			value += 2;
		} else if (value[0] == '\\' && value[1] == '\\') {
			identity->name[used++] = '\\';
			value += 2;
		} else {
			identity->name[used++] = *value++;
		}
	}
	identity->name[used] = 0;
}

static bool take_number(const char **at, uint64_t most, uint64_t *number)
{
	char *end;

	*number = strtoull(*at, &end, 10);
	if (end == *at || *number > most)
		return false;
	*at = end;
	return true;
}

static bool take_ids(const char *value, uint32_t *real, uint32_t *effective, uint32_t *saved)
{
	uint32_t *const to[] = { real, effective, saved };

	for (int i = 0; i < 3; i++) {
		uint64_t number;

		if (!take_number(&value, UINT32_MAX, &number))
			return false;
		*to[i] = (uint32_t)number;
	}
	return true;
}

static bool take_int(const char *value, int *to)
{
	uint64_t number;

	if (!take_number(&value, INT32_MAX, &number))
		return false;
	*to = (int)number;
	return true;
}

static unsigned take_set(const char *line, struct caps *caps)
{
	for (unsigned i = 0; i < SETS; i++) {
		const char *value = after(line, sets[i].key);

		if (!value)
			continue;
		*(uint64_t *)(void *)((char *)caps + sets[i].offset) = strtoull(value, NULL, 16);
		return 1u << i;
	}
	return 0;
}

static void take_line(const char *line, struct identity *who, unsigned *seen)
{
	const char *value;

	*seen |= take_set(line, &who->caps);
	if ((value = after(line, "Name:")))
		take_name(value, who);
	else if ((value = after(line, "Tgid:")))
		who->thread_group = (pid_t)strtol(value, NULL, 10);
	else if ((value = after(line, "Pid:")))
		who->pid = (pid_t)strtol(value, NULL, 10);
	else if ((value = after(line, "Uid:")) &&
		 take_ids(value, &who->ruid, &who->euid, &who->suid))
		who->known |= IDENTITY_UIDS;
	else if ((value = after(line, "Gid:")) &&
		 take_ids(value, &who->rgid, &who->egid, &who->sgid))
		who->known |= IDENTITY_GIDS;
	else if (after(line, "VmSize:"))
		who->has_memory = true;
	else if ((value = after(line, "NoNewPrivs:")) && take_int(value, &who->no_new_privs))
		who->known |= IDENTITY_NO_NEW_PRIVS;
	else if ((value = after(line, "Seccomp:")) && take_int(value, &who->seccomp))
		who->known |= IDENTITY_SECCOMP;
}

int identity_parse(const char *status, struct identity *identity)
{
	unsigned seen = 0;

	memset(identity, 0, sizeof(*identity));
	while (status) {
		take_line(status, identity, &seen);
		status = strchr(status, '\n');
		status = status ? status + 1 : NULL;
	}
	if (seen == (1u << SETS) - 1)
		identity->known |= IDENTITY_CAPS;
	return identity->known ? 0 : -EINVAL;
}

static void read_user_ns(const char *path, struct identity *identity)
{
	char target[64];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *at;

	if (n < 0)
		return;
	target[n] = 0;
	at = after(target, "user:[");
	if (at && take_number(&at, UINT64_MAX, &identity->user_ns))
		identity->known |= IDENTITY_USER_NS;
}

int identity_read(pid_t pid, struct identity *identity)
{
	char task[16] = "self", path[64], text[STATUS_BYTES];
	ssize_t n;
	int err;

	if (pid)
		snprintf(task, sizeof(task), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%s/status", task);
	n = file_slurp(path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	err = identity_parse(text, identity);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%s/ns/user", task);
	read_user_ns(path, identity);
	return 0;
}

bool identity_privileged(const struct identity *identity)
{
	const struct caps *caps = &identity->caps;

	return caps->effective || caps->permitted || caps->ambient || identity->ruid == 0 ||
	       identity->euid == 0 || identity->suid == 0;
}
