#include "access/captext.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define STATES 8

/* A capability's state: which of the three sets it is in. */
enum state {
	EFFECTIVE = 1,
	PERMITTED = 2,
	INHERITABLE = 4,
};

static const struct {
	char letter;
	unsigned state;
} flags[] = { { 'e', EFFECTIVE }, { 'i', INHERITABLE }, { 'p', PERMITTED } };

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static int refuse(struct captext_error *error, const char *at, const char *why)
{
	*error = (struct captext_error){ .at = at, .why = why };
	return -EINVAL;
}

static size_t word_size(const char *at)
{
	size_t size = 0;

	while (isalnum((unsigned char)at[size]) || at[size] == '_')
		size++;
	return size;
}

static bool is_all(const char *at, size_t size)
{
	return size == 3 && !strncasecmp(at, "all", 3);
}

static uint64_t all(unsigned last)
{
	return UINT64_MAX >> (CAP_BITS - 1 - last);
}

/* NAMES up to what is no part of it. "all" takes the place of the names before it. */
static int take_names(const char **at, unsigned last, uint64_t *set, struct captext_error *error)
{
	*set = 0;
	for (;; ++*at) {
		size_t size = word_size(*at);
		int number = cap_number(*at, size);

		if (is_all(*at, size))
			*set = all(last);
		else if (number >= 0)
			*set |= CAP_BIT(number);
		else
			return refuse(error, *at, "not a capability");
		*at += size;
		if (**at != ',')
			return 0;
	}
}

static unsigned take_flags(const char **at)
{
	unsigned state = 0;

	for (size_t i = 0; i < FLAGS; i++)
		if (**at == flags[i].letter) {
			state |= flags[i].state;
			++*at;
			i = (size_t)-1;
		}
	return state;
}

static void change(uint64_t *of, uint64_t set, bool raise)
{
	*of = raise ? *of | set : *of & ~set;
}

static void apply(struct caps *caps, uint64_t set, unsigned state, bool raise)
{
	if (state & EFFECTIVE)
		change(&caps->effective, set, raise);
	if (state & PERMITTED)
		change(&caps->permitted, set, raise);
	if (state & INHERITABLE)
		change(&caps->inheritable, set, raise);
}

static bool ends(const char *at)
{
	return !*at || isspace((unsigned char)*at);
}

/* The operators of one clause and their flags. */
static int take_actions(
	const char **at, uint64_t set, bool bare, struct caps *caps, struct captext_error *error)
{
	bool first = **at == '=';

	if (!first && **at != '+' && **at != '-')
		return refuse(error, *at, "=, + or - is wanted here");
	if (first) {
		++*at;
		apply(caps, set, EFFECTIVE | PERMITTED | INHERITABLE, false);
		apply(caps, set, take_flags(at), true);
	}
	while (!bare && (**at == '+' || **at == '-')) {
		bool raise = *(*at)++ == '+';
		unsigned state = take_flags(at);

		if (!state)
			return refuse(error, *at, "flags (e, i, p) are wanted here");
		apply(caps, set, state, raise);
	}
	return ends(*at) ? 0 : refuse(error, *at, "not part of a clause");
}

int captext_parse(const char *text, unsigned last, struct caps *caps, struct captext_error *error)
{
	const char *at = text;

	memset(caps, 0, sizeof(*caps));
	for (;;) {
		uint64_t set = all(last);
		bool bare;
		int err;

		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			return 0;
		bare = *at == '=';
		err = bare ? 0 : take_names(&at, last, &set, error);
		if (!err)
			err = take_actions(&at, set, bare, caps, error);
		if (err)
			return err;
	}
}

/* What is written so far; goes on counting where the room ends. */
struct text {
	char *to;
	size_t cap, used;
};

static void put(struct text *text, char c)
{
	if (text->used + 1 < text->cap) {
		text->to[text->used] = c;
		text->to[text->used + 1] = 0;
	}
	text->used++;
}

static void put_name(struct text *text, unsigned number)
{
	char digits[16];
	const char *name = cap_name(number);

	snprintf(digits, sizeof(digits), "%u", number);
	for (name = name ? name : digits; *name; name++)
		put(text, *name);
}

static void put_flags(struct text *text, char operator, unsigned state)
{
	if (state || operator== '=')
		put(text, operator);
	for (size_t i = 0; i < FLAGS; i++)
		if (state & flags[i].state)
			put(text, flags[i].letter);
}

static unsigned state_of(const struct caps *caps, unsigned number)
{
	uint64_t bit = CAP_BIT(number);

	return (caps->effective & bit ? EFFECTIVE : 0) | (caps->permitted & bit ? PERMITTED : 0) |
	       (caps->inheritable & bit ? INHERITABLE : 0);
}

/* The capabilities from `first` to `last` that are in `state`. */
static uint64_t group(const struct caps *caps, unsigned state, unsigned first, unsigned last)
{
	uint64_t set = 0;

	for (unsigned i = first; i <= last; i++)
		if (state_of(caps, i) == state)
			set |= CAP_BIT(i);
	return set;
}

static unsigned most_frequent(const struct caps *caps, unsigned last)
{
	unsigned base = STATES - 1;
	int most = -1;

	for (unsigned state = STATES; state-- > 0;) {
		int count = __builtin_popcountll(group(caps, state, 0, last));

		if (count >= most) {
			most = count;
			base = state;
		}
	}
	return base;
}

static void put_names(struct text *text, uint64_t set)
{
	bool more = false;

	for (unsigned i = 0; i < CAP_BITS; i++) {
		if (!(set & CAP_BIT(i)))
			continue;
		if (more)
			put(text, ',');
		put_name(text, i);
		more = true;
	}
}

/* Where nothing is the most frequent state, the first group may do without the leading "=" and
 * take "=" for its operator; groups beyond the kernel's last never do. */
size_t captext_print(char *to, size_t cap, const struct caps *caps, unsigned last)
{
	struct text text = { .to = to, .cap = cap };
	unsigned base = most_frequent(caps, last);
	bool open = !base && group(caps, 0, 0, last) != all(last);

	if (cap)
		*to = 0;
	if (!open)
		put_flags(&text, '=', base);
	for (unsigned state = STATES; state-- > 0;) {
		uint64_t set = group(caps, state, 0, last);

		if (state == base || !set)
			continue;
		if (text.used)
			put(&text, ' ');
		put_names(&text, set);
		put_flags(&text, open ? '=' : '+', state & ~base);
		put_flags(&text, '-', base & ~state);
		open = false;
	}
	for (unsigned state = STATES - 1; state > 0; state--) {
		uint64_t set = last + 1 < CAP_BITS ? group(caps, state, last + 1, CAP_BITS - 1) : 0;

		if (!set)
			continue;
		put(&text, ' ');
		put_names(&text, set);
		put_flags(&text, '+', state);
	}
	return text.used;
}

static int take_iab(const char **at, struct caps_iab *iab, struct captext_error *error)
{
	size_t marks = strspn(*at, "!^%"), size = word_size(*at + marks);
	bool blocked = memchr(*at, '!', marks), ambient = memchr(*at, '^', marks);
	int number = cap_number(*at + marks, size);

	if (marks && !(*at)[marks]) {
		*at += marks;
		return 0;
	}
	if (number < 0)
		return refuse(error, *at + marks, "not a capability");
	if (blocked)
		iab->blocked |= CAP_BIT(number);
	if (ambient)
		iab->ambient |= CAP_BIT(number);
	if (ambient || !blocked || memchr(*at, '%', marks))
		iab->inheritable |= CAP_BIT(number);
	*at += marks + size;
	return 0;
}

int captext_parse_iab(const char *text, struct caps_iab *iab, struct captext_error *error)
{
	memset(iab, 0, sizeof(*iab));
	while (*text) {
		int err = take_iab(&text, iab, error);

		if (err)
			return err;
		if (*text == ',')
			text++;
		else if (*text)
			return refuse(error, text, "a comma is wanted here");
	}
	return 0;
}

size_t captext_print_iab(char *to, size_t cap, const struct caps_iab *iab, unsigned last)
{
	struct text text = { .to = to, .cap = cap };

	if (cap)
		*to = 0;
	for (unsigned i = 0; i <= last; i++) {
		bool blocked = iab->blocked & CAP_BIT(i), ambient = iab->ambient & CAP_BIT(i);
		bool inheritable = iab->inheritable & CAP_BIT(i);

		if (!blocked && !ambient && !inheritable)
			continue;
		if (text.used)
			put(&text, ',');
		if (blocked)
			put(&text, '!');
		if (ambient)
			put(&text, '^');
		else if (blocked && inheritable)
			put(&text, '%');
		put_name(&text, i);
	}
	return text.used;
}

int captext_parse_list(const char *text, unsigned last, uint64_t *set, struct captext_error *error)
{
	int err = take_names(&text, last, set, error);

	return err ? err : *text ? refuse(error, text, "a comma is wanted here") : 0;
}
