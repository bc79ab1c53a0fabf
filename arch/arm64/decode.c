#include "arch.h"

#include <stddef.h>

const struct arch arch_arm64 = {
	.name = "arm64",
	.machine = "aarch64",
	.elf_machine = 183,
	.cpuinfo_model = NULL,
};
