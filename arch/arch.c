#include "arch.h"

#include <stddef.h>
#include <string.h>

static const struct arch *const all[] = { &arch_x86_64, &arch_arm64 };

#define COUNT (sizeof(all) / sizeof(*all))

const struct arch *arch_find(const char *machine)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(all[i]->machine, machine))
			return all[i];
	return NULL;
}

const struct arch *arch_find_elf(uint16_t elf_machine)
{
	for (size_t i = 0; i < COUNT; i++)
		if (all[i]->elf_machine == elf_machine)
			return all[i];
	return NULL;
}
