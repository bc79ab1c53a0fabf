#include "arch.h"

#include <stddef.h>

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
