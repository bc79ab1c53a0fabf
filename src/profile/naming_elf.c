#include "profile/naming.h"
#include "profile/plt.h"
#include "profile/symfile.h"

/* Symbol tables that are swept for one image; name_at has the table above 32 bits of string. */
struct tables {
	struct {
		const struct elf *elf;
		struct elf_section strings;
	} at[3];
	int count;
};

static int name_of(void *from, uint64_t name_at, char *to, size_t cap)
{
	struct tables *tables = from;
	unsigned i = (unsigned)(name_at >> 32);

	return elf_string(tables->at[i].elf, &tables->at[i].strings, (uint32_t)name_at, to, cap);
}

static bool sweep(struct tables *tables, struct elf *elf, uint32_t type, struct match *match)
{
	static const uint8_t ranks[] = { MATCH_LOCAL, MATCH_GLOBAL, MATCH_WEAK };
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	uint64_t table = (uint64_t)tables->count << 32;

	if (!elf_symbols_begin(elf, type, &symbols))
		return false;
	tables->at[tables->count].elf = elf;
	tables->at[tables->count].strings = symbols.strings;
	tables->count++;
	while (elf_symbols_next(&symbols, &symbol)) {
		if (!elf_symbol_is_place(&symbols, &symbol))
			continue;
		match_offer(match,
			&(struct match_symbol){
				.start = symbol.address,
				.size = symbol.size,
				.name_at = table | symbol.name,
				.rank = symbol.binding < 3 ? ranks[symbol.binding] : MATCH_LOCAL,
			});
	}
	return true;
}

static bool add_places(struct match *match, const struct image *image, const struct elf *elf)
{
	uint64_t address;

	for (struct place *place = image->places; place; place = place->next)
		if (elf_address_of_offset(elf, place->offset, &address))
			match_add(match, address, place);
	return match_sort(match);
}

static enum image_status sweep_files(struct naming *naming, const struct image *image,
	struct symfile *file, struct symfile *debug)
{
	struct tables tables = { .count = 0 };
	struct match match;
	struct elf *elf = file->fd >= 0 || file->memory ? &file->elf : &debug->elf;
	bool swept = false;

	if (!naming_match(naming, &match, image, name_of, &tables) ||
		!add_places(&match, image, elf))
		return IMAGE_PENDING;
	if (debug->fd >= 0)
		swept = sweep(&tables, &debug->elf, ELF_SHT_SYMTAB, &match);
	if (elf == &file->elf) {
		if (!swept)
			swept = sweep(&tables, elf, ELF_SHT_SYMTAB, &match);
		swept |= sweep(&tables, elf, ELF_SHT_DYNSYM, &match);
		swept |= plt_sweep(elf, &match);
	}
	naming_finish(naming, &match);
	return swept ? IMAGE_NAMED : IMAGE_NO_SYMBOLS;
}

enum image_status naming_elf(struct naming *naming, struct image *image)
{
	static struct symfile file, debug;
	struct elf_symbols symbols;
	enum image_status status = symfile_open(&file, image, naming->options);
	size_t mark = naming->scratch.used;

	debug.fd = -1;
	if (status != IMAGE_NAMED) {
		file.memory = NULL;
		file.build_id_size = 0;
	}
	if (image->kind == IMAGE_FILE &&
		(status != IMAGE_NAMED ||
			!elf_symbols_begin(&file.elf, ELF_SHT_SYMTAB, &symbols)) &&
		symfile_open_debug(&debug, &file, image, naming->options))
		status = IMAGE_NAMED;
	if (status == IMAGE_NAMED)
		status = sweep_files(naming, image, &file, &debug);
	symfile_close(&file);
	symfile_close(&debug);
	arena_back(&naming->scratch, mark);
	return status;
}
