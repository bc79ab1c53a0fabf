#include "access/policy.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES 4096
#define KEY "max-category"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; its length is 0 at the end. */
static size_t next_word(const char **at, const char *end)
{
	size_t size = 0;

	while (*at < end && is_space(**at))
		++*at;
	while (*at + size < end && !is_space((*at)[size]) && (*at)[size] != '#')
		size++;
	return size;
}

static bool parse_line(struct policy *policy, const char *at, const char *end)
{
	size_t size = next_word(&at, end);

	if (!size)
		return true;
	if (size != strlen(KEY) || memcmp(at, KEY, size) || *policy->max_category)
		return false;
	at += size;
	size = next_word(&at, end);
	if (!size || size >= sizeof(policy->max_category) || memchr(at, 0, size))
		return false;
	memcpy(policy->max_category, at, size);
	at += size;
	return !next_word(&at, end);
}

enum policy_status policy_parse(struct policy *policy, const void *bytes, size_t size)
{
	const char *at = bytes, *end = at + size;

	*policy = (struct policy){ .line = 0 };
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		policy->line++;
		if (!parse_line(policy, at, stop))
			return POLICY_MALFORMED;
		at = newline ? newline + 1 : end;
	}
	return POLICY_OK;
}

static enum policy_status read_open(struct policy *policy, int fd)
{
	char bytes[MOST_BYTES];
	struct stat st;
	ssize_t size;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH))
		return POLICY_UNTRUSTED;
	size = file_read(fd, bytes, sizeof(bytes));
	if (size < 0 || size == sizeof(bytes)) {
		policy->error = size < 0 ? (int)-size : EFBIG;
		return POLICY_UNREADABLE;
	}
	return policy_parse(policy, bytes, (size_t)size);
}

enum policy_status policy_read(struct policy *policy, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	enum policy_status status;

	*policy = (struct policy){ .error = fd < 0 ? errno : 0 }; /* and allows all */
	if (fd < 0)
		return errno == ENOENT	? POLICY_ABSENT
		       : errno == ELOOP ? POLICY_UNTRUSTED
					: POLICY_UNREADABLE;
	status = read_open(policy, fd);
	close(fd);
	return status;
}
