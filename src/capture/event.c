#include "capture/event.h"

#include "base/nearest.h"
#include "capture/event_parser.h"
#include "capture/event_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int event_fail(struct event_parser *p, const char *at, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, args);
	va_end(args);
	p->error->at = (int)(at - p->text);
	return err;
}

int event_fail_nearest(struct event_parser *p, const char *at, const struct nearest *nearest)
{
	char *text = p->error->text;
	size_t cap = sizeof(p->error->text), used = strlen(text);

	for (int i = 0; i < nearest->count && used < cap; i++)
		used += (size_t)snprintf(text + used, cap - used, "%s%s",
			i == 0			 ? "; did you mean "
			: i + 1 < nearest->count ? ", "
						 : " or ",
			nearest->name[i]);
	if (used < cap)
		snprintf(text + used, cap - used, "%s",
			nearest->count ? "?" : "; perfbox list shows what there is");
	p->error->at = (int)(at - p->text);
	return -EINVAL;
}

struct event *event_add(struct event_list *list, uint32_t type, uint64_t config, const char *name)
{
	struct event *event = &list->at[list->count];

	if (list->count == EVENT_MAX)
		return NULL;
	memset(event, 0, sizeof(*event));
	event->attr.type = type;
	event->attr.config = config;
	event->attr.flags = PERF_ATTR_EXCLUDE_GUEST;
	event->scale = 1;
	if (type == PERF_TYPE_SOFTWARE &&
		(config == PERF_COUNT_SW_CPU_CLOCK || config == PERF_COUNT_SW_TASK_CLOCK)) {
		event->scale = 1e-6;
		strcpy(event->unit, "msec");
	}
	event->leader = (uint16_t)list->count++;
	snprintf(event->name, sizeof(event->name), "%s", name);
	return event;
}

struct event *event_new(struct event_parser *p, uint32_t type, uint64_t config)
{
	struct event *event = event_add(p->list, type, config, "");

	if (!event)
		event_fail(p, p->at, -ENOSPC, "more than %d events; ask for fewer", EVENT_MAX);
	return event;
}

/* perf's rules: the first of u, k, h excludes the other levels, the first of G, H the other side.
 */
static int modifier(struct event_parser *p, struct event *event, char letter, bool leads)
{
	static const struct {
		char letter;
		uint64_t flag;
	} levels[] = {
		{ 'u', PERF_ATTR_EXCLUDE_USER },
		{ 'k', PERF_ATTR_EXCLUDE_KERNEL },
		{ 'h', PERF_ATTR_EXCLUDE_HV },
		{ 'G', PERF_ATTR_EXCLUDE_GUEST },
		{ 'H', PERF_ATTR_EXCLUDE_HOST },
	};
	const uint64_t all =
		PERF_ATTR_EXCLUDE_USER | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV;
	const uint64_t sides = PERF_ATTR_EXCLUDE_GUEST | PERF_ATTR_EXCLUDE_HOST;
	uint64_t *flags = &event->attr.flags;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		bool side = i > 2, *given = side ? &event->guest_given : &event->levels_given;

		if (letter != levels[i].letter)
			continue;
		if (!*given)
			*flags |= side ? sides : all;
		*given = true;
		*flags &= ~levels[i].flag;
		return 0;
	}
	switch (letter) {
	case 'p':
		if ((*flags >> PERF_ATTR_PRECISE_IP_SHIFT & 3) == 3)
			return event_fail(p, p->at, -EINVAL, "no event is more precise than ppp");
		*flags += PERF_ATTR_PRECISE_IP(1);
		return 0;
	case 'P':
		event->precise_most = true;
		return 0;
	case 'I':
		*flags |= PERF_ATTR_EXCLUDE_IDLE;
		return 0;
	case 'S':
		event->sample_read = true;
		return 0;
	case 'W':
		event->weak = true;
		return 0;
	case 'D':
		*flags |= leads ? PERF_ATTR_PINNED : 0;
		return 0;
	case 'e':
		*flags |= leads ? PERF_ATTR_EXCLUSIVE : 0;
		return 0;
	}
	return event_fail(p, p->at, -EINVAL,
		"'%c' is no modifier; there are u k h H G I p P S D W e", letter);
}

bool event_word_ends(char c)
{
	return !c || strchr(",:/{}", c) || isspace((unsigned char)c);
}

/* Applies the modifiers at the cursor to the events from `first` on. */
static int modifiers(struct event_parser *p, int first)
{
	for (; !event_word_ends(*p->at); p->at++)
		for (int i = first; i < p->list->count; i++) {
			struct event *event = &p->list->at[i];
			int err = modifier(p, event, *p->at, event->leader == i);

			if (err)
				return err;
		}
	return 0;
}

static int raw(struct event_parser *p, const char *word, size_t length)
{
	char digits[20], *end;
	uint64_t config;

	length -= 1;
	if (*word++ != 'r' || !length || length >= sizeof(digits))
		return 0;
	memcpy(digits, word, length);
	digits[length] = 0;
	if (!isxdigit((unsigned char)*digits))
		return 0;
	errno = 0;
	config = strtoull(digits, &end, 16);
	if (*end || errno)
		return 0;
	return event_new(p, PERF_TYPE_RAW, config) ? 1 : -ENOSPC;
}

/* "type:config", both numbers. */
static int numeric(struct event_parser *p, const char *word)
{
	uint64_t type, config;
	char *end;

	if (!isdigit((unsigned char)*word))
		return 0;
	type = strtoull(word, &end, 0);
	if (*end != ':' || !isdigit((unsigned char)end[1]) || type > UINT32_MAX)
		return 0;
	config = strtoull(end + 1, &end, 0);
	if (!event_word_ends(*end))
		return 0;
	p->at = end;
	return event_new(p, (uint32_t)type, config) ? 1 : -ENOSPC;
}

/* 1 when the word is one of the events every machine knows, 0 when not. */
static int known(struct event_parser *p, const char *word, size_t length)
{
	const struct event_symbol *symbol = event_symbol_find(word, length);
	struct event *event;
	uint64_t config;

	if (symbol) {
		event = event_new(p, symbol->type, symbol->config);
		if (event && symbol->tool) {
			event->tool = symbol->tool;
			strcpy(event->unit, "ns");
		}
		return event ? 1 : -ENOSPC;
	}
	if (event_cache_find(word, length, &config))
		return event_new(p, PERF_TYPE_HW_CACHE, config) ? 1 : -ENOSPC;
	return raw(p, word, length);
}

static int breakpoint_access(struct event_parser *p, uint32_t *type)
{
	static const char letters[] = "rwx";

	for (; !event_word_ends(*p->at); p->at++) {
		const char *letter = strchr(letters, *p->at);

		if (!letter || *type & 1u << (letter - letters))
			return event_fail(p, p->at, -EINVAL,
				"the access of a breakpoint is made of r, w and x");
		*type |= 1u << (letter - letters);
	}
	return 0;
}

/* The cursor is behind "mem:". A type is x alone or of r and w, says the kernel. */
static int breakpoint(struct event_parser *p)
{
	struct event *event = event_new(p, PERF_TYPE_BREAKPOINT, 0);
	const char *at = p->at;
	char *end;
	int err;

	if (!event)
		return -ENOSPC;
	errno = 0;
	event->attr.config1 = strtoull(at, &end, 0);
	if (errno || !isdigit((unsigned char)*at))
		return event_fail(p, at, -EINVAL, "a breakpoint is mem:ADDRESS[/LENGTH][:rwx]");
	if (*end == '/') {
		at = end + 1;
		event->attr.config2 = strtoull(at, &end, 0);
		if (!isdigit((unsigned char)*at) || !event->attr.config2)
			return event_fail(
				p, at, -EINVAL, "the length of a breakpoint is a number of bytes");
	}
	p->at = end;
	if (*end == ':' && strspn(end + 1, "rwx") &&
		event_word_ends(end[1 + strspn(end + 1, "rwx")])) {
		p->at++;
		err = breakpoint_access(p, &event->attr.bp_type);
		if (err)
			return err;
	}
	if (!event->attr.bp_type)
		event->attr.bp_type = HW_BREAKPOINT_RW;
	if (!event->attr.config2)
		event->attr.config2 = event->attr.bp_type == HW_BREAKPOINT_X ? sizeof(long) : 4;
	event->attr.sample_period = 1;
	return 0;
}

static bool only_modifiers(const char *at)
{
	size_t length = strspn(at, "ukhHGIpPSDWeb");

	return length && event_word_ends(at[length]);
}

static int nameless(struct event_parser *p, const char *word, size_t length)
{
	struct nearest nearest;
	uint64_t config;
	char name[48];
	int at = 0;

	event_fail(
		p, word, -EINVAL, "no event '%.*s' here", (int)(length > 200 ? 200 : length), word);
	nearest_begin(&nearest, word, length);
	for (const struct event_symbol *s = event_symbols; s->name; s++) {
		nearest_offer(&nearest, s->name);
		if (s->alias)
			nearest_offer(&nearest, s->alias);
	}
	while (event_cache_next(&at, name, sizeof(name), &config))
		nearest_offer(&nearest, name);
	event_pmu_offer(p, &nearest);
	return event_fail_nearest(p, word, &nearest);
}

/* One event without its modifiers. */
static int plain(struct event_parser *p)
{
	const char *word = p->at;
	size_t length;
	int found;

	if (!strncmp(word, "mem:", 4)) {
		p->at += 4;
		return breakpoint(p);
	}
	found = numeric(p, word);
	if (found)
		return found < 0 ? found : 0;
	while (!event_word_ends(*p->at))
		p->at++;
	length = (size_t)(p->at - word);
	if (!length)
		return event_fail(p, word, -EINVAL, "an event is missing");
	found = known(p, word, length);
	if (found > 0 && *p->at == '/')
		return event_terms(p, p->list->count - 1);
	if (found)
		return found < 0 ? found : 0;
	if (*p->at == '/')
		return event_pmu(p, word, length);
	if (*p->at != ':' || only_modifiers(p->at + 1)) {
		found = event_pmu_alias(p, word, length);
		if (found)
			return found < 0 ? found : 0;
	}
	if (*p->at != ':')
		return nameless(p, word, length);
	p->at++;
	return event_tracepoint(p, word, length);
}

/* The events from `first` on were typed as the text from `from` to the cursor. */
static int set_names(struct event_parser *p, int first, const char *from, const char *mods)
{
	size_t length = (size_t)(p->at - from);

	for (int i = first; i < p->list->count; i++) {
		struct event *event = &p->list->at[i];
		size_t used = strlen(event->name);

		if (used && event->attr.type == PERF_TYPE_TRACEPOINT)
			snprintf(event->name + used, sizeof(event->name) - used, "%.*s",
				(int)(p->at - mods), mods);
		else if (!used && length >= sizeof(event->name))
			return event_fail(p, from, -EINVAL,
				"longer than %d bytes; give it a short name with the term name=",
				EVENT_NAME_MAX - 1);
		else if (!used)
			memcpy(event->name, from, length);
	}
	return 0;
}

static int one(struct event_parser *p)
{
	int first = p->list->count, err;
	const char *from = p->at, *mods;

	err = plain(p);
	if (err)
		return err;
	mods = p->at;
	if (*p->at == ':')
		p->at++;
	else if (p->at[-1] != '/')
		return set_names(p, first, from, mods);
	err = modifiers(p, first);
	return err ? err : set_names(p, first, from, mods);
}

static void blanks(struct event_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Units alike lead groups of their own: an event of one PMU cannot follow another's. */
static void lead(struct event_list *list, int first)
{
	for (int i = first; i < list->count; i++) {
		struct event *event = &list->at[i];

		event->leader = (uint16_t)first;
		for (int j = first; event->cpus_only && j <= i; j++)
			if (list->at[j].attr.type == event->attr.type) {
				event->leader = (uint16_t)j;
				break;
			}
	}
}

static int group(struct event_parser *p)
{
	int first = p->list->count, err;
	const char *open = p->at++;

	for (;;) {
		blanks(p);
		err = one(p);
		if (err)
			return err;
		blanks(p);
		if (*p->at != ',')
			break;
		p->at++;
	}
	if (*p->at != '}')
		return event_fail(p, *p->at ? p->at : open, -EINVAL, "a group is {EVENT,EVENT...}");
	p->at++;
	lead(p->list, first);
	if (*p->at != ':')
		return 0;
	p->at++;
	return modifiers(p, first);
}

static int list_of(struct event_parser *p)
{
	int err;

	for (;;) {
		blanks(p);
		err = *p->at == '{' ? group(p) : one(p);
		if (err)
			return err;
		blanks(p);
		if (!*p->at)
			return 0;
		if (*p->at != ',')
			return event_fail(p, p->at, -EINVAL, "'%c' is not expected here", *p->at);
		p->at++;
	}
}

int event_parse(struct event_list *list, const char *text, const struct event_source *source,
	struct event_error *error)
{
	struct event_parser p = { .list = list, .error = error, .text = text, .at = text };
	int count = list->count, err;

	if (source)
		p.source = *source;
	if (!p.source.devices)
		p.source.devices = PMU_DEVICES;
	err = list_of(&p);
	if (err)
		list->count = count;
	return err;
}
