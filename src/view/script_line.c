#include "view/script.h"

#include "base/escape.h"
#include "view/script_trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BIT(field) (1u << SCRIPT_##field)
#define STACK_MAX 127 /* frames of one chain that are shown, as perf does */

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
		fields |= BIT(ADDR) | BIT(WEIGHT) | BIT(PHYS_ADDR) | BIT(DATA_PAGE_SIZE) |
			  BIT(CODE_PAGE_SIZE);
	for (int i = 0; i < SCRIPT_FIELDS; i++)
		if (script_fields[i].needs && !(attr->sample_type & script_fields[i].needs))
			fields &= ~(1u << i);
	return fields;
}

/* out_bytes() for the many short pieces of a line. */
static inline void put(struct out *out, const char *bytes, size_t size)
{
	char *to = out->buffer + out->used;

	if (sizeof(out->buffer) - out->used <= size) {
		out_bytes(out, bytes, size);
		return;
	}
	for (size_t i = 0; i < size; i++)
		to[i] = bytes[i];
	out->used += size;
}

static inline void put_char(struct out *out, char c)
{
	put(out, &c, 1);
}

/* Decimal, `width` wide at least: on the right, or with `left` on the left. */
static void number(struct out *out, uint64_t value, int width, bool left)
{
	char digits[32];
	int at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	width -= (int)sizeof(digits) - at;
	if (!left)
		out_fill(out, ' ', width);
	put(out, digits + at, sizeof(digits) - (size_t)at);
	if (left)
		out_fill(out, ' ', width);
}

static void zeroed(struct out *out, uint64_t value, int digits)
{
	char text[20];

	for (int i = digits; i--; value /= 10)
		text[i] = (char)('0' + value % 10);
	put(out, text, (size_t)digits);
}

/* A task's number: -1 is one that is gone. */
static void task_number(struct out *out, uint32_t id, int width, bool left)
{
	if (id <= INT32_MAX)
		number(out, id, width, left);
	else
		out_printf(out, left ? "%-*d" : "%*d", width, (int32_t)id);
}

/* Hexadecimal, 16 wide. */
static void address(struct out *out, uint64_t value)
{
	char text[16];
	int at = sizeof(text);

	do {
		text[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	memset(text, ' ', (size_t)at);
	put(out, text, sizeof(text));
}

static void task(struct out *out, uint32_t fields, const struct sample *s)
{
	uint32_t both = BIT(PID) | BIT(TID);

	if ((fields & both) == both) {
		task_number(out, s->pid, 5, false);
		put_char(out, '/');
		task_number(out, s->tid, 5, true);
	} else {
		task_number(out, fields & BIT(PID) ? s->pid : s->tid, 5, false);
	}
	put_char(out, ' ');
}

static void cpu(struct out *out, uint32_t number_of)
{
	put_char(out, '[');
	if (number_of < 1000)
		zeroed(out, number_of, 3);
	else
		out_u64(out, number_of);
	put(out, "] ", 2);
}

static void misc(struct out *out, const struct sample *s)
{
	static const char modes[] = " KUHgu??";

	put_char(out, modes[s->cpumode]);
	out_string(out, "     ");
}

static void time_of(struct out *out, uint64_t ns, bool nanoseconds)
{
	number(out, ns / 1000000000, 5, false);
	put_char(out, '.');
	if (nanoseconds)
		zeroed(out, ns % 1000000000, 9);
	else
		zeroed(out, ns % 1000000000 / 1000, 6);
	put(out, ": ", 2);
}

/* A command's name; the same pointer means the same name, so its text is kept. */
static void put_comm(struct script *script, const char *comm, int width)
{
	struct script_comm *kept =
		&script->comm[((uintptr_t)comm / 16 + (width != 0)) % SCRIPT_COMMS];
	char text[SCRIPT_COMM_BYTES];
	int size;

	if (kept->comm != comm || kept->width != width) {
		size = (int)escape_text(text, sizeof(text), comm, 0);
		kept->comm = comm;
		kept->width = width;
		kept->size = (uint8_t)snprintf(
			kept->text, sizeof(kept->text), "%*.*s ", -width, size, text);
	}
	put(script->out, kept->text, kept->size);
}

static void start(struct script *script, const struct reader_attr *event, const char *name,
	uint32_t fields, const struct sample *s, uint64_t time_ns)
{
	bool chain = fields & BIT(IP) && event->attr.sample_type & PERF_SAMPLE_CALLCHAIN;
	struct out *out = script->out;

	if (fields & BIT(COMM)) {
		const char *comm = process_comm(script->chains->processes, s->tid, time_ns).name;

		put_comm(script, comm, chain ? 0 : -16);
	}
	if (fields & (BIT(PID) | BIT(TID)))
		task(out, fields, s);
	if (fields & BIT(CPU))
		cpu(out, s->cpu);
	if (fields & BIT(MISC))
		misc(out, s);
	if (fields & BIT(TIME))
		time_of(out, s->time_ns, script->nanoseconds);
	if (fields & BIT(PERIOD)) {
		number(out, s->period, 10, false);
		put_char(out, ' ');
	}
	if (fields & BIT(EVENT)) {
		put(out, name, strlen(name));
	}
}

/* A place's text, or for an address outside all mappings, which has no place, its own. */
static void frame(struct script *script, uint32_t fields, const struct place *place, uint64_t word,
	bool chain)
{
	if (place != script->chains->unmapped) {
		script_frame(script, fields, place, chain);
		return;
	}
	if (chain) {
		put_char(script->out, '\t');
		address(script->out, word);
	}
	if (fields & BIT(SYM))
		out_string(script->out, " [unknown]");
	if (fields & BIT(DSO))
		out_string(script->out, " ([unknown])");
	if (chain)
		put_char(script->out, '\n');
}

/* A context nobody knows makes perf show nothing of the chain. */
static bool is_damaged(const struct sample *s)
{
	for (uint64_t i = 0; i < s->chain.count && i < STACK_MAX; i++) {
		uint64_t word = s->chain.at[i];

		if (word >= PERF_CONTEXT_MAX && word != PERF_CONTEXT_USER &&
			word != PERF_CONTEXT_KERNEL && word != PERF_CONTEXT_HV)
			return true;
	}
	return false;
}

/* The places of a call chain, the leaf first. Addresses are looked up as they are, those to return
 * to as well: perf does, and what is printed is compared. */
static void walk(
	struct script *script, uint32_t fields, const struct sample *s, uint64_t time_ns, bool show)
{
	uint8_t mode = s->cpumode;
	int shown = 0;

	if (is_damaged(s))
		return;
	for (uint64_t i = 0; i < s->chain.count && shown < STACK_MAX; i++) {
		uint64_t word = s->chain.at[i];
		struct place *place;

		if (word >= PERF_CONTEXT_MAX) {
			mode = chains_mode(word);
			continue;
		}
		place = chains_place(script->chains, s->pid, mode, word, time_ns);
		shown++;
		if (show)
			frame(script, fields, place, word, true);
	}
}

void script_places(struct script *script, const struct reader_attr *event, uint32_t fields,
	const struct sample *sample, uint64_t time_ns)
{
	static struct out nowhere = { .fd = -1, .error = EBADF };

	if (fields & BIT(TRACE) && script->tracing)
		script_trace(
			script, script->tracing, &nowhere, event->attr.config, sample, time_ns);
	script_branch_places(script, fields, sample, time_ns);
	if (!(fields & (BIT(SYM) | BIT(DSO))))
		return;
	if (sample->type & PERF_SAMPLE_CALLCHAIN)
		walk(script, fields, sample, time_ns, false);
	else
		chains_place(script->chains, sample->pid, sample->cpumode, sample->ip, time_ns);
}

static void where(struct script *script, uint32_t fields, const struct sample *s, uint64_t time_ns)
{
	if (s->type & PERF_SAMPLE_CALLCHAIN) {
		put_char(script->out, '\n');
		walk(script, fields, s, time_ns, true);
		return;
	}
	put_char(script->out, ' ');
	address(script->out, s->ip);
	if (fields & (BIT(SYM) | BIT(DSO)))
		frame(script, fields | BIT(IP),
			chains_place(script->chains, s->pid, s->cpumode, s->ip, time_ns), s->ip,
			false);
}

static void memory(struct out *out, uint32_t fields, const struct sample *s)
{
	if (fields & BIT(ADDR))
		address(out, s->addr);
	if (fields & BIT(WEIGHT))
		number(out, s->weight, 16, false);
}

static void page_size(struct out *out, uint64_t bytes)
{
	unsigned unit = 0;

	while (bytes >= 1024 && unit < 6) {
		bytes >>= 10;
		unit++;
	}
	put_char(out, ' ');
	if (!bytes)
		out_string(out, "N/A");
	else {
		out_u64(out, bytes);
		put_char(out, "BKMGTPE"[unit]);
	}
}

void script_sample(struct script *script, const struct reader_attr *event, const char *name,
	uint32_t fields, const struct sample *sample, uint64_t time_ns)
{
	struct out *out = script->out;

	start(script, event, name, fields, sample, time_ns);
	if (fields & BIT(TRACE) && script->tracing)
		script_trace(script, script->tracing, out, event->attr.config, sample, time_ns);
	memory(out, fields, sample);
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
	put_char(out, '\n');
}
