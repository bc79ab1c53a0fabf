#include "arch.h"

#include <string.h>

/* perf's numbers: arch/x86/include/uapi/asm/perf_regs.h */
enum {
	AX,
	BX,
	CX,
	DX,
	SI,
	DI,
	BP,
	SP,
	IP,
	FLAGS,
	CS,
	SS,
	DS,
	ES,
	FS,
	GS,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	XMM0 = 32, /* two numbers each */
	REGS = 64,
};

static const char *const names[REGS] = { "AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", "IP",
	"FLAGS", "CS", "SS", "DS", "ES", "FS", "GS", "R8", "R9", "R10", "R11", "R12", "R13", "R14",
	"R15", [XMM0] = "XMM0", [XMM0 + 2] = "XMM1", [XMM0 + 4] = "XMM2", [XMM0 + 6] = "XMM3",
	[XMM0 + 8] = "XMM4", [XMM0 + 10] = "XMM5", [XMM0 + 12] = "XMM6", [XMM0 + 14] = "XMM7",
	[XMM0 + 16] = "XMM8", [XMM0 + 18] = "XMM9", [XMM0 + 20] = "XMM10", [XMM0 + 22] = "XMM11",
	[XMM0 + 24] = "XMM12", [XMM0 + 26] = "XMM13", [XMM0 + 28] = "XMM14",
	[XMM0 + 30] = "XMM15" };

/* System V ABI, AMD64 supplement, figure 3.36; 16 is the return address. */
static const uint8_t dwarf[] = { AX, DX, CX, BX, SI, DI, BP, SP, R8, R9, R10, R11, R12, R13, R14,
	R15, IP };

/* i386 supplement, table 2.14; 8 is the return address. */
static const uint8_t dwarf_32[] = { AX, CX, DX, BX, SP, BP, SI, DI, IP };

/* mov $15, %rax; syscall, as libcs without CFI have it; then struct sigcontext in ucontext. */
static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
static const uint8_t context[] = { R8, R9, R10, R11, R12, R13, R14, R15, DI, SI, BP, BX, DX, AX, CX,
	SP, IP };

/* mov $173, %eax; int $0x80; the frame is sig, pinfo, puc, siginfo (128), ucontext (20 before). */
static const uint8_t sigreturn_32[] = { 0xb8, 0xad, 0, 0, 0, 0xcd, 0x80 };
static const uint8_t context_32[] = { GS, FS, ES, DS, DI, SI, BP, SP, BX, DX, CX, AX, ARCH_NO_REG,
	ARCH_NO_REG, IP };

static bool call(const uint8_t *code, size_t size, uint64_t return_address, uint64_t *target)
{
	int32_t relative;

	*target = 0;
	if (size >= 5 && code[size - 5] == 0xe8) {
		__builtin_memcpy(&relative, code + size - 4, 4);
		*target = return_address + (uint64_t)relative;
		return true;
	}
	/* ff /2 with each length of its operand */
	for (size_t n = 2; n <= 7 && n <= size; n++) {
		const uint8_t *at = code + size - n;
		unsigned mod = at[1] >> 6, rm = at[1] & 7;
		size_t length = 2 + (mod != 3 && rm == 4) + (mod == 1 ? 1 : mod == 2 ? 4 : 0);

		if (!mod && rm == 5)
			length += 4;
		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 && length == n)
			return true;
	}
	return false;
}

static bool jump(const uint8_t *code, size_t size, uint64_t at, uint64_t to)
{
	int32_t relative;

	for (size_t i = 0; i + 6 <= size; i++) {
		if (!to && code[i] == 0xff && code[i + 1] == 0x25)
			return true;
		__builtin_memcpy(&relative, code + i + 1, 4);
		if (to && code[i] == 0xe9 && at + i + 5 + (uint64_t)relative == to)
			return true;
	}
	return false;
}

/* Operands by opcode; what is not listed has none that we know. */
enum {
	MODRM = 8, /* the low bits: bytes of an immediate */
	WIDE = 16, /* 4 bytes, 8 with REX.W, 2 with 66 */
	FULL = 32, /* 4 bytes, 2 with 66 */
	NOTHING = 64,
};
struct operands {
	uint8_t first, last, kind;
};
static const struct operands one_byte[] = { { 0x50, 0x5f, NOTHING }, { 0x63, 0x63, MODRM },
	{ 0x68, 0x68, FULL }, { 0x69, 0x69, MODRM | FULL }, { 0x6a, 0x6a, 1 },
	{ 0x6b, 0x6b, MODRM | 1 }, { 0x70, 0x7f, 1 }, { 0x80, 0x80, MODRM | 1 },
	{ 0x81, 0x81, MODRM | FULL }, { 0x83, 0x83, MODRM | 1 }, { 0x84, 0x8f, MODRM },
	{ 0x90, 0x99, NOTHING }, { 0x9b, 0x9f, NOTHING }, { 0xa4, 0xa7, NOTHING },
	{ 0xa8, 0xa8, 1 }, { 0xa9, 0xa9, FULL }, { 0xaa, 0xaf, NOTHING }, { 0xb0, 0xb7, 1 },
	{ 0xb8, 0xbf, WIDE }, { 0xc0, 0xc1, MODRM | 1 }, { 0xc2, 0xc2, 2 }, { 0xc3, 0xc3, NOTHING },
	{ 0xc6, 0xc6, MODRM | 1 }, { 0xc7, 0xc7, MODRM | FULL }, { 0xc9, 0xc9, NOTHING },
	{ 0xd0, 0xd3, MODRM }, { 0xd8, 0xdf, MODRM }, { 0xe0, 0xe3, 1 }, { 0xe8, 0xe9, 4 },
	{ 0xeb, 0xeb, 1 }, { 0xf4, 0xf4, NOTHING }, { 0xf6, 0xf7, MODRM }, { 0xfe, 0xff, MODRM } };
static const struct operands two_bytes[] = { { 0x05, 0x05, NOTHING }, { 0x0b, 0x0b, NOTHING },
	{ 0x0d, 0x2f, MODRM }, { 0x31, 0x31, NOTHING }, { 0x40, 0x6f, MODRM },
	{ 0x70, 0x73, MODRM | 1 }, { 0x74, 0x76, MODRM }, { 0x7c, 0x7f, MODRM }, { 0x80, 0x8f, 4 },
	{ 0x90, 0x9f, MODRM }, { 0xa2, 0xa2, NOTHING }, { 0xa3, 0xa3, MODRM },
	{ 0xa4, 0xa4, MODRM | 1 }, { 0xa5, 0xa5, MODRM }, { 0xab, 0xab, MODRM },
	{ 0xac, 0xac, MODRM | 1 }, { 0xad, 0xb9, MODRM }, { 0xba, 0xba, MODRM | 1 },
	{ 0xbb, 0xc1, MODRM }, { 0xc2, 0xc2, MODRM | 1 }, { 0xc3, 0xc3, MODRM },
	{ 0xc4, 0xc6, MODRM | 1 }, { 0xc7, 0xc7, MODRM }, { 0xc8, 0xcf, NOTHING },
	{ 0xd0, 0xfe, MODRM } };

#define KIND(table, op) kind_of(table, sizeof(table) / sizeof(*(table)), op)

static uint8_t kind_of(const struct operands *table, size_t count, uint8_t op)
{
	for (size_t i = 0; i < count; i++)
		if (op >= table[i].first && op <= table[i].last)
			return table[i].kind;
	return 0;
}

struct instruction {
	uint8_t rex, op, modrm; /* modrm 0 where there is none */
	bool two_bytes;
	int32_t immediate; /* the last 4 bytes, or the last one where that is all */
	size_t size;	   /* 0: not known */
};

static size_t address_bytes(const uint8_t *at, size_t left)
{
	uint8_t mod = at[0] >> 6, rm = at[0] & 7;
	bool sib = mod != 3 && rm == 4;
	size_t displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;

	if (!mod && (rm == 5 || (sib && left > 1 && (at[1] & 7) == 5)))
		displacement = 4;
	return 1 + sib + displacement;
}

static struct instruction decode(const uint8_t *code, size_t size)
{
	static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3, 0xf0, 0x2e, 0x3e, 0x64, 0x65 };
	struct instruction in = { .size = 0 };
	bool narrow = false;
	uint8_t kind;
	size_t i = 0;

	while (i < size && code[i] && memchr(prefixes, code[i], sizeof(prefixes)))
		narrow |= code[i++] == 0x66;
	if (i < size && code[i] >> 4 == 4)
		in.rex = code[i++];
	if (i + 1 < size && code[i] == 0x0f) {
		in.two_bytes = true;
		i++;
	}
	if (i >= size)
		return in;
	in.op = code[i++];
	if (in.two_bytes)
		kind = KIND(two_bytes, in.op);
	else if (in.op < 0x40)
		kind = (in.op & 7) < 4 ? MODRM : (in.op & 7) == 4 ? 1 : (in.op & 7) == 5 ? FULL : 0;
	else
		kind = KIND(one_byte, in.op);
	if (!kind || (kind & MODRM && i >= size))
		return in;
	if (kind & MODRM) {
		in.modrm = code[i];
		if (!in.two_bytes && in.op >> 1 == 0xf6 >> 1 && !(in.modrm & 0x30))
			kind |= in.op & 1 ? FULL : 1;
		i += address_bytes(code + i, size - i);
	}
	i += kind & 7;
	if (kind & (WIDE | FULL))
		i += narrow ? 2 : kind & WIDE && in.rex & 8 ? 8 : 4;
	if (i > size)
		return in;
	in.size = i;
	if (kind & FULL && !narrow)
		__builtin_memcpy(&in.immediate, code + i - 4, 4);
	else
		in.immediate = (code[i - 1] ^ 0x80) - 0x80; /* signed */
	return in;
}

static void push(struct arch_prologue *p, unsigned number)
{
	unsigned reg = number < 8 ? dwarf_32[number] : R8 + number - 8;

	p->frame_bytes += 8;
	if (p->saved >> reg & 1)
		return;
	p->saved |= 1ull << reg;
	p->at[reg] = -(int32_t)p->frame_bytes;
}

/* False: rsp becomes what cannot be told. */
static bool execute(const struct instruction *in, struct arch_prologue *p)
{
	bool wide = (in->rex & 9) == 8; /* and of the lower registers */

	if (in->two_bytes)
		return true;
	if (in->op >> 3 == 0x50 >> 3)
		push(p, (in->op & 7u) | (in->rex & 1u) << 3);
	else if (in->op >> 3 == 0x58 >> 3)
		p->frame_bytes -= 8;
	else if (in->op == 0x68 || in->op == 0x6a || (in->op == 0xff && (in->modrm >> 3 & 7) == 6))
		p->frame_bytes += 8;
	else if ((in->op == 0x83 || in->op == 0x81) && wide && in->modrm == 0xec)
		p->frame_bytes += (uint32_t)in->immediate;
	else if ((in->op == 0x83 || in->op == 0x81) && wide && in->modrm == 0xc4)
		p->frame_bytes -= (uint32_t)in->immediate;
	else if ((in->op == 0x83 || in->op == 0x81) && wide && in->modrm == 0xe4)
		return false; /* and */
	else if ((in->op == 0x29 || in->op == 0x89) && wide && (in->modrm & 0xc7) == 0xc4)
		return false; /* sub, mov of a register */
	return true;
}

static bool is_call(const struct instruction *in)
{
	return !in->two_bytes && (in->op == 0xe8 || (in->op == 0xff && (in->modrm >> 3 & 7) == 2));
}

/* Behind it stands code that is reached from elsewhere. */
static bool leaves(const struct instruction *in)
{
	return !in->two_bytes &&
	       (in->op == 0xc3 || in->op == 0xc9 || in->op == 0xe9 || in->op == 0xeb ||
		       (in->op == 0xff && (in->modrm >> 3 & 7) == 4));
}

static bool prologue(const uint8_t *code, size_t size, struct arch_prologue *p)
{
	uint32_t body = 8; /* what the function has while it works: up to its first call */
	bool open = true;

	*p = (struct arch_prologue){ .frame_bytes = 8, .saved = 1 << IP };
	p->at[IP] = -8;
	for (size_t i = 0; i < size;) {
		struct instruction in = decode(code + i, size - i);
		uint32_t before = p->frame_bytes;

		if (!in.size || !execute(&in, p) || p->frame_bytes >= 1u << 30)
			return false;
		i += in.size;
		open &= p->frame_bytes >= before && !is_call(&in) &&
			(in.two_bytes || (in.op != 0x68 && in.op != 0x6a));
		if (open)
			body = p->frame_bytes;
		if (leaves(&in) && (in.op == 0xc9 || p->frame_bytes == 8))
			p->frame_bytes = body;
	}
	return true;
}

static const struct arch_frames frames = {
	.word_bytes = 8,
	.sp = SP,
	.ip = IP,
	.fp = BP,
	.lr = ARCH_NO_REG,
	.dwarf_count = sizeof(dwarf),
	.dwarf = dwarf,
	.sampled = 0xff01ff, /* the general registers and IP */
	.sigreturn = sigreturn,
	.sigreturn_bytes = sizeof(sigreturn),
	.context_count = sizeof(context),
	.context_offset = 40,
	.context = context,
	.call = call,
	.jump = jump,
	.prologue = prologue,
};

static const struct arch_frames frames_32 = {
	.word_bytes = 4,
	.sp = SP,
	.ip = IP,
	.fp = BP,
	.lr = ARCH_NO_REG,
	.dwarf_count = sizeof(dwarf_32),
	.dwarf = dwarf_32,
	.sampled = 0x1ff,
	.sigreturn = sigreturn_32,
	.sigreturn_bytes = sizeof(sigreturn_32),
	.context_count = sizeof(context_32),
	.context_offset = 160,
	.context = context_32,
	.call = call,
	.jump = jump,
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.machine = "x86_64",
	.elf_machine = 62,
	.cpuinfo_model = "model name",
	.cpuid_keys = { "vendor_id", "cpu family", "model", "stepping" },
	.regs = names,
	.reg_count = REGS,
	.user_regs = 0xff0fff, /* a 64-bit kernel samples no DS, ES, FS, GS */
	.extended_regs = 0xffffffff00000000,
	.address_bits = 64,
	.frames = &frames,
	.frames_32 = &frames_32,
};
