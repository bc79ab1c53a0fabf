#include "cmd/script_fields.h"

#include "base/message.h"
#include "view/script.h"

#include <string.h>

/* Fields perf knows and perfbox does not. With `why` NULL they are empty, in perf as well, but for
 * traces of instructions, which are not decoded here: asking for them changes nothing. */
static const struct other_field {
	const char *name, *why;
} other_fields[] = {
	{ "synth", NULL },
	{ "callindent", NULL },
	{ "ipc", NULL },
	{ "metric", NULL },
	{ "machine_pid", NULL },
	{ "vcpu", NULL },
	{ "srcline", "lines of source are not looked up" },
	{ "srccode", "lines of source are not looked up" },
	{ "insn", "instructions are not decoded" },
	{ "insnlen", "instructions are not decoded" },
	{ "brstackinsn", "instructions are not decoded; see brstack and brstacksym" },
	{ "brstackinsnlen", "instructions are not decoded; see brstack and brstacksym" },
	{ "brstackoff", "see brstack and brstacksym" },
	{ "bpf-output", "what BPF programs wrote is not told; -D dumps it" },
	{ "tod", "times are shown as recorded" },
};

/* What -F calls the types of events. */
static const struct type_row {
	const char *name;
	uint32_t type;
} types[] = {
	{ "hw", PERF_TYPE_HARDWARE }, { "sw", PERF_TYPE_SOFTWARE },
	{ "trace", PERF_TYPE_TRACEPOINT }, { "raw", PERF_TYPE_RAW },
	{ "break", PERF_TYPE_BREAKPOINT }, { "synth", UINT32_MAX }, /* of instruction traces */
};

/* One -F. */
struct request {
	uint32_t wanted, unwanted;
	bool change; /* what is shown by default, and does not replace it */
	bool typed;
	uint32_t type;
};

static bool is_word(const char *name, const char *at, size_t length)
{
	return strlen(name) == length && !strncmp(name, at, length);
}

/* The field's bit; 0 for one that is always empty; -1 after a message. */
static int64_t parse_field(const char *at, size_t length)
{
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (is_word(script_fields[i].name, at, length))
			return 1ll << i;
	for (size_t i = 0; i < sizeof(other_fields) / sizeof(*other_fields); i++) {
		if (!is_word(other_fields[i].name, at, length))
			continue;
		if (other_fields[i].why)
			message_usage("-F %s: %s", other_fields[i].name, other_fields[i].why);
		return other_fields[i].why ? -1 : 0;
	}
	message_usage("'%.*s' is no field; see perfbox script --help", (int)length, at);
	return -1;
}

static int parse_type(struct request *r, const char **at)
{
	size_t length = strcspn(*at, ":");

	if (!(*at)[length])
		return 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (is_word(types[i].name, *at, length)) {
			r->typed = true;
			r->type = types[i].type;
			*at += length + 1;
			return 0;
		}
	return message_usage("-F %.*s: the types of events are hw, sw, trace, raw, break, synth",
		(int)length, *at);
}

static int parse(struct request *r, const char *at)
{
	int status = parse_type(r, &at);

	if (status)
		return status;
	r->change = *at == '+' || *at == '-';
	if (!*at && !r->typed)
		return message_usage("-F: want at least one field");
	for (; *at; at += *at == ',') {
		bool minus = *at == '-';
		size_t length;
		int64_t field;

		at += *at == '+' || *at == '-';
		length = strcspn(at, ",");
		field = parse_field(at, length);
		if (field < 0)
			return EXIT_USAGE;
		*(minus ? &r->unwanted : &r->wanted) |= (uint32_t)field;
		at += length;
	}
	return 0;
}

/* The first event of the same type: what it recorded is what is shown of all of them, as in perf.
 */
static uint32_t first_of_type(const struct reader *reader, uint32_t event)
{
	uint32_t first = 0;

	while (reader->attrs[first].attr.type != reader->attrs[event].attr.type)
		first++;
	return first;
}

/* The first event of each type must have recorded what was asked for. */
static int check(const struct reader_attr *event, uint32_t wanted)
{
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (wanted & 1u << i && script_fields[i].needs &&
			!(event->attr.sample_type & script_fields[i].needs))
			return message_fail("the samples of %s hold no %s; leave it out of -F",
				event->name ? event->name : "the event", script_fields[i].name);
	return 0;
}

static void apply(const struct request *r, const struct perf_event_attr *attr, uint32_t *fields)
{
	if (r->typed && r->type != attr->type)
		return;
	*fields = ((r->change ? *fields : 0) | r->wanted) & ~r->unwanted;
	if (attr->type != PERF_TYPE_TRACEPOINT)
		*fields &= ~(1u << SCRIPT_TRACE);
}

int script_fields_choose(
	uint32_t *fields, const struct reader *reader, const struct option_list *texts)
{
	bool any_chains = false;
	int status = 0;

	for (uint32_t i = 0; i < reader->attr_count; i++)
		any_chains |= reader->attrs[i].attr.type == PERF_TYPE_TRACEPOINT &&
			      reader->attrs[i].attr.sample_type & PERF_SAMPLE_CALLCHAIN;
	for (uint32_t i = 0; i < reader->attr_count; i++)
		fields[i] =
			script_default(&reader->attrs[first_of_type(reader, i)].attr, any_chains);
	for (int t = 0; t < texts->count && !status; t++) {
		struct request r = { 0 };

		status = parse(&r, texts->at[t]);
		for (uint32_t i = 0; i < reader->attr_count && !status; i++) {
			apply(&r, &reader->attrs[i].attr, &fields[i]);
			if (first_of_type(reader, i) == i)
				status = check(&reader->attrs[i], fields[i] & r.wanted);
		}
	}
	return status;
}
