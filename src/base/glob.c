#include "base/glob.h"

#include <stddef.h>

/* Behind the set that begins at `set` ("[...]"), or NULL where it is not closed. */
static const char *set_end(const char *set)
{
	const char *at = set + 1;

	at += *at == '!';
	at += *at == ']'; /* first in a set it is a member */
	while (*at && *at != ']')
		at++;
	return *at ? at + 1 : NULL;
}

static bool in_set(const char *set, const char *end, char c)
{
	bool negated = set[1] == '!', found = false;

	for (const char *at = set + 1 + negated; at < end - 1; at++)
		if (at[1] == '-' && at + 2 < end - 1) {
			found |= at[0] <= c && c <= at[2];
			at += 2;
		} else {
			found |= *at == c;
		}
	return found != negated;
}

/* Matches one character; where the pattern goes on, or NULL. */
static const char *match_one(const char *pattern, char c)
{
	const char *end = *pattern == '[' ? set_end(pattern) : NULL;

	if (end)
		return in_set(pattern, end, c) ? end : NULL;
	return *pattern == c || *pattern == '?' ? pattern + 1 : NULL;
}

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	/* only the last star needs to be retried, so time is bounded by pattern x text */
	while (*text) {
		const char *next;

		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
			continue;
		}
		next = *pattern ? match_one(pattern, *text) : NULL;
		if (next) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
