#include "arch.h"

#include <stddef.h>

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.machine = "x86_64",
	.elf_machine = 62,
	.cpuinfo_model = "model name",
	.cpuid_keys = { "vendor_id", "cpu family", "model", "stepping" },
};
