#include "profile/cfi.h"

#include <limits.h>

#define ENTRIES_MAX (1u << 22)
#define STATES_MAX 8

/* Pointer encodings; Linux Standard Base, "DWARF Exception Header Encoding" */
enum {
	PE_ABSPTR = 0,
	PE_ULEB,
	PE_UDATA2,
	PE_UDATA4,
	PE_UDATA8,
	PE_SIGNED = 8,
	PE_SLEB,
	PE_SDATA2,
	PE_SDATA4,
	PE_SDATA8,
	PE_FORM = 0x0f,
	PE_PCREL = 0x10,
	PE_DATAREL = 0x30,
	PE_BASE = 0x70,
	PE_INDIRECT = 0x80,
	PE_OMIT = 0xff,
	PE_LINKERS_TABLE = PE_DATAREL | PE_SDATA4,
};

/* DWARF 5, 7.24 */
enum {
	CFA_ADVANCE_LOC = 0x40, /* the low six bits are an operand */
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	CFA_NOP = 0,
	CFA_SET_LOC,
	CFA_ADVANCE_LOC1,
	CFA_ADVANCE_LOC2,
	CFA_ADVANCE_LOC4,
	CFA_OFFSET_EXTENDED,
	CFA_RESTORE_EXTENDED,
	CFA_UNDEFINED,
	CFA_SAME_VALUE,
	CFA_REGISTER,
	CFA_REMEMBER_STATE,
	CFA_RESTORE_STATE,
	CFA_DEF_CFA,
	CFA_DEF_CFA_REGISTER,
	CFA_DEF_CFA_OFFSET,
	CFA_DEF_CFA_EXPRESSION,
	CFA_EXPRESSION,
	CFA_OFFSET_EXTENDED_SF,
	CFA_DEF_CFA_SF,
	CFA_DEF_CFA_OFFSET_SF,
	CFA_VAL_OFFSET,
	CFA_VAL_OFFSET_SF,
	CFA_VAL_EXPRESSION,
	CFA_NEGATE_RA_STATE = 0x2d,
	CFA_GNU_ARGS_SIZE = 0x2e,
};

/* One entry of the section. */
struct entry {
	uint64_t at, next; /* in the section */
	uint64_t cie;	   /* of an FDE: where its CIE is */
	bool is_cie, ends;
	struct span body;	/* behind id or CIE pointer */
	uint64_t body_position; /* address of the body (.debug_frame: in the section) */
};

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_reg;
	uint8_t encoding;
	bool augmented, signal;
	struct span program;
};

struct fde {
	uint64_t start, end;
	struct span program;
};

/* What a program runs over. */
struct state {
	struct cfi_rule cfa, reg[ARCH_REGS];
};

static uint64_t address_sized(const struct cfi *cfi, struct span *s)
{
	return cfi->frames->word_bytes == 8 ? span_u64(s) : span_u32(s);
}

/* An encoded pointer that begins at `position`. */
static uint64_t pointer(
	const struct cfi *cfi, struct span *s, uint8_t encoding, uint64_t position, uint64_t data)
{
	uint64_t value = 0;

	switch (encoding & PE_FORM) {
	case PE_ABSPTR:
	case PE_SIGNED:
		value = address_sized(cfi, s);
		break;
	case PE_ULEB:
		value = expression_uleb(s);
		break;
	case PE_SLEB:
		value = (uint64_t)expression_sleb(s);
		break;
	case PE_UDATA2:
		value = span_u16(s);
		break;
	case PE_SDATA2:
		value = (uint64_t)(int16_t)span_u16(s);
		break;
	case PE_UDATA4:
		value = span_u32(s);
		break;
	case PE_SDATA4:
		value = (uint64_t)(int32_t)span_u32(s);
		break;
	case PE_UDATA8:
	case PE_SDATA8:
		value = span_u64(s);
		break;
	default:
		s->bad = true;
	}
	if ((encoding & PE_BASE) == PE_PCREL)
		value += position;
	else if ((encoding & PE_BASE) == PE_DATAREL)
		value += data;
	else if (encoding & (PE_BASE | PE_INDIRECT))
		s->bad = true;
	return cfi->frames->word_bytes == 8 ? value : value & UINT32_MAX;
}

bool cfi_header(struct cfi *cfi, uint64_t offset, uint64_t bytes, uint64_t address)
{
	uint8_t head[20] = { 0 };
	size_t size = bytes < sizeof(head) ? bytes : sizeof(head);
	struct span s = span_of(head, size);
	uint64_t count, table;
	uint8_t version, frame_encoding, count_encoding, table_encoding;

	if (!cfi->read_at(cfi->file, head, size, offset))
		return false;
	version = span_u8(&s);
	frame_encoding = span_u8(&s);
	count_encoding = span_u8(&s);
	table_encoding = span_u8(&s);
	cfi->address = pointer(cfi, &s, frame_encoding, address + 4, address);
	if (s.bad || version != 1)
		return false;
	if (count_encoding == PE_OMIT || table_encoding != PE_LINKERS_TABLE)
		return true;
	count = pointer(cfi, &s, count_encoding, address + (uint64_t)(s.at - head), address);
	table = (uint64_t)(s.at - head);
	if (s.bad || table > bytes)
		return true;
	cfi->table_offset = offset + table;
	cfi->table_address = address;
	if (count > (bytes - table) / 8)
		count = (bytes - table) / 8;
	cfi->count = count < ENTRIES_MAX ? (uint32_t)count : ENTRIES_MAX;
	return true;
}

/* Reads the entry at `at` into `text`. False: nothing usable; `next` is 0 if the walk ends there.
 */
static bool entry_read(
	const struct cfi *cfi, uint64_t at, uint8_t *text, size_t room, struct entry *e)
{
	uint64_t left = at < cfi->bytes ? cfi->bytes - at : 0, length, size = 4, id;
	uint8_t head[12] = { 0 };
	struct span s = span_of(head, left < sizeof(head) ? left : sizeof(head));

	*e = (struct entry){ .at = at };
	if (left < 4 || !cfi->read_at(cfi->file, head, span_left(&s), cfi->offset + at))
		return false;
	length = span_u32(&s);
	if (length == UINT32_MAX) {
		length = span_u64(&s);
		size = 12;
	}
	e->ends = !length;
	if (s.bad || !length || length > left - size)
		return false;
	e->next = at + size + length;
	if (length > room || !cfi->read_at(cfi->file, text, length, cfi->offset + at + size))
		return false;
	e->body = span_of(text, length);
	at += size;
	/* only .debug_frame's 64-bit format has a wide id */
	size = cfi->debug && size == 12 ? 8 : 4;
	id = size == 8 ? span_u64(&e->body) : span_u32(&e->body);
	e->is_cie = cfi->debug ? id == (size == 8 ? UINT64_MAX : UINT32_MAX) : !id;
	e->cie = cfi->debug ? id : at - id;
	e->body_position = cfi->address + at + size;
	return !e->body.bad;
}

static bool augment(
	const struct cfi *cfi, const char *letters, struct span s, uint64_t position, struct cie *c)
{
	const uint8_t *begin = s.at;
	uint8_t encoding;

	for (; *letters; letters++)
		switch (*letters) {
		case 'R':
			c->encoding = span_u8(&s);
			break;
		case 'L':
			span_u8(&s);
			break;
		case 'P':
			encoding = span_u8(&s);
			/* only stepped over: through what it points does not matter */
			pointer(cfi, &s, encoding & PE_FORM, position + (uint64_t)(s.at - begin),
				0);
			break;
		case 'S':
			c->signal = true;
			break;
		case 'B': /* signed with the B key */
		case 'G': /* tagged memory */
			break;
		default: /* what follows cannot be told, but its size is known */
			return true;
		}
	return !s.bad;
}

static bool cie_parse(const struct cfi *cfi, const struct entry *e, struct cie *c)
{
	struct span s = e->body, data;
	uint8_t version = span_u8(&s);
	const char *letters = span_string(&s);
	uint64_t position;

	*c = (struct cie){ .encoding = PE_ABSPTR };
	if (!letters || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4 && (span_u8(&s) != cfi->frames->word_bytes || span_u8(&s)))
		return false;
	c->code_align = expression_uleb(&s);
	c->data_align = expression_sleb(&s);
	c->return_reg = version == 1 ? span_u8(&s) : expression_uleb(&s);
	if (*letters == 'z') {
		c->augmented = true;
		data = span_sub(&s, expression_uleb(&s));
		position = e->body_position + (uint64_t)(data.at - e->body.at);
		if (data.bad || !augment(cfi, letters + 1, data, position, c))
			return false;
	} else if (*letters) {
		return false;
	}
	c->program = s;
	return !s.bad && c->return_reg < cfi->frames->dwarf_count;
}

static bool fde_parse(
	const struct cfi *cfi, const struct entry *e, const struct cie *c, struct fde *f)
{
	struct span s = e->body;

	f->start = pointer(cfi, &s, c->encoding, e->body_position, 0);
	f->end = f->start + pointer(cfi, &s, c->encoding & PE_FORM, 0, 0);
	if (c->augmented)
		span_take(&s, expression_uleb(&s));
	f->program = s;
	return !s.bad && f->end >= f->start;
}

/* The FDE at `at` with its CIE, which comes to stand before it in `text`. */
static enum cfi_status load(
	const struct cfi *cfi, uint64_t at, uint8_t *text, struct cie *c, struct fde *f)
{
	struct entry fde, cie;
	uint8_t head[CFI_ENTRY_MAX / 16];
	size_t used;

	/* only its head: who its CIE is */
	if (!entry_read(cfi, at, text, CFI_ENTRY_MAX, &fde) || fde.is_cie ||
		!entry_read(cfi, fde.cie, head, sizeof(head), &cie) || !cie.is_cie)
		return CFI_BROKEN;
	used = (size_t)(fde.body.end - text);
	if (used + sizeof(head) > CFI_ENTRY_MAX ||
		!entry_read(cfi, fde.cie, text + used, sizeof(head), &cie))
		return CFI_BROKEN;
	return cie_parse(cfi, &cie, c) && fde_parse(cfi, &fde, c, f) ? CFI_OK : CFI_BROKEN;
}

uint32_t cfi_list(const struct cfi *cfi, struct cfi_row *row, struct cfi_entry *to, uint32_t room)
{
	uint32_t count = 0;
	struct entry e;
	struct cie c;
	struct fde f;

	for (uint64_t at = 0; count < ENTRIES_MAX; at = e.next) {
		bool read = entry_read(cfi, at, row->text, CFI_ENTRY_MAX, &e);

		if (e.next <= at && !e.ends)
			break;
		if (e.ends)
			e.next = at + 4;
		if (!read || e.is_cie || load(cfi, at, row->text, &c, &f) != CFI_OK ||
			f.start == f.end)
			continue;
		if (count < room)
			to[count] = (struct cfi_entry){ f.start, at };
		count++;
	}
	return count;
}

static bool table_entry(const struct cfi *cfi, uint32_t index, struct cfi_entry *e)
{
	int32_t pair[2];

	if (cfi->entries) {
		*e = cfi->entries[index];
		return true;
	}
	if (!cfi->read_at(cfi->file, pair, sizeof(pair), cfi->table_offset + index * 8ull))
		return false;
	e->start = cfi->table_address + (uint64_t)pair[0];
	e->at = cfi->table_address + (uint64_t)pair[1] - cfi->address;
	return true;
}

static enum cfi_status search(const struct cfi *cfi, uint64_t address, uint64_t *at)
{
	uint32_t low = 0, high = cfi->count;
	struct cfi_entry e;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!table_entry(cfi, middle, &e))
			return CFI_BROKEN;
		if (e.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return CFI_NONE;
	if (!table_entry(cfi, low - 1, &e))
		return CFI_BROKEN;
	*at = e.at;
	return CFI_OK;
}

struct program {
	const struct cfi *cfi;
	const struct cie *cie;
	uint64_t at, until; /* addresses */
	const uint8_t *text;
	struct state now, initial, kept[STATES_MAX];
	unsigned kept_count;
	struct cfi_rule ignored; /* of registers that are not followed */
	bool failed;
};

static struct cfi_rule *rule_of(struct program *p, uint64_t dwarf, bool initial)
{
	unsigned reg =
		dwarf < p->cfi->frames->dwarf_count ? p->cfi->frames->dwarf[dwarf] : ARCH_REGS;

	if (reg >= ARCH_REGS)
		return &p->ignored;
	return initial ? &p->initial.reg[reg] : &p->now.reg[reg];
}

static int32_t fits(struct program *p, int64_t value)
{
	if (value < INT32_MIN || value > INT32_MAX)
		p->failed = true;
	return (int32_t)value;
}

static int64_t factored(const struct program *p, uint64_t value)
{
	return (int64_t)(value * (uint64_t)p->cie->data_align);
}

static void set(struct program *p, uint64_t dwarf, uint8_t kind, int64_t offset)
{
	*rule_of(p, dwarf, false) = (struct cfi_rule){ .kind = kind, .offset = fits(p, offset) };
}

static void set_cfa(struct program *p, uint64_t dwarf, int64_t offset)
{
	unsigned reg =
		dwarf < p->cfi->frames->dwarf_count ? p->cfi->frames->dwarf[dwarf] : ARCH_REGS;

	p->failed |= reg >= ARCH_REGS;
	p->now.cfa = (struct cfi_rule){ CFI_IS, (uint8_t)reg, 0, fits(p, offset) };
}

static void move_cfa(struct program *p, int64_t offset)
{
	p->failed |= p->now.cfa.kind != CFI_IS;
	p->now.cfa.offset = fits(p, offset);
}

static struct cfi_rule expression(struct program *p, struct span *s, uint8_t kind)
{
	uint64_t size = expression_uleb(s);
	const uint8_t *at = span_take(s, size);

	p->failed |= !at || size > UINT16_MAX;
	return (struct cfi_rule){ .kind = kind,
		.size = at ? (uint16_t)size : 0,
		.offset = at ? (int32_t)(at - p->text) : 0 };
}

static void advance(struct program *p, uint64_t by)
{
	uint64_t step = by * p->cie->code_align;

	/* what lies beyond the address asked for does not matter */
	p->at = step > p->until - p->at ? UINT64_MAX : p->at + step;
}

static void restore_state(struct program *p)
{
	if (p->kept_count)
		p->now = p->kept[--p->kept_count];
	else
		p->failed = true;
}

static void remember_state(struct program *p)
{
	if (p->kept_count < STATES_MAX)
		p->kept[p->kept_count++] = p->now;
	else
		p->failed = true;
}

static void in_register(struct program *p, struct span *s)
{
	struct cfi_rule *rule = rule_of(p, expression_uleb(s), false);
	uint64_t dwarf = expression_uleb(s);

	*rule = (struct cfi_rule){ .kind = CFI_UNDEFINED };
	if (dwarf < p->cfi->frames->dwarf_count)
		*rule = (struct cfi_rule){ CFI_REGISTER, p->cfi->frames->dwarf[dwarf], 0, 0 };
}

static void operate(struct program *p, struct span *s, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case CFA_NOP:
	case CFA_NEGATE_RA_STATE: /* signatures are always stripped */
		break;
	case CFA_SET_LOC:
		p->at = pointer(p->cfi, s, p->cie->encoding, 0, 0);
		p->failed |= (p->cie->encoding & PE_BASE) == PE_PCREL;
		break;
	case CFA_ADVANCE_LOC1:
		advance(p, span_u8(s));
		break;
	case CFA_ADVANCE_LOC2:
		advance(p, span_u16(s));
		break;
	case CFA_ADVANCE_LOC4:
		advance(p, span_u32(s));
		break;
	case CFA_OFFSET_EXTENDED:
		reg = expression_uleb(s);
		set(p, reg, CFI_AT, factored(p, expression_uleb(s)));
		break;
	case CFA_OFFSET_EXTENDED_SF:
		reg = expression_uleb(s);
		set(p, reg, CFI_AT, factored(p, (uint64_t)expression_sleb(s)));
		break;
	case CFA_RESTORE_EXTENDED:
		reg = expression_uleb(s);
		*rule_of(p, reg, false) = *rule_of(p, reg, true);
		break;
	case CFA_UNDEFINED:
		set(p, expression_uleb(s), CFI_UNDEFINED, 0);
		break;
	case CFA_SAME_VALUE:
		set(p, expression_uleb(s), CFI_SAME, 0);
		break;
	case CFA_REGISTER:
		in_register(p, s);
		break;
	case CFA_REMEMBER_STATE:
		remember_state(p);
		break;
	case CFA_RESTORE_STATE:
		restore_state(p);
		break;
	case CFA_DEF_CFA:
		reg = expression_uleb(s);
		set_cfa(p, reg, (int64_t)expression_uleb(s));
		break;
	case CFA_DEF_CFA_SF:
		reg = expression_uleb(s);
		set_cfa(p, reg, factored(p, (uint64_t)expression_sleb(s)));
		break;
	case CFA_DEF_CFA_REGISTER:
		reg = expression_uleb(s);
		p->failed |= p->now.cfa.kind != CFI_IS;
		set_cfa(p, reg, p->now.cfa.offset);
		break;
	case CFA_DEF_CFA_OFFSET:
		move_cfa(p, (int64_t)expression_uleb(s));
		break;
	case CFA_DEF_CFA_OFFSET_SF:
		move_cfa(p, factored(p, (uint64_t)expression_sleb(s)));
		break;
	case CFA_DEF_CFA_EXPRESSION:
		p->now.cfa = expression(p, s, CFI_IS_EXPRESSION);
		break;
	case CFA_EXPRESSION:
	case CFA_VAL_EXPRESSION:
		reg = expression_uleb(s);
		*rule_of(p, reg, false) = expression(
			p, s, op == CFA_EXPRESSION ? CFI_AT_EXPRESSION : CFI_IS_EXPRESSION);
		break;
	case CFA_VAL_OFFSET:
		reg = expression_uleb(s);
		set(p, reg, CFI_IS, factored(p, expression_uleb(s)));
		break;
	case CFA_VAL_OFFSET_SF:
		reg = expression_uleb(s);
		set(p, reg, CFI_IS, factored(p, (uint64_t)expression_sleb(s)));
		break;
	case CFA_GNU_ARGS_SIZE:
		expression_uleb(s);
		break;
	default:
		p->failed = true;
	}
}

/* Runs until the address asked for is passed. */
static void run(struct program *p, struct span s)
{
	while (!p->failed && span_left(&s) && p->at <= p->until) {
		uint8_t op = span_u8(&s), low = op & 0x3f;

		switch (op & 0xc0) {
		case CFA_ADVANCE_LOC:
			advance(p, low);
			break;
		case CFA_OFFSET:
			set(p, low, CFI_AT, factored(p, expression_uleb(&s)));
			break;
		case CFA_RESTORE:
			*rule_of(p, low, false) = *rule_of(p, low, true);
			break;
		default:
			operate(p, &s, op);
		}
		p->failed |= s.bad;
	}
}

enum cfi_status cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_row *row)
{
	enum cfi_status status;
	struct program p = { .cfi = cfi, .text = row->text, .until = address };
	struct cie c;
	struct fde f;
	uint64_t at;

	status = search(cfi, address, &at);
	if (status == CFI_OK)
		status = load(cfi, at, row->text, &c, &f);
	if (status)
		return status;
	if (address < f.start || address >= f.end)
		return CFI_NONE;
	p.cie = &c;
	p.at = f.start;
	p.now.cfa.kind = CFI_UNDEFINED;
	run(&p, c.program);
	p.initial = p.now;
	p.at = f.start;
	run(&p, f.program);
	if (p.failed)
		return CFI_BROKEN;
	row->cfa = p.now.cfa;
	memcpy(row->reg, p.now.reg, sizeof(row->reg));
	row->return_reg = cfi->frames->dwarf[c.return_reg];
	row->signal = c.signal;
	return CFI_OK;
}
