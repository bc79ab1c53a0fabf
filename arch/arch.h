#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

/*
 * What differs between architectures. Decoding is data that both architectures always bring along,
 * so that a file from the other one is read properly; the host part is picked at link time.
 */

#include <stdint.h>

#define ARCH_CPUID_KEYS 4

struct arch {
	const char *name;     /* as paths say: "x86_64", "arm64" */
	const char *machine;  /* as uname(2) and perf.data say: "x86_64", "aarch64" */
	uint16_t elf_machine; /* e_machine */

	/* what perf.data's CPUDESC and CPUID tell: keys of /proc/cpuinfo, or a file; NULL: none */
	const char *cpuinfo_model;
	const char *cpuid_keys[ARCH_CPUID_KEYS];
	const char *cpuid_file;
};

extern const struct arch arch_x86_64;
extern const struct arch arch_arm64;

/* By uname's machine or by ELF's e_machine; NULL when it is neither of ours. */
const struct arch *arch_find(const char *machine);
const struct arch *arch_find_elf(uint16_t elf_machine);

/* The machine perfbox runs on (arch/ARCH/host.c). */
extern const struct arch *const arch_host;

#endif
