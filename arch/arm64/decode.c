#include "arch.h"

const struct arch arch_arm64 = {
	.name = "arm64",
	.machine = "aarch64",
	.elf_machine = 183,
	.cpuid_file = "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1",
};
