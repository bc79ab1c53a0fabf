#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

/*
 * What differs between architectures. Decoding is data that both architectures always bring along,
 * so that a file from the other one is read properly; the host part is picked at link time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCH_CPUID_KEYS 4
#define ARCH_REGS 33	/* perf's register numbers below this are all that stacks are unwound by */
#define ARCH_NO_REG 255 /* in tables of perf's register numbers */
#define ARCH_CALL_BYTES 8 /* the most that arch_frames.call looks at */

/* What code did to the stack since its function was entered. */
struct arch_prologue {
	uint32_t frame_bytes;  /* from sp to where the caller's sp was */
	uint64_t saved;	       /* mask of registers */
	int32_t at[ARCH_REGS]; /* where they are saved, bytes from the caller's sp */
};

/*
 * How stacks are walked in code of one word size. Registers are perf's numbers (asm/perf_regs.h);
 * in every frame the caller's frame pointer lies at the frame pointer, the return address one word
 * above it.
 */
struct arch_frames {
	uint8_t word_bytes;
	uint8_t sp, ip, fp;
	uint8_t lr; /* where a call leaves the return address; ARCH_NO_REG: on the stack */
	uint8_t dwarf_count;
	const uint8_t *dwarf;	  /* DWARF number -> perf's number */
	uint8_t signing;	  /* DWARF number of the return address's signing state, or 0 */
	uint64_t sampled;	  /* mask of what must be sampled to unwind */
	const uint8_t *sigreturn; /* the code a signal handler returns to */
	uint8_t sigreturn_bytes;
	uint8_t context_count;
	uint16_t context_offset; /* bytes from sp, when that code is reached, to the registers */
	const uint8_t *context;	 /* which these are, a word each */

	/*
	 * Whether a call ends the `size` (<= ARCH_CALL_BYTES) bytes of code before
	 * `return_address`. `target` is where it leads, 0 where that is not told by the code.
	 */
	bool (*call)(const uint8_t *code, size_t size, uint64_t return_address, uint64_t *target);

	/*
	 * Whether the `size` bytes of code at address `at` hold a jump to `to`, as a function does
	 * that ends with a call; or with `to` 0, one through memory, as in the stubs through which
	 * another file is called.
	 */
	bool (*jump)(const uint8_t *code, size_t size, uint64_t at, uint64_t to);

	/* What the `size` bytes of code from the function's begin up to where it stands did, as far
	 * as that shows without following jumps. False: they move the stack by what is not known.
	 */
	bool (*prologue)(const uint8_t *code, size_t size, struct arch_prologue *prologue);
};

struct arch {
	const char *name;     /* as paths say: "x86_64", "arm64" */
	const char *machine;  /* as uname(2) and perf.data say: "x86_64", "aarch64" */
	uint16_t elf_machine; /* e_machine */

	/* what perf.data's CPUDESC and CPUID tell: keys of /proc/cpuinfo, or a file; NULL: none */
	const char *cpuinfo_model;
	const char *cpuid_keys[ARCH_CPUID_KEYS];
	const char *cpuid_file;

	/* what PERF_SAMPLE_REGS_* tell: perf's names by number, NULL in between */
	const char *const *regs;
	uint8_t reg_count;
	uint64_t user_regs;	/* mask of what any machine samples */
	uint64_t extended_regs; /* and of what only some do (vectors) */
	uint8_t address_bits;	/* of a user address: above it may stand a signature or tag */
	const struct arch_frames *frames;    /* 64 bit */
	const struct arch_frames *frames_32; /* of 32-bit programs; NULL: cannot be walked */
};

extern const struct arch arch_x86_64;
extern const struct arch arch_arm64;

/* By uname's machine or by ELF's e_machine; NULL when it is neither of ours. */
const struct arch *arch_find(const char *machine);
const struct arch *arch_find_elf(uint16_t elf_machine);

/* The machine perfbox runs on (arch/ARCH/host.c). */
extern const struct arch *const arch_host;

/* System calls that the C library still makes here instead of their successors, which take a
 * directory before the other arguments (ppoll: a mask behind them). Ends with zeroes. */
struct arch_call {
	uint16_t now, old;
};
extern const struct arch_call arch_old_calls[];

#endif
