#include "capture/event_parser.h"

#include "base/file.h"
#include "base/number.h"
#include "capture/event_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_MAX 32
#define ALIAS_MAX 512 /* bytes of an alias's text */

/* A list "name=value,name" cut into pieces; they point into the text. */
struct term {
	const char *name, *value; /* value NULL: none given, which means 1 */
	size_t name_length, value_length;
};

struct terms {
	int count;
	struct term at[TERMS_MAX];
};

/* What the terms of one event are applied to. */
struct target {
	struct event_parser *p;
	struct event *event;
	const struct pmu *pmu; /* NULL: an event that has none */
	const struct terms *terms;
	const char *blame; /* where errors inside an alias point to; NULL: at the term itself */
};

static bool is(const struct term *term, const char *name)
{
	return term->name_length == strlen(name) && !memcmp(term->name, name, term->name_length);
}

/* Cuts `text` up to its end or a '/'; what is behind the last term, or NULL: more than fit. */
static const char *cut(struct terms *terms, const char *text)
{
	terms->count = 0;
	for (;;) {
		struct term term = { .name = text };

		term.name_length = strcspn(text, "=,/");
		text += term.name_length;
		if (*text == '=') {
			term.value = ++text;
			term.value_length = strcspn(text, ",/");
			text += term.value_length;
		}
		if (terms->count == TERMS_MAX)
			return NULL;
		if (term.name_length || term.value)
			terms->at[terms->count++] = term;
		if (*text != ',')
			return text;
		text++;
	}
}

/* perf's numbers: hexadecimal with 0x, otherwise decimal (no octal). */
static bool number(const struct term *term, uint64_t *value)
{
	char text[24], *end;

	*value = 1;
	if (!term->value)
		return true;
	if (term->value_length >= sizeof(text) || !isdigit((unsigned char)*term->value))
		return false;
	memcpy(text, term->value, term->value_length);
	text[term->value_length] = 0;
	errno = 0;
	*value = strtoull(text, &end, text[0] == '0' && tolower(text[1]) == 'x' ? 16 : 10);
	return !*end && !errno;
}

static const char *blame(const struct target *t, const struct term *term)
{
	return t->blame ? t->blame : term->name;
}

static int cannot(const struct target *t, const struct term *term, const char *why)
{
	return event_fail(t->p, blame(t, term), -EINVAL, "the term %.*s %s",
		(int)(term->name_length > 100 ? 100 : term->name_length), term->name, why);
}

/* Terms that belong to any event. */
static const char *const words[] = { "config", "config1", "config2", "config3", "config4" };
static const char *const known[] = { "config", "config1", "config2", "config3", "config4", "name",
	"period", "freq", NULL };
static const char *const foreign[] = { "branch_type", "time", "call-graph", "stack-size", "inherit",
	"no-inherit", "max-stack", "max-events", "overwrite", "no-overwrite", "percore",
	"driver-config", "aux-output", "aux-sample-size", "metric-id", NULL };

static bool among(const struct term *term, const char *const *names)
{
	for (; *names; names++)
		if (is(term, *names))
			return true;
	return false;
}

static int name_event(const struct target *t, const struct term *term)
{
	if (!term->value_length || term->value_length >= sizeof(t->event->name))
		return cannot(t, term, "is empty or too long");
	memcpy(t->event->name, term->value, term->value_length);
	t->event->name[term->value_length] = 0;
	return 0;
}

static int general(const struct target *t, const struct term *term)
{
	struct perf_event_attr *attr = &t->event->attr;
	uint64_t value;

	if (is(term, "name"))
		return name_event(t, term);
	if (!term->value || !number(term, &value))
		return cannot(t, term, "needs a number");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is(term, words[i]))
			return pmu_format_put(
				&(struct pmu_format){ .word = (uint8_t)i, .bits = UINT64_MAX },
				value, attr);
	if (!value)
		return cannot(t, term, "must not be 0");
	attr->sample_period = value;
	attr->flags &= ~(uint64_t)PERF_ATTR_FREQ;
	if (is(term, "freq"))
		attr->flags |= PERF_ATTR_FREQ;
	return 0;
}

static int unknown(const struct target *t, const struct term *term)
{
	static const char *const folders[] = { "format", "events" };
	static struct dir dir;
	struct nearest nearest;
	char path[256];
	const char *name;

	nearest_begin(&nearest, term->name, term->name_length);
	for (const char *const *k = known; *k; k++)
		nearest_offer(&nearest, *k);
	if (!t->pmu) {
		cannot(t, term, "is none of this event's");
		return event_fail_nearest(t->p, blame(t, term), &nearest);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", t->pmu->path, folders[i]);
		if (dir_open(&dir, path))
			continue;
		while ((name = dir_next(&dir)))
			nearest_offer(&nearest, name);
		dir_close(&dir);
	}
	event_fail(t->p, blame(t, term), -EINVAL,
		"the PMU %s has neither a term nor an event '%.*s'", t->pmu->name,
		(int)(term->name_length > 100 ? 100 : term->name_length), term->name);
	return event_fail_nearest(t->p, blame(t, term), &nearest);
}

/* "r1a8" between the slashes: all of config. */
static bool raw(const struct target *t, const struct term *term)
{
	char text[20], *end;

	if (term->value || *term->name != 'r' || term->name_length < 2 ||
		term->name_length > sizeof(text) || !isxdigit((unsigned char)term->name[1]))
		return false;
	memcpy(text, term->name + 1, term->name_length - 1);
	text[term->name_length - 1] = 0;
	errno = 0;
	t->event->attr.config = strtoull(text, &end, 16);
	return !*end && !errno;
}

static int apply(const struct target *t, const struct term *term)
{
	struct pmu_format format;
	char file[PMU_NAME_MAX], text[128], why[80];
	uint64_t value;

	if (among(term, foreign))
		return cannot(t, term, "is not supported in an event; use the command's options");
	if (among(term, known))
		return general(t, term);
	if (!t->pmu || term->name_length >= sizeof(file))
		return unknown(t, term);
	snprintf(file, sizeof(file), "%.*s", (int)term->name_length, term->name);
	if (pmu_text(t->pmu, "format", file, text, sizeof(text)) < 0)
		return raw(t, term) ? 0 : unknown(t, term);
	if (pmu_format_parse(&format, text))
		return cannot(t, term, "has a format in sysfs that is not understood");
	if (!number(term, &value))
		return cannot(t, term, "needs a number");
	if (!pmu_format_put(&format, value, &t->event->attr))
		return 0;
	snprintf(why, sizeof(why), "holds no more than %llu",
		(unsigned long long)pmu_format_max(&format));
	return cannot(t, term, why);
}

/* Whether the user gives a value for a parameter ("core=?") of an alias. */
static bool given(const struct target *t, const struct term *term)
{
	for (int i = 0; i < t->terms->count; i++) {
		const struct term *own = &t->terms->at[i];

		if (own->value && own->name_length == term->name_length &&
			!memcmp(own->name, term->name, term->name_length))
			return true;
	}
	return false;
}

static void read_unit(const struct target *t, const char *alias)
{
	char file[PMU_NAME_MAX + 8], text[64];
	const char *number = text;

	snprintf(file, sizeof(file), "%s.unit", alias);
	if (pmu_text(t->pmu, "events", file, text, sizeof(text)) > 0)
		snprintf(t->event->unit, sizeof(t->event->unit), "%.15s", text);
	snprintf(file, sizeof(file), "%s.scale", alias);
	if (pmu_text(t->pmu, "events", file, text, sizeof(text)) > 0)
		number_decimal(&number, &t->event->scale);
}

/* A term that names an event of the PMU: 1 when it is one, and its own terms are applied. */
static int expand(const struct target *t, const struct term *term)
{
	const struct event_symbol *symbol;
	char alias[PMU_NAME_MAX], text[ALIAS_MAX];
	struct target inner = *t;
	struct terms terms;

	if (term->value || !t->pmu || !term->name_length || term->name_length >= sizeof(alias))
		return 0;
	snprintf(alias, sizeof(alias), "%.*s", (int)term->name_length, term->name);
	if (pmu_text(t->pmu, "events", alias, text, sizeof(text)) < 0) {
		symbol = event_symbol_find(alias, term->name_length);
		if (!symbol || pmu_text(t->pmu, "events", symbol->name, text, sizeof(text)) < 0)
			return 0;
		snprintf(alias, sizeof(alias), "%s", symbol->name);
	}
	if (!cut(&terms, text))
		return cannot(t, term, "has more terms in sysfs than are understood");
	inner.blame = blame(t, term);
	for (int i = 0; i < terms.count; i++) {
		const struct term *own = &terms.at[i];
		int err;

		if (own->value_length == 1 && *own->value == '?') {
			if (given(t, own))
				continue;
			return cannot(&inner, own, "of this event needs a number");
		}
		err = apply(&inner, own);
		if (err)
			return err;
	}
	read_unit(t, alias);
	return 1;
}

/* Aliases first, so that what the user says himself holds. */
static int apply_all(const struct target *t)
{
	uint32_t done = 0;

	for (int i = 0; i < t->terms->count; i++) {
		int found = expand(t, &t->terms->at[i]);

		if (found < 0)
			return found;
		done |= (uint32_t)found << i;
	}
	for (int i = 0; i < t->terms->count; i++) {
		int err = done & 1u << i ? 0 : apply(t, &t->terms->at[i]);

		if (err)
			return err;
	}
	return 0;
}

/* The PMU's own CPUs: "cpumask" names one per unit, for all; "cpus" those that have this PMU. */
static int read_cpus(struct event_parser *p, struct event *event, const struct pmu *pmu)
{
	ssize_t size = pmu_text(pmu, ".", "cpumask", event->cpus, sizeof(event->cpus));

	event->cpus_only = size >= 0;
	if (size == -ENOENT)
		size = pmu_text(pmu, ".", "cpus", event->cpus, sizeof(event->cpus));
	if (size == -EFBIG)
		return event_fail(
			p, p->at, -EFBIG, "the CPU list of the PMU %s is too long", pmu->name);
	if (size < 0)
		event->cpus[0] = 0;
	return 0;
}

static int add(struct event_parser *p, const struct pmu *pmu, const struct terms *terms)
{
	struct event *event = event_new(p, pmu->type, 0);
	struct target target = { .p = p, .event = event, .pmu = pmu, .terms = terms };
	int err;

	if (!event)
		return -ENOSPC;
	err = read_cpus(p, event, pmu);
	return err ? err : apply_all(&target);
}

/* Calls `visit` for every PMU folder until it gives something else than 0. */
static int each(struct event_parser *p, int (*visit)(struct event_parser *, struct pmu *, void *),
	void *data)
{
	static struct dir dir;
	struct pmu pmu;
	const char *name;
	int result = 0;

	if (dir_open(&dir, p->source.devices))
		return 0;
	while (!result && (name = dir_next(&dir)))
		if (!pmu_open(&pmu, p->source.devices, name, strlen(name)))
			result = visit(p, &pmu, data);
	dir_close(&dir);
	return result;
}

struct asked {
	const char *name;
	size_t length;
	const struct terms *terms;
	int first;
};

static int add_unit(struct event_parser *p, struct pmu *pmu, void *data)
{
	const struct asked *asked = data;
	int err;

	if (!pmu_is_unit_of(pmu->name, asked->name, asked->length))
		return 0;
	err = add(p, pmu, asked->terms);
	if (!err)
		p->list->at[p->list->count - 1].adds = p->list->count - 1 > asked->first;
	return err;
}

static int offer_pmu(struct event_parser *p, struct pmu *pmu, void *data)
{
	(void)p;
	nearest_offer(data, pmu->name);
	return 0;
}

static int missing(struct event_parser *p, const char *name, size_t length)
{
	struct nearest nearest;

	event_fail(
		p, name, -EINVAL, "no PMU '%.*s' here", (int)(length > 100 ? 100 : length), name);
	nearest_begin(&nearest, name, length);
	each(p, offer_pmu, &nearest);
	return event_fail_nearest(p, name, &nearest);
}

/* Cuts the terms at the cursor, which stands on a '/', and moves behind the closing one. */
static int take(struct event_parser *p, struct terms *terms)
{
	const char *end = cut(terms, p->at + 1);

	if (!end)
		return event_fail(p, p->at, -EINVAL, "more than %d terms", TERMS_MAX);
	if (*end != '/')
		return event_fail(p, p->at, -EINVAL, "the closing / of the terms is missing");
	p->at = end + 1;
	return 0;
}

int event_pmu(struct event_parser *p, const char *name, size_t length)
{
	struct terms terms;
	struct asked asked = { name, length, &terms, p->list->count };
	struct pmu pmu;
	int err = take(p, &terms);

	if (err)
		return err;
	if (!pmu_open(&pmu, p->source.devices, name, length))
		return add(p, &pmu, &terms);
	err = each(p, add_unit, &asked);
	return err || p->list->count > asked.first ? err : missing(p, name, length);
}

int event_terms(struct event_parser *p, int index)
{
	struct terms terms;
	struct target target = { .p = p, .event = &p->list->at[index], .terms = &terms };
	int err = take(p, &terms);

	return err ? err : apply_all(&target);
}

static int add_alias(struct event_parser *p, struct pmu *pmu, void *data)
{
	const struct asked *asked = data;
	char file[PMU_NAME_MAX], text[ALIAS_MAX];
	int err;

	snprintf(file, sizeof(file), "%.*s", (int)asked->length, asked->name);
	if (pmu_text(pmu, "events", file, text, sizeof(text)) < 0)
		return 0;
	err = add(p, pmu, asked->terms);
	if (!err)
		p->list->at[p->list->count - 1].adds = p->list->count - 1 > asked->first;
	return err;
}

int event_pmu_alias(struct event_parser *p, const char *name, size_t length)
{
	const struct terms terms = { .count = 1,
		.at = { { .name = name, .name_length = length } } };
	struct asked asked = { name, length, &terms, p->list->count };
	int err;

	if (length >= PMU_NAME_MAX || memchr(name, '.', length))
		return 0;
	err = each(p, add_alias, &asked);
	return err ? err : p->list->count > asked.first;
}

static int offer_events(struct event_parser *p, struct pmu *pmu, void *data)
{
	static struct dir dir;
	char path[256];
	const char *name;

	(void)p;
	snprintf(path, sizeof(path), "%s/events", pmu->path);
	if (dir_open(&dir, path))
		return 0;
	while ((name = dir_next(&dir)))
		if (!strchr(name, '.'))
			nearest_offer(data, name);
	dir_close(&dir);
	return 0;
}

void event_pmu_offer(struct event_parser *p, struct nearest *nearest)
{
	each(p, offer_events, nearest);
}
