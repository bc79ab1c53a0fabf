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
