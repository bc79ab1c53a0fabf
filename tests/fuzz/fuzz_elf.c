#include "profile/match.h"
#include "profile/plt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct bytes {
	const uint8_t *at;
	size_t size;
};

static bool read_at(void *file, void *to, size_t size, uint64_t offset)
{
	const struct bytes *bytes = file;

	if (offset > bytes->size || size > bytes->size - offset)
		return false;
	memcpy(to, bytes->at + offset, size);
	return true;
}

static int name_of(void *from, uint64_t name_at, char *to, size_t cap)
{
	struct elf_symbols *symbols = from;

	return elf_string(symbols->elf, &symbols->strings, name_at, to, cap);
}

static void sweep(struct elf *elf, uint32_t type, struct arena *arena)
{
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	struct match match;
	uint64_t address;

	if (!elf_symbols_begin(elf, type, &symbols) ||
		!match_init(&match, arena, 64, name_of, &symbols))
		return;
	for (uint64_t offset = 0; offset < 64 * 97; offset += 97)
		if (elf_address_of_offset(elf, offset, &address))
			match_add(&match, address, NULL);
	if (!match_sort(&match))
		return;
	while (elf_symbols_next(&symbols, &symbol))
		if (elf_symbol_is_place(&symbols, &symbol))
			match_offer(&match, &(struct match_symbol){
						    .start = symbol.address,
						    .size = symbol.size,
						    .name_at = symbol.name,
						    .rank = symbol.binding % 3,
					    });
	plt_sweep(elf, &match);
	match_finish(&match);
	for (uint32_t i = 0; i < match.count; i++)
		if (match.spot[i].sized && match.address[i] < match.spot[i].sized->start)
			abort();
}

/* Everything that a file is asked, on a file of any bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elf elf;
	static struct arena arena;
	struct bytes bytes = { data, size };
	struct elf_section section;
	struct elf_segment segment;
	uint8_t id[ELF_BUILD_ID_MAX];
	char name[64];
	uint32_t crc;

	if (!arena.base && arena_reserve(&arena, 1 << 20))
		return 0;
	if (elf_open(&elf, read_at, &bytes, size) != ELF_OK)
		return 0;
	elf_build_id(&elf, id);
	elf_debug_link(&elf, name, sizeof(name), &crc);
	elf_section_named(&elf, ".eh_frame", &section);
	elf_segment_typed(&elf, ELF_PT_GNU_EH_FRAME, &segment);
	sweep(&elf, ELF_SHT_SYMTAB, &arena);
	arena_back(&arena, 0);
	sweep(&elf, ELF_SHT_DYNSYM, &arena);
	arena_back(&arena, 0);
	return 0;
}
