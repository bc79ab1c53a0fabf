#include "base/start.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define DYNAMIC_RELR 36
#define DYNAMIC_RELR_BYTES 35

extern Elf64_Dyn start_dynamic[] __asm__("_DYNAMIC") __attribute__((visibility("hidden")));
extern const Elf64_Ehdr start_header __asm__("__ehdr_start") __attribute__((visibility("hidden")));

void start_relocate(void);

/* An even entry is the address of a word; an odd one a bitmap of the 63 words that follow. */
static void apply(const uint64_t *entry, size_t count, uint64_t base)
{
	uint64_t *where = (uint64_t *)base; /* an address comes first */

	for (size_t i = 0; i < count; i++) {
		if (!(entry[i] & 1)) {
			where = (uint64_t *)(base + entry[i]);
			*where++ += base;
			continue;
		}
		for (int bit = 0; bit < 63; bit++)
			if (entry[i] >> (bit + 1) & 1)
				where[bit] += base;
		where += 63;
	}
}

/*
 * The program's entry, from arch/ARCH/start.S: applies the relative relocations that the linker
 * packed, a bit per pointer instead of 24 bytes, which saves a tenth of the binary (DT_RELR: the
 * ELF gABI's "Relative relocation table"). Nothing is relocated yet, the stack protector included,
 * and a musl that knows DT_RELR must not apply it again.
 */
void start_relocate(void)
{
	uint64_t base = (uint64_t)&start_header;
	const uint64_t *table = NULL;
	Elf64_Dyn *d;

	for (d = start_dynamic; d->d_tag; d++)
		if (d->d_tag == DYNAMIC_RELR)
			table = (const uint64_t *)(base + d->d_un.d_ptr);
	for (d = start_dynamic; d->d_tag; d++)
		if (d->d_tag == DYNAMIC_RELR_BYTES && table) {
			apply(table, d->d_un.d_val / sizeof(*table), base);
			d->d_un.d_val = 0;
		}
}

void start_protect(void)
{
	uint64_t base = (uint64_t)&start_header, page = (uint64_t)getpagesize();
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(base + start_header.e_phoff);

	for (int i = 0; i < start_header.e_phnum; i++, segment++)
		if (segment->p_type == PT_GNU_RELRO) {
			uint64_t from = (base + segment->p_vaddr) & -page;
			uint64_t to = (base + segment->p_vaddr + segment->p_memsz) & -page;

			mprotect((void *)from, to - from, PROT_READ);
		}
}
