#include "profile/plt.h"

#include <stdio.h>
#include <string.h>

#define ENTRY_BYTES 16u
#define ENTRY_BYTES_PROTECTED 24u /* arm64 with branch target identification */
#define HEADER_BYTES_MAX 32u

struct plt {
	struct elf *elf;
	struct elf_symbols symbols;
	struct elf_section relocations;
	uint32_t relocation_bytes, count;
};

static bool find_relocations(struct plt *plt)
{
	bool rela = elf_section_named(plt->elf, ".rela.plt", &plt->relocations);
	uint32_t word = plt->elf->wide ? 8 : 4;

	if (!rela && !elf_section_named(plt->elf, ".rel.plt", &plt->relocations))
		return false;
	plt->relocation_bytes = rela ? 3 * word : 2 * word;
	plt->count = (uint32_t)(plt->relocations.bytes / plt->relocation_bytes);
	elf_symbols_begin(plt->elf, ELF_SHT_DYNSYM, &plt->symbols);
	return plt->count;
}

/* "name@plt" of the function that relocation N is about. */
static bool read_name(struct plt *plt, uint32_t n, char *to, size_t cap)
{
	uint32_t word = plt->elf->wide ? 8 : 4;
	uint8_t info[8] = { 0 };
	struct elf_symbol symbol;
	struct span s;
	uint64_t index;
	int length;

	if (!elf_read(plt->elf, info, word,
		    plt->relocations.offset + (uint64_t)n * plt->relocation_bytes + word))
		return false;
	s = span_of(info, sizeof(info));
	index = plt->elf->wide ? span_u64(&s) >> 32 : span_u32(&s) >> 8;
	if (!index) { /* an IFUNC of the file itself */
		memcpy(to, "@plt", 5);
		return true;
	}
	if (!elf_symbols_at(&plt->symbols, (uint32_t)index, &symbol))
		return false;
	length = elf_string(plt->elf, &plt->symbols.strings, symbol.name, to, cap - 4);
	if (length <= 0)
		return false;
	memcpy(to + length, "@plt", 5);
	return true;
}

/* The entries end with the section; what is left in front of them is the table's header. */
static void sweep_section(struct plt *plt, struct match *match, const char *name)
{
	struct elf_section section;
	uint64_t start, entry = ENTRY_BYTES;
	char text[1024];

	if (!elf_section_named(plt->elf, name, &section) || section.bytes < plt->count * entry)
		return;
	if (section.bytes >= plt->count * (uint64_t)ENTRY_BYTES_PROTECTED + HEADER_BYTES_MAX)
		entry = ENTRY_BYTES_PROTECTED;
	start = section.address + section.bytes - plt->count * entry;
	for (uint32_t i = 0; i < match->count; i++) {
		uint64_t n = (match->address[i] - start) / entry;

		if (match->address[i] < start || n >= plt->count ||
			!read_name(plt, (uint32_t)n, text, sizeof(text)))
			continue;
		match_offer(match, &(struct match_symbol){
					   .start = start + n * entry,
					   .size = entry,
					   .name = text,
					   .rank = MATCH_GLOBAL,
				   });
	}
}

bool plt_sweep(struct elf *elf, struct match *match)
{
	struct plt plt = { .elf = elf };

	if (!find_relocations(&plt))
		return false;
	sweep_section(&plt, match, ".plt");
	sweep_section(&plt, match, ".plt.sec");
	return true;
}
