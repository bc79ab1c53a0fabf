#include "view/script.h"

#include "base/escape.h"
#include "data/memory.h"
#include "view/script_put.h"
#include "view/script_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BIT(field) (1u << SCRIPT_##field)
#define LINE_BYTES 256 /* of a line up to its event's name */
#define FRAME_BYTES 48 /* of a frame outside all mappings */
#define STACK_MAX 127  /* frames of one chain that are shown, as perf does */

const struct script_field_row script_fields[SCRIPT_FIELDS] = {
	[SCRIPT_COMM] = { "comm", 0 },
	[SCRIPT_PID] = { "pid", PERF_SAMPLE_TID },
	[SCRIPT_TID] = { "tid", PERF_SAMPLE_TID },
	[SCRIPT_CPU] = { "cpu", PERF_SAMPLE_CPU },
	[SCRIPT_MISC] = { "misc", 0 },
	[SCRIPT_TIME] = { "time", PERF_SAMPLE_TIME },
	[SCRIPT_PERIOD] = { "period", 0 },
	[SCRIPT_EVENT] = { "event", 0 },
	[SCRIPT_TRACE] = { "trace", 0 },
	[SCRIPT_ADDR] = { "addr", PERF_SAMPLE_ADDR },
	[SCRIPT_FLAGS] = { "flags", 0 },
	[SCRIPT_DATA_SRC] = { "data_src", PERF_SAMPLE_DATA_SRC },
	[SCRIPT_INS_LAT] = { "ins_lat", PERF_SAMPLE_WEIGHT_STRUCT },
	[SCRIPT_WEIGHT] = { "weight", PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT },
	[SCRIPT_IP] = { "ip", PERF_SAMPLE_IP },
	[SCRIPT_SYM] = { "sym", PERF_SAMPLE_IP },
	[SCRIPT_SYMOFF] = { "symoff", PERF_SAMPLE_IP },
	[SCRIPT_DSO] = { "dso", PERF_SAMPLE_IP },
	[SCRIPT_IREGS] = { "iregs", PERF_SAMPLE_REGS_INTR },
	[SCRIPT_UREGS] = { "uregs", PERF_SAMPLE_REGS_USER },
	[SCRIPT_BRSTACK] = { "brstack", PERF_SAMPLE_BRANCH_STACK },
	[SCRIPT_BRSTACKSYM] = { "brstacksym", PERF_SAMPLE_BRANCH_STACK },
	[SCRIPT_PHYS_ADDR] = { "phys_addr", PERF_SAMPLE_PHYS_ADDR },
	[SCRIPT_DATA_PAGE_SIZE] = { "data_page_size", PERF_SAMPLE_DATA_PAGE_SIZE },
	[SCRIPT_CODE_PAGE_SIZE] = { "code_page_size", PERF_SAMPLE_CODE_PAGE_SIZE },
};

#define WHO (BIT(COMM) | BIT(TID) | BIT(CPU) | BIT(TIME) | BIT(EVENT))
#define WHERE (BIT(IP) | BIT(SYM) | BIT(SYMOFF) | BIT(DSO))

uint32_t script_default(const struct perf_event_attr *attr, bool any_chains)
{
	uint32_t fields = WHO | WHERE | BIT(PERIOD);

	if (attr->type == PERF_TYPE_TRACEPOINT)
		fields = WHO | BIT(TRACE) | (any_chains ? WHERE : 0);
	if (attr->type == PERF_TYPE_RAW)
		fields |= BIT(ADDR) | BIT(DATA_SRC) | BIT(WEIGHT) | BIT(INS_LAT) | BIT(PHYS_ADDR) |
			  BIT(DATA_PAGE_SIZE) | BIT(CODE_PAGE_SIZE);
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (script_fields[i].needs && !(attr->sample_type & script_fields[i].needs))
			fields &= ~(1u << i);
	return fields;
}

static void put_one(struct out *out, char c)
{
	put_end(out, put_char(put_begin(out, 1), c));
}

/* A task's number: -1 is one that is gone. */
static char *put_task(char *to, uint32_t id, unsigned width)
{
	if (id <= INT32_MAX)
		return put_number(to, id, width);
	return to + snprintf(to, 16, "%*d", (int)width, (int32_t)id);
}

static char *put_task_left(char *to, uint32_t id)
{
	char *end = put_task(to, id, 1);

	while (end < to + 5)
		*end++ = ' ';
	return end;
}

static char *put_tasks(char *to, uint32_t fields, const struct sample *s)
{
	uint32_t both = BIT(PID) | BIT(TID);

	if ((fields & both) == both) {
		to = put_char(put_task(to, s->pid, 5), '/');
		to = put_task_left(to, s->tid);
	} else {
		to = put_task(to, fields & BIT(PID) ? s->pid : s->tid, 5);
	}
	return put_char(to, ' ');
}

static char *put_cpu(char *to, uint32_t cpu)
{
	to = put_char(to, '[');
	if (cpu < 1000) {
		to = put_char(to, (char)('0' + cpu / 100));
		to = put_two_digits(to, cpu % 100);
	} else {
		to = put_number(to, cpu, 1);
	}
	return put_text(to, "] ");
}

static char *put_misc(char *to, const struct sample *s)
{
	static const char modes[] = " KUHgu??";

	return put_text(put_char(to, modes[s->cpumode]), "     ");
}

static char *put_time(char *to, uint64_t ns, bool nanoseconds)
{
	uint32_t rest = (uint32_t)(ns % 1000000000);

	to = put_char(put_number(to, ns / 1000000000, 5), '.');
	to = put_zeroed(to, rest / 1000, 6);
	if (nanoseconds) {
		to = put_char(to, (char)('0' + rest % 1000 / 100));
		to = put_two_digits(to, rest % 100);
	}
	return put_text(to, ": ");
}

static char *put_comm(
	struct script *script, char *to, struct script_task *kept, bool chain, uint64_t time_ns)
{
	struct process_comm comm = process_comm(script->chains->processes, kept->tid, time_ns);
	char text[SCRIPT_COMM_BYTES];

	kept->from_ns = comm.from_ns;
	kept->until_ns = comm.until_ns;
	escape_text(text, sizeof(text) - 1, comm.name, 0);
	return to + snprintf(to, SCRIPT_COMM_BYTES, chain ? "%s " : "%16s ", text);
}

#define TASK (BIT(COMM) | BIT(PID) | BIT(TID))

static void make_task(struct script *script, struct script_task *kept, uint32_t fields,
	const struct sample *s, uint64_t time_ns)
{
	char *to = kept->text;

	*kept = (struct script_task){
		.until_ns = UINT64_MAX, .pid = s->pid, .tid = s->tid, .fields = fields
	};
	if (fields & BIT(COMM))
		to = put_comm(script, to, kept, fields & BIT(IP), time_ns);
	if (fields & (BIT(PID) | BIT(TID)))
		to = put_tasks(to, fields, s);
	kept->size = (uint32_t)(to - kept->text);
}

/* With a call chain names are as wide as they are. */
static char *put_task_of(struct script *script, char *to, bool chain, uint32_t fields,
	const struct sample *s, uint64_t time_ns)
{
	struct script_task *kept = &script->task[s->tid % SCRIPT_TASKS];

	fields = (fields & TASK) | (chain ? BIT(IP) : 0);
	if (!kept->until_ns || kept->tid != s->tid || kept->pid != s->pid ||
		kept->fields != fields || time_ns < kept->from_ns || time_ns >= kept->until_ns)
		make_task(script, kept, fields, s, time_ns);
	return put_blocks(to, kept->text, kept->size);
}

static void start(struct script *script, const struct reader_attr *event, const char *name,
	uint32_t fields, const struct sample *s, uint64_t time_ns)
{
	bool chain = fields & BIT(IP) && event->attr.sample_type & PERF_SAMPLE_CALLCHAIN;
	char *to = put_begin(script->out, LINE_BYTES);

	if (fields & TASK)
		to = put_task_of(script, to, chain, fields, s, time_ns);
	if (fields & BIT(CPU))
		to = put_cpu(to, s->cpu);
	if (fields & BIT(MISC))
		to = put_misc(to, s);
	if (fields & BIT(TIME))
		to = put_time(to, s->time_ns, script->nanoseconds);
	if (fields & BIT(PERIOD))
		to = put_char(put_number(to, s->period, 10), ' ');
	put_end(script->out, to);
	if (fields & BIT(EVENT))
		out_string(script->out, name);
}

static char *put_unknown(char *to, uint32_t fields)
{
	if (fields & BIT(SYM))
		to = put_text(to, " [unknown]");
	if (fields & BIT(DSO))
		to = put_text(to, " ([unknown])");
	return to;
}

/* A place's text, or for an address outside all mappings, which has no place, its own. */
static void frame(struct script *script, uint32_t fields, const struct place *place, uint64_t word,
	bool chain)
{
	struct out *out = script->out;
	char *to;

	if (place != script->chains->unmapped) {
		script_frame(script, fields, place, chain);
		return;
	}
	if (sizeof(out->buffer) - out->used < FRAME_BYTES + PUT_SLACK)
		script->splits++;
	to = put_begin(out, FRAME_BYTES);
	if (chain)
		to = put_address(put_char(to, '\t'), word);
	to = put_unknown(to, fields);
	if (chain)
		to = put_char(to, '\n');
	put_end(out, to);
}

static bool is_known_marker(uint64_t word)
{
	return word == PERF_CONTEXT_USER || word == PERF_CONTEXT_KERNEL || word == PERF_CONTEXT_HV;
}

/* A context nobody knows makes perf show nothing of the chain. */
static bool is_damaged(const struct sample *s)
{
	for (uint64_t i = 0; i < s->chain.count && i < STACK_MAX; i++)
		if (s->chain.at[i] >= PERF_CONTEXT_MAX && !is_known_marker(s->chain.at[i]))
			return true;
	return false;
}

/* Addresses are looked up as they are, those to return to as well: perf does, and what is printed
 * is compared. */
static void caller(struct script *script, const struct script_chain_key *key, uint8_t mode,
	uint64_t word, bool show, struct chain_times *holds)
{
	struct place *place =
		chains_place_during(script->chains, key->pid, mode, word, key->time_ns, holds);

	if (show)
		frame(script, (uint32_t)key->fields, place, word, true);
}

static void callers(struct script *script, const struct script_chain_key *key, bool show,
	struct chain_times *holds)
{
	uint8_t mode = key->mode;
	int shown = 1;

	for (uint64_t i = 0; i < key->count && shown < STACK_MAX; i++) {
		uint64_t word = key->words[i];

		if (word >= PERF_CONTEXT_MAX) {
			mode = chains_mode(word);
		} else {
			caller(script, key, mode, word, show, holds);
			shown++;
		}
	}
}

/* Writes callers, or without `show` only finds their places, and keeps them. */
static void new_callers(struct script *script, const struct script_chain_key *key, bool show)
{
	struct chain_times holds = { 0, UINT64_MAX };
	uint64_t splits = script->splits;
	struct out *out = script->out;
	char *from = show ? put_begin(out, SCRIPT_CHAIN_BYTES) : NULL;

	callers(script, key, show, &holds);
	if (!show)
		script_chain_keep(&script->kept, key, &holds, NULL, 0);
	else if (splits == script->splits)
		script_chain_keep(
			&script->kept, key, &holds, from, (size_t)(out->buffer + out->used - from));
}

/* The leaf, which differs where callers are the same, then the callers: those that were written
 * before as they were then. */
static void chain(
	struct script *script, uint32_t fields, const struct sample *s, uint64_t time_ns, bool show)
{
	struct script_chain_key key = {
		.time_ns = time_ns,
		.fields = fields & WHERE,
		.pid = s->pid,
		.mode = s->cpumode,
	};
	struct chain_times holds = { 0, UINT64_MAX };
	const char *text;
	size_t size, i = 0;

	for (; i < s->chain.count && is_known_marker(s->chain.at[i]); i++)
		key.mode = chains_mode(s->chain.at[i]);
	if (i == s->chain.count)
		return;
	key.words = s->chain.at + i + 1;
	key.count = s->chain.count - i - 1;
	text = script_chain_find(&script->kept, &key, show, &size);
	if (!text && is_damaged(s))
		return;
	caller(script, &key, key.mode, s->chain.at[i], show, &holds);
	if (!text)
		new_callers(script, &key, show);
	else if (show)
		put_end(script->out,
			put_blocks(put_begin(script->out, SCRIPT_CHAIN_BYTES), text, size));
}

/* Page faults tell of an address that may have a name. */
static bool is_named(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE &&
	       (attr->config == PERF_COUNT_SW_PAGE_FAULTS ||
		       attr->config == PERF_COUNT_SW_PAGE_FAULTS_MIN ||
		       attr->config == PERF_COUNT_SW_PAGE_FAULTS_MAJ);
}

void script_places(struct script *script, const struct reader_attr *event, uint32_t fields,
	const struct sample *sample, uint64_t time_ns)
{
	static struct out nowhere = { .fd = -1, .error = EBADF };

	if (fields & BIT(TRACE) && script->tracing)
		script_trace(
			script, script->tracing, &nowhere, event->attr.config, sample, time_ns);
	script_branch_places(script, fields, sample, time_ns);
	if (fields & BIT(ADDR) && is_named(&event->attr))
		script_place(script, sample, sample->addr, time_ns);
	if (!(fields & (BIT(SYM) | BIT(DSO))))
		return;
	if (sample->type & PERF_SAMPLE_CALLCHAIN)
		chain(script, fields, sample, time_ns, false);
	else
		chains_place(script->chains, sample->pid, sample->cpumode, sample->ip, time_ns);
}

static void address(struct out *out, uint64_t value)
{
	put_end(out, put_address(put_begin(out, 16), value));
}

static void where(struct script *script, uint32_t fields, const struct sample *s, uint64_t time_ns)
{
	if (s->type & PERF_SAMPLE_CALLCHAIN) {
		put_one(script->out, '\n');
		chain(script, fields, s, time_ns, true);
		return;
	}
	put_one(script->out, ' ');
	address(script->out, s->ip);
	if (fields & (BIT(SYM) | BIT(DSO)))
		frame(script, fields | BIT(IP),
			chains_place(script->chains, s->pid, s->cpumode, s->ip, time_ns), s->ip,
			false);
}

static void data_address(struct script *script, const struct perf_event_attr *attr, uint32_t fields,
	const struct sample *s, uint64_t time_ns)
{
	address(script->out, s->addr);
	if (is_named(attr) && fields & (BIT(SYM) | BIT(DSO)))
		frame(script, fields | BIT(IP), script_place(script, s, s->addr, time_ns), s->addr,
			false);
}

/* As wide as the widest so far. */
static void data_source(struct script *script, uint64_t data_src)
{
	char words[100], text[128];
	int size;

	memory_text(words, sizeof(words), data_src);
	size = snprintf(text, 100, "%16" PRIx64 " %s", data_src, words);
	size = size < 99 ? size : 99;
	if (script->data_src_width < size)
		script->data_src_width = size;
	out_column(script->out, text, script->data_src_width);
}

static void memory(struct script *script, const struct perf_event_attr *attr, uint32_t fields,
	const struct sample *s, uint64_t time_ns)
{
	struct out *out = script->out;

	if (fields & BIT(FLAGS))
		out_fill(out, ' ', 24); /* of traced instructions */
	if (fields & BIT(TRACE) && script->tracing)
		script_trace(script, script->tracing, out, attr->config, s, time_ns);
	if (fields & BIT(ADDR))
		data_address(script, attr, fields, s, time_ns);
	if (fields & BIT(DATA_SRC))
		data_source(script, s->data_src);
	if (fields & BIT(WEIGHT))
		put_end(out, put_number(put_begin(out, 20), s->weight, 16));
	if (fields & BIT(INS_LAT))
		put_end(out, put_number(put_begin(out, 20), s->weight_2, 16));
}

static void page_size(struct out *out, uint64_t bytes)
{
	unsigned unit = 0;

	while (bytes >= 1024 && unit < 6) {
		bytes >>= 10;
		unit++;
	}
	out_char(out, ' ');
	if (!bytes)
		out_string(out, "N/A");
	else {
		out_u64(out, bytes);
		out_char(out, "BKMGTPE"[unit]);
	}
}

void script_sample(struct script *script, const struct reader_attr *event, const char *name,
	uint32_t fields, const struct sample *sample, uint64_t time_ns)
{
	struct out *out = script->out;

	start(script, event, name, fields, sample, time_ns);
	memory(script, &event->attr, fields, sample, time_ns);
	if (fields & BIT(IP))
		where(script, fields, sample, time_ns);
	if (fields & (BIT(IREGS) | BIT(UREGS)))
		script_registers(script, fields, sample);
	if (fields & (BIT(BRSTACK) | BIT(BRSTACKSYM)))
		script_branches(script, fields, sample, time_ns);
	if (fields & BIT(PHYS_ADDR))
		address(out, sample->phys_addr);
	if (fields & BIT(DATA_PAGE_SIZE))
		page_size(out, sample->data_page_size);
	if (fields & BIT(CODE_PAGE_SIZE))
		page_size(out, sample->code_page_size);
	put_one(out, '\n');
}
