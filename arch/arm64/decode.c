#include "arch.h"

#include <string.h>

/* perf's numbers: arch/arm64/include/uapi/asm/perf_regs.h; DWARF's are the same up to 31 */
enum {
	X29 = 29,
	LR = 30,
	SP = 31,
	PC = 32,
	VG = 46,
	REGS = 47,
};

static const char *const names[REGS] = { "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
	"x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
	"x23", "x24", "x25", "x26", "x27", "x28", "x29", "lr", "sp", "pc", [VG] = "vg" };

/* "DWARF for the Arm 64-bit Architecture": 34 says whether the return address is signed. */
static const uint8_t dwarf[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26, 27, 28, X29, LR, SP, PC };

/* mov x8, #139; svc #0. struct rt_sigframe: siginfo, then ucontext with regs, sp and pc. */
static const uint8_t sigreturn[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };

static bool call(const uint8_t *code, size_t size, uint64_t return_address, uint64_t *target)
{
	uint32_t insn;

	*target = 0;
	if (size < 4)
		return false;
	memcpy(&insn, code + size - 4, 4);
	if (insn >> 26 == 0x25) { /* bl */
		*target = return_address - 4 + (uint64_t)((int64_t)((uint64_t)insn << 38) >> 36);
		return true;
	}
	/* blr, and its signed forms */
	return (insn & 0xfffffc1f) == 0xd63f0000 || (insn & 0xfefff800) == 0xd63f0800;
}

static bool jump(const uint8_t *code, size_t size, uint64_t at, uint64_t to)
{
	uint32_t insn;

	for (size_t i = 0; i + 4 <= size; i += 4) {
		memcpy(&insn, code + i, 4);
		if (!to && (insn & 0xfffffc1f) == 0xd61f0000) /* br */
			return true;
		if (to && insn >> 26 == 5 && /* b */
			at + i + (uint64_t)((int64_t)((uint64_t)insn << 38) >> 36) == to)
			return true;
	}
	return false;
}

/* The first time a register that the caller needs is stored, it is saved. */
static void save(struct arch_prologue *p, unsigned reg, int32_t at)
{
	if (reg < 19 || reg > LR || p->saved >> reg & 1)
		return;
	p->saved |= 1ull << reg;
	p->at[reg] = at - (int32_t)p->frame_bytes;
}

static void save_by(uint32_t insn, struct arch_prologue *p)
{
	if ((insn & 0xfe4003e0) == 0xa80003e0) { /* stp x, x, [sp ...] */
		int32_t at = insn >> 23 & 1 ? 0 : ((int32_t)(insn << 10) >> 25) * 8;

		save(p, insn & 31, at);
		save(p, insn >> 10 & 31, at + 8);
	}
	if ((insn & 0xffe00fe0) == 0xf8000fe0) /* str x, [sp, #n]! */
		save(p, insn & 31, 0);
	if ((insn & 0xffc003e0) == 0xf90003e0) /* str x, [sp, #n] */
		save(p, insn & 31, (int32_t)(insn >> 10 & 0xfff) * 8);
}

/* False: by what is not known. */
static bool moves_sp(uint32_t insn, struct arch_prologue *p)
{
	int32_t pair = ((int32_t)(insn << 10) >> 25) * 8, single = (int32_t)(insn << 11) >> 23;
	uint32_t immediate = (insn >> 10 & 0xfff) << (insn >> 22 & 1 ? 12 : 0);

	if ((insn & 0xffc003e0) == 0xa98003e0) /* stp x, x, [sp, #n]! */
		p->frame_bytes -= (uint32_t)pair;
	else if ((insn & 0xffe00fe0) == 0xf8000fe0) /* str x, [sp, #n]! */
		p->frame_bytes -= (uint32_t)single;
	else if ((insn & 0xff8003ff) == 0xd10003ff) /* sub sp, sp, #n */
		p->frame_bytes += immediate;
	else if ((insn & 0xff8003ff) == 0x910003ff) /* add sp, sp, #n */
		p->frame_bytes -= immediate;
	else if ((insn & 0xffc003e0) == 0xa8c003e0) /* ldp x, x, [sp], #n */
		p->frame_bytes -= (uint32_t)pair;
	else if ((insn & 0xffe00fe0) == 0xf84007e0) /* ldr x, [sp], #n */
		p->frame_bytes -= (uint32_t)single;
	else
		/* sub sp, sp, x; and sp, x, #n; mov sp, x; the last two as add and and */
		return (insn & 0xffe0001f) != 0xcb20001f && (insn & 0xff80001f) != 0x9100001f &&
		       (insn & 0xff80001f) != 0x9200001f;
	return true;
}

static bool prologue(const uint8_t *code, size_t size, struct arch_prologue *p)
{
	uint32_t insn, body = 0; /* what the function has while it works: up to its first call */
	bool open = true;

	*p = (struct arch_prologue){ .frame_bytes = 0 };
	for (size_t i = 0; i + 4 <= size; i += 4) {
		uint32_t before = p->frame_bytes;

		memcpy(&insn, code + i, 4);
		if (!moves_sp(insn, p) || p->frame_bytes >= 1u << 30)
			return false;
		save_by(insn, p);
		open &= p->frame_bytes >= before && insn >> 26 != 0x25 &&
			(insn & 0xfffffc1f) != 0xd63f0000;
		if (open)
			body = p->frame_bytes;
		/* behind a ret or b stands code that is reached from elsewhere */
		if ((insn == 0xd65f03c0 || insn >> 26 == 5) && !p->frame_bytes)
			p->frame_bytes = body;
	}
	return true;
}

static const struct arch_frames frames = {
	.word_bytes = 8,
	.sp = SP,
	.ip = PC,
	.fp = X29,
	.lr = LR,
	.dwarf_count = sizeof(dwarf),
	.dwarf = dwarf,
	.signing = 34,
	.sampled = 0x1ffffffff,
	.sigreturn = sigreturn,
	.sigreturn_bytes = sizeof(sigreturn),
	.context_count = sizeof(dwarf),
	.context_offset = 312,
	.context = dwarf,
	.call = call,
	.jump = jump,
	.prologue = prologue,
};

const struct arch arch_arm64 = {
	.name = "arm64",
	.machine = "aarch64",
	.elf_machine = 183,
	.cpuid_file = "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1",
	.regs = names,
	.reg_count = REGS,
	.user_regs = 0x1ffffffff,
	.extended_regs = 1ull << VG,
	.address_bits = 48,
	.frames = &frames,
};
