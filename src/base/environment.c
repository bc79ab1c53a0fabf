#include "base/environment.h"

#include <stdio.h>
#include <string.h>

/* Whether "NAME=value" is of that name; a '*' at its end stands for anything. */
static bool is(const char *variable, const char *name)
{
	size_t size = strlen(name);

	if (size && name[size - 1] == '*')
		return !strncmp(variable, name, size - 1);
	return !strncmp(variable, name, size) && variable[size] == '=';
}

static bool kept(const char *variable, const char *const keep[])
{
	for (; *keep; keep++)
		if (is(variable, *keep))
			return true;
	return false;
}

static void put(struct environment *environment, int at, char *variable)
{
	if (at == ENVIRONMENT_MAX) {
		environment->refused++;
		return;
	}
	environment->at[at] = variable;
	if (at == environment->count)
		environment->at[++environment->count] = NULL;
}

void environment_take(struct environment *environment, char *const from[], const char *const keep[])
{
	for (; *from; from++)
		if (!keep || kept(*from, keep))
			put(environment, environment->count, *from);
}

void environment_set(struct environment *environment, const char *name, const char *value)
{
	char *to = environment->text + environment->used;
	size_t room = sizeof(environment->text) - environment->used;
	int size = snprintf(to, room, "%s=%s", name, value), at = 0;

	if ((size_t)size >= room) {
		environment->refused++;
		return;
	}
	environment->used += (size_t)size + 1;
	while (at < environment->count && !is(environment->at[at], name))
		at++;
	put(environment, at, to);
}
