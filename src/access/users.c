#include "access/users.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define FIELDS_MAX 7

static int load(struct span *span, const char *etc, const char *name, struct arena *arena)
{
	char path[PATH_MAX];
	size_t mark = arena->used, room = (arena->size - mark) / 2;
	int fd;
	ssize_t n;
	char *text;

	*span = span_of("", 0);
	if (snprintf(path, sizeof(path), "%s/%s", etc, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	text = arena_take(arena, room, 1);
	n = text ? file_read(fd, text, room) : -EFBIG;
	close(fd);
	if (n < 0 || (size_t)n == room) {
		arena_back(arena, mark);
		return n < 0 ? (int)n : -EFBIG;
	}
	arena->used = mark + (((size_t)n + 15) & ~(size_t)15);
	*span = span_of(text, (size_t)n);
	return 0;
}

int users_load(struct users *users, const char *etc, struct arena *arena)
{
	int err = load(&users->passwd, etc, "passwd", arena);

	users->malformed = 0;
	if (!err)
		err = load(&users->group, etc, "group", arena);
	if (!err && load(&users->nsswitch, etc, "nsswitch.conf", arena))
		users->nsswitch = span_of("", 0);
	return err;
}

/* What comes before the next `c`, and moves past it; all that is left when there is none. */
static struct span until(struct span *text, char c)
{
	const uint8_t *at = text->at;
	const uint8_t *stop = span_left(text) ? memchr(at, c, span_left(text)) : NULL;

	text->at = stop ? stop + 1 : text->end;
	return span_of(at, (size_t)((stop ? stop : text->end) - at));
}

/* False where it is too long or holds a NUL, which would cut it. */
static bool copy(struct span field, char to[USER_TEXT_BYTES])
{
	size_t size = span_left(&field);

	if (size >= USER_TEXT_BYTES || (size && memchr(field.at, 0, size)))
		return false;
	memcpy(to, field.at, size);
	to[size] = 0;
	return true;
}

/* The highest id means "no id" to the kernel. */
static bool id(struct span field, uint32_t *to)
{
	uint64_t value = 0;

	if (!span_left(&field))
		return false;
	for (; span_left(&field); field.at++) {
		if (*field.at < '0' || *field.at > '9')
			return false;
		value = value * 10 + (uint64_t)(*field.at - '0');
		if (value >= UINT32_MAX)
			return false;
	}
	*to = (uint32_t)value;
	return true;
}

static bool is_name(struct span field)
{
	return span_left(&field) && *field.at != '+' && *field.at != '-' && *field.at != '#';
}

/* The next line's fields; false at the end of the text. `*count` is how many there are. */
static bool next_line(struct span *text, struct span fields[FIELDS_MAX], unsigned *count)
{
	struct span line;

	if (!span_left(text))
		return false;
	line = until(text, '\n');
	for (*count = 0; *count < FIELDS_MAX; ++*count) {
		bool more = span_left(&line) && memchr(line.at, ':', span_left(&line));

		fields[*count] = until(&line, ':');
		if (!more) {
			++*count;
			break;
		}
	}
	return true;
}

bool user_next(struct span *text, struct user *user, unsigned *malformed)
{
	struct span fields[FIELDS_MAX];
	unsigned count;

	while (next_line(text, fields, &count)) {
		if (count == 7 && is_name(fields[0]) && copy(fields[0], user->name) &&
			id(fields[2], &user->uid) && id(fields[3], &user->gid) &&
			copy(fields[5], user->home) && copy(fields[6], user->shell))
			return true;
		++*malformed;
	}
	return false;
}

bool group_next(struct span *text, struct group *group, unsigned *malformed)
{
	struct span fields[FIELDS_MAX];
	unsigned count;

	while (next_line(text, fields, &count)) {
		group->members = fields[3];
		if (count == 4 && is_name(fields[0]) && copy(fields[0], group->name) &&
			id(fields[2], &group->gid))
			return true;
		++*malformed;
	}
	return false;
}

bool group_next_member(struct group *group, char name[USER_TEXT_BYTES])
{
	while (span_left(&group->members)) {
		struct span field = until(&group->members, ',');

		if (span_left(&field) && copy(field, name))
			return true;
	}
	return false;
}

bool user_find(struct users *users, const char *name, struct user *user)
{
	struct span text = users->passwd;

	while (user_next(&text, user, &users->malformed))
		if (!strcmp(user->name, name))
			return true;
	return false;
}

bool user_find_id(struct users *users, uid_t uid, struct user *user)
{
	struct span text = users->passwd;

	while (user_next(&text, user, &users->malformed))
		if (user->uid == uid)
			return true;
	return false;
}

bool group_find(struct users *users, const char *name, struct group *group)
{
	struct span text = users->group;

	while (group_next(&text, group, &users->malformed))
		if (!strcmp(group->name, name))
			return true;
	return false;
}

bool group_find_id(struct users *users, gid_t gid, struct group *group)
{
	struct span text = users->group;

	while (group_next(&text, group, &users->malformed))
		if (group->gid == gid)
			return true;
	return false;
}

static bool names(struct group group, const char *user)
{
	char name[USER_TEXT_BYTES];

	while (group_next_member(&group, name))
		if (!strcmp(name, user))
			return true;
	return false;
}

int user_groups(struct users *users, const struct user *user, gid_t *list, int cap)
{
	struct span text = users->group;
	struct group group;
	int count = 0;

	if (cap < 1)
		return -E2BIG;
	list[count++] = user->gid;
	while (group_next(&text, &group, &users->malformed)) {
		if (group.gid == user->gid || !names(group, user->name))
			continue;
		if (count == cap)
			return -E2BIG;
		list[count++] = group.gid;
	}
	return count;
}

static bool is_word(struct span word, const char *text)
{
	return span_left(&word) == strlen(text) && !memcmp(word.at, text, strlen(text));
}

/* The next run of bytes that are not blank. */
static struct span next_word(struct span *line)
{
	const uint8_t *at;

	while (span_left(line) && (*line->at == ' ' || *line->at == '\t'))
		line->at++;
	at = line->at;
	while (span_left(line) && *line->at != ' ' && *line->at != '\t')
		line->at++;
	return span_of(at, (size_t)(line->at - at));
}

/* The services that read files of this machine; what is in brackets is no service. */
static bool is_here(struct span word)
{
	static const char *const here[] = { "files", "compat", "db", "systemd", "altfiles" };

	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (is_word(word, here[i]))
			return true;
	return *word.at == '[' || word.end[-1] == ']';
}

bool users_elsewhere(const struct users *users, const char *database)
{
	struct span text = users->nsswitch, word;

	while (span_left(&text)) {
		struct span line = until(&text, '\n');

		line = until(&line, '#');
		if (!is_word(until(&line, ':'), database))
			continue;
		for (word = next_word(&line); span_left(&word); word = next_word(&line))
			if (!is_here(word))
				return true;
	}
	return false;
}
