#include "profile/expression.h"

#define STEPS_MAX 512
#define DEPTH_MAX 32

/* DWARF 5, 7.7.1 */
enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08, /* up to CONST8S: 1, 2, 4, 8 bytes, unsigned and signed */
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS,
	OP_DUP,
	OP_DROP,
	OP_OVER,
	OP_PICK,
	OP_SWAP,
	OP_ROT,
	OP_ABS = 0x19,
	OP_AND,
	OP_DIV,
	OP_MINUS,
	OP_MOD,
	OP_MUL,
	OP_NEG,
	OP_NOT,
	OP_OR,
	OP_PLUS,
	OP_PLUS_UCONST,
	OP_SHL,
	OP_SHR,
	OP_SHRA,
	OP_XOR,
	OP_BRA,
	OP_EQ,
	OP_GE,
	OP_GT,
	OP_LE,
	OP_LT,
	OP_NE,
	OP_SKIP,
	OP_LIT0 = 0x30,
	OP_BREG0 = 0x70,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

struct machine {
	struct span code;
	const uint8_t *begin;
	const struct arch_frames *frames;
	const struct registers *regs;
	const struct stack_copy *stack;
	uint64_t value[DEPTH_MAX];
	unsigned depth;
	bool failed;
};

uint64_t expression_uleb(struct span *s)
{
	uint64_t value = 0;
	uint8_t byte;

	for (unsigned shift = 0;; shift += 7) {
		byte = span_u8(s);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
}

int64_t expression_sleb(struct span *s)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = span_u8(s);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += shift < 64 ? 7 : 0;
	} while (byte & 0x80);
	if (byte & 0x40 && shift < 64)
		value |= UINT64_MAX << shift;
	return (int64_t)value;
}

static void push(struct machine *m, uint64_t value)
{
	if (m->depth < DEPTH_MAX)
		m->value[m->depth++] = value;
	else
		m->failed = true;
}

static uint64_t pop(struct machine *m)
{
	if (m->depth)
		return m->value[--m->depth];
	m->failed = true;
	return 0;
}

/* The entry `index` below the top. */
static uint64_t pick(struct machine *m, unsigned index)
{
	if (index < m->depth)
		return m->value[m->depth - 1 - index];
	m->failed = true;
	return 0;
}

static uint64_t of_register(struct machine *m, uint64_t dwarf)
{
	unsigned reg = dwarf < m->frames->dwarf_count ? m->frames->dwarf[dwarf] : ARCH_REGS;

	if (reg < ARCH_REGS && m->regs->known >> reg & 1)
		return m->regs->value[reg];
	m->failed = true;
	return 0;
}

static uint64_t deref(struct machine *m, unsigned bytes)
{
	uint64_t value = 0;

	if (!bytes || bytes > m->stack->word_bytes || !stack_word(m->stack, pop(m), &value))
		m->failed = true;
	return bytes < 8 ? value & ((1ull << (bytes * 8 % 64)) - 1) : value;
}

static uint64_t constant(struct machine *m, unsigned op)
{
	unsigned log = (op - OP_CONST1U) / 2, bits = 8u << log;
	uint64_t value = 0;

	span_read(&m->code, &value, 1u << log);
	if (op & 1 && bits < 64 && value >> (bits - 1))
		value |= UINT64_MAX << bits;
	return value;
}

static uint64_t divide(struct machine *m, int64_t left, int64_t right)
{
	if (right)
		return right == -1 ? 0 - (uint64_t)left : (uint64_t)(left / right);
	m->failed = true;
	return 0;
}

static uint64_t binary(struct machine *m, unsigned op, uint64_t a, uint64_t b)
{
	int64_t left = (int64_t)a, right = (int64_t)b;

	switch (op) {
	case OP_AND:
		return a & b;
	case OP_DIV:
		return divide(m, left, right);
	case OP_MINUS:
		return a - b;
	case OP_MOD:
		m->failed |= !b;
		return b ? a % b : 0;
	case OP_MUL:
		return a * b;
	case OP_OR:
		return a | b;
	case OP_PLUS:
		return a + b;
	case OP_SHL:
		return b < 64 ? a << b : 0;
	case OP_SHR:
		return b < 64 ? a >> b : 0;
	case OP_SHRA:
		return (uint64_t)(left >> (b < 64 ? b : 63));
	case OP_XOR:
		return a ^ b;
	case OP_EQ:
		return a == b;
	case OP_GE:
		return left >= right;
	case OP_GT:
		return left > right;
	case OP_LE:
		return left <= right;
	case OP_LT:
		return left < right;
	case OP_NE:
		return a != b;
	}
	m->failed = true;
	return 0;
}

static void jump(struct machine *m, bool taken)
{
	int16_t by = (int16_t)span_u16(&m->code);
	ptrdiff_t back = m->code.at - m->begin, left = m->code.end - m->code.at;

	if (!taken)
		return;
	if (by < -back || by > left)
		m->failed = true;
	else
		m->code.at += by;
}

static void rotate(struct machine *m, unsigned count)
{
	uint64_t top = pick(m, 0);

	if (m->depth < count) {
		m->failed = true;
		return;
	}
	for (unsigned i = m->depth - 1; i > m->depth - count; i--)
		m->value[i] = m->value[i - 1];
	m->value[m->depth - count] = top;
}

static void step(struct machine *m)
{
	unsigned op = span_u8(&m->code);
	uint64_t a, b;

	if (op >= OP_LIT0 && op < OP_LIT0 + 32) {
		push(m, op - OP_LIT0);
		return;
	}
	if (op >= OP_BREG0 && op < OP_BREG0 + 32) {
		a = of_register(m, op - OP_BREG0);
		push(m, a + (uint64_t)expression_sleb(&m->code));
		return;
	}
	if (op >= OP_CONST1U && op <= OP_CONST8S) {
		push(m, constant(m, op));
		return;
	}
	switch (op) {
	case OP_ADDR:
		push(m, m->stack->word_bytes == 8 ? span_u64(&m->code) : span_u32(&m->code));
		break;
	case OP_DEREF:
		push(m, deref(m, m->stack->word_bytes));
		break;
	case OP_DEREF_SIZE:
		push(m, deref(m, span_u8(&m->code)));
		break;
	case OP_CONSTU:
		push(m, expression_uleb(&m->code));
		break;
	case OP_CONSTS:
		push(m, (uint64_t)expression_sleb(&m->code));
		break;
	case OP_BREGX:
		a = of_register(m, expression_uleb(&m->code));
		push(m, a + (uint64_t)expression_sleb(&m->code));
		break;
	case OP_DUP:
		push(m, pick(m, 0));
		break;
	case OP_DROP:
		pop(m);
		break;
	case OP_OVER:
		push(m, pick(m, 1));
		break;
	case OP_PICK:
		push(m, pick(m, span_u8(&m->code)));
		break;
	case OP_SWAP:
		rotate(m, 2);
		break;
	case OP_ROT:
		rotate(m, 3);
		break;
	case OP_ABS:
		a = pop(m);
		push(m, (int64_t)a < 0 ? 0 - a : a);
		break;
	case OP_NEG:
		push(m, 0 - pop(m));
		break;
	case OP_NOT:
		push(m, ~pop(m));
		break;
	case OP_PLUS_UCONST:
		a = pop(m);
		push(m, a + expression_uleb(&m->code));
		break;
	case OP_BRA:
		jump(m, pop(m));
		break;
	case OP_SKIP:
		jump(m, true);
		break;
	case OP_NOP:
		break;
	default:
		b = pop(m);
		a = pop(m);
		push(m, binary(m, op, a, b));
	}
}

bool expression_run(struct span expression, const struct arch_frames *frames,
	const struct registers *regs, const struct stack_copy *stack, bool begins, uint64_t first,
	uint64_t *result)
{
	struct machine m = { .code = expression,
		.begin = expression.at,
		.frames = frames,
		.regs = regs,
		.stack = stack };

	if (begins)
		push(&m, first);
	for (int steps = 0; span_left(&m.code); steps++) {
		if (steps == STEPS_MAX)
			return false;
		step(&m);
		if (m.failed || m.code.bad)
			return false;
	}
	*result = pop(&m);
	return !m.failed;
}
