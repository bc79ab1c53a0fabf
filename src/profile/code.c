#include "profile/code.h"

#include "base/file.h"
#include "profile/symfile.h"

#include <stdlib.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define PAGES 64
#define EM_386 3
#define ENTRY_BYTES 64 /* the most that the first function of a program has */

struct code_page {
	uint64_t number;
	uint32_t id; /* of the file; 0: empty */
	uint32_t used;
	uint8_t bytes[PAGE_BYTES];
};

bool codes_init(struct codes *codes, struct arena *arena, const struct resolve_options *options)
{
	*codes = (struct codes){ .arena = arena, .options = options };
	codes->pages = arena_array(arena, struct code_page, PAGES);
	return codes->pages;
}

void codes_end(struct codes *codes)
{
	for (uint32_t i = 0; i < CODE_OPEN_MAX; i++)
		if (codes->open[i])
			close(codes->open[i]->fd);
	memset(codes->open, 0, sizeof(codes->open));
}

/* Finds the file and lets `found` have its descriptor, in place of the oldest that is open. */
static bool open_file(struct code_file *f, struct symfile *found)
{
	struct codes *all = f->all;
	struct code_file **slot = &all->open[all->next_open % CODE_OPEN_MAX];
	static struct symfile own;
	bool ok = symfile_open(f->is_debug ? &own : found, f->image, all->options) == IMAGE_NAMED;

	if (f->is_debug) {
		if (!ok)
			own.build_id_size = 0;
		ok = symfile_open_debug(found, &own, f->image, all->options);
		symfile_close(&own);
	}
	if (!ok)
		return false;
	f->size = found->elf.size;
	f->memory = found->memory;
	f->fd = found->fd;
	if (f->memory)
		return true;
	all->next_open++;
	if (*slot) {
		close((*slot)->fd);
		(*slot)->fd = -1;
	}
	*slot = f;
	return true;
}

static bool fill(struct code_page *page, struct code_file *f, uint64_t number)
{
	static struct symfile again;
	uint64_t offset = number * PAGE_BYTES;
	ssize_t got;

	page->id = 0;
	if (f->fd < 0 && !open_file(f, &again))
		return false;
	got = file_pread(f->fd, page->bytes, PAGE_BYTES, offset);
	if (got <= 0)
		return false;
	page->id = f->id;
	page->number = number;
	page->used = (uint32_t)got;
	return true;
}

static bool read_at(void *from, void *to, size_t size, uint64_t offset)
{
	struct code_file *f = from;
	uint8_t *at = to;

	if (offset > f->size || size > f->size - offset)
		return false;
	if (f->memory) {
		memcpy(to, f->memory + offset, size);
		return true;
	}
	while (size) {
		uint64_t number = offset / PAGE_BYTES;
		uint32_t skip = offset % PAGE_BYTES, part;
		struct code_page *page = &f->all->pages[(number + f->id * 17) % PAGES];

		if ((page->id != f->id || page->number != number) && !fill(page, f, number))
			return false;
		if (skip >= page->used)
			return false;
		part = page->used - skip < size ? page->used - skip : (uint32_t)size;
		memcpy(at, page->bytes + skip, part);
		at += part;
		offset += part;
		size -= part;
	}
	return true;
}

bool code_bytes(struct code *code, void *to, size_t size, uint64_t offset)
{
	return read_at(&code->file, to, size, offset);
}

static bool address_of(const struct code *code, uint64_t offset, uint64_t *address)
{
	for (int i = 0; i < code->load_count; i++) {
		const struct code_load *l = &code->load[i];

		if (offset - l->offset < l->bytes) {
			*address = offset - l->offset + l->address;
			return true;
		}
	}
	return false;
}

static bool offset_of(
	const struct code *code, uint64_t address, uint64_t *offset, uint64_t *bytes_left)
{
	for (int i = 0; i < code->load_count; i++) {
		const struct code_load *l = &code->load[i];

		if (address - l->address < l->bytes) {
			*offset = address - l->address + l->offset;
			*bytes_left = l->bytes - (address - l->address);
			return true;
		}
	}
	return false;
}

static void copy_loads(struct code *code, const struct elf *elf)
{
	for (uint32_t i = 0; i < elf->load_count && code->load_count < CODE_LOADS; i++)
		code->load[code->load_count++] = (struct code_load){ elf->load[i].offset,
			elf->load[i].address, elf->load[i].file_bytes };
}

static int by_start(const void *left, const void *right)
{
	const struct cfi_entry *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* A section without an index gets one. */
static void make_index(struct codes *codes, struct cfi *cfi)
{
	static struct cfi_row row;
	uint32_t count = cfi_list(cfi, &row, NULL, 0);
	struct cfi_entry *entries =
		count ? arena_array(codes->arena, struct cfi_entry, count) : NULL;

	if (count && !entries)
		codes->dropped++;
	if (!entries)
		return;
	cfi_list(cfi, &row, entries, count);
	qsort(entries, count, sizeof(*entries), by_start);
	cfi->entries = entries;
	cfi->count = count;
}

static void find_eh(struct codes *codes, struct code *code, struct elf *elf)
{
	struct elf_segment header;
	struct elf_section section;
	struct cfi *cfi = &code->eh;

	cfi->read_at = read_at;
	cfi->file = &code->file;
	cfi->frames = code->frames;
	if (elf_segment_typed(elf, ELF_PT_GNU_EH_FRAME, &header) &&
		cfi_header(cfi, header.offset, header.file_bytes, header.address) &&
		offset_of(code, cfi->address, &cfi->offset, &cfi->bytes)) {
		if (!cfi->count)
			make_index(codes, cfi);
	} else if (elf_section_named(elf, ".eh_frame", &section) &&
		   section.type != ELF_SHT_NOBITS) {
		cfi->address = section.address;
		cfi->offset = section.offset;
		cfi->bytes = section.bytes;
		cfi->count = 0;
		make_index(codes, cfi);
	}
}

static bool find_debug(
	struct codes *codes, struct code *code, struct elf *elf, struct code_file *file)
{
	struct elf_section section;
	struct cfi *cfi = &code->debug;

	if (!elf_section_named(elf, ".debug_frame", &section) || section.type == ELF_SHT_NOBITS ||
		section.flags & ELF_SHF_COMPRESSED)
		return false;
	*cfi = (struct cfi){ .read_at = read_at,
		.file = file,
		.offset = section.offset,
		.bytes = section.bytes,
		.debug = true,
		.frames = code->frames };
	make_index(codes, cfi);
	return cfi->count;
}

/* Only where .eh_frame does not tell: it takes a walk over the whole section. */
static void try_debug(struct codes *codes, struct code *code)
{
	static struct symfile file;
	bool found = false;

	code->debug_tried = true;
	if (!code->file.memory &&
		symfile_open(&file, code->file.image, codes->options) == IMAGE_NAMED) {
		found = find_debug(codes, code, &file.elf, &code->file);
		symfile_close(&file);
	}
	if (!found && code->file.image->kind == IMAGE_FILE && open_file(&code->debug_file, &file))
		find_debug(codes, code, &file.elf, &code->debug_file);
}

static const struct arch_frames *frames_of(const struct elf *elf)
{
	const struct arch *arch = arch_find_elf(elf->machine);

	if (elf->machine == EM_386 && !elf->wide)
		return arch_x86_64.frames_32;
	return arch && elf->wide ? arch->frames : NULL;
}

struct code *code_of(struct codes *codes, struct image *image)
{
	static struct symfile file;
	struct code *code = image->code;

	if (code || (image->kind != IMAGE_FILE && image->kind != IMAGE_VDSO))
		return code && code->frames ? code : NULL;
	code = image->code = arena_new(codes->arena, struct code);
	if (!code) {
		codes->dropped++;
		return NULL;
	}
	code->file = (struct code_file){
		.all = codes, .image = image, .fd = -1, .id = ++codes->next_id
	};
	code->debug_file = code->file;
	code->debug_file.is_debug = true;
	code->debug_file.id = ++codes->next_id;
	if (!open_file(&code->file, &file))
		return NULL;
	code->frames = frames_of(&file.elf);
	code->entry = file.elf.entry;
	copy_loads(code, &file.elf);
	if (code->frames)
		find_eh(codes, code, &file.elf);
	return code->frames ? code : NULL;
}

/* The last function that begins at or before `address`. */
static bool function_at(struct elf *elf, uint32_t table, uint64_t address, uint64_t *start)
{
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	uint64_t end = 0;

	*start = 0;
	if (!elf_symbols_begin(elf, table, &symbols))
		return false;
	while (elf_symbols_next(&symbols, &symbol))
		if (symbol.type == 2 && symbol.section && symbol.address <= address &&
			symbol.address >= *start) {
			*start = symbol.address;
			end = symbol.size ? symbol.address + symbol.size : UINT64_MAX;
		}
	return address < end;
}

int64_t code_into_function(struct codes *codes, struct code *code, uint64_t offset)
{
	static struct symfile file;
	uint64_t address, start;
	bool found;

	if (code->file.memory || !address_of(code, offset, &address) ||
		symfile_open(&file, code->file.image, codes->options) != IMAGE_NAMED)
		return -1;
	found = function_at(&file.elf, ELF_SHT_SYMTAB, address, &start) ||
		function_at(&file.elf, ELF_SHT_DYNSYM, address, &start);
	symfile_close(&file);
	return found ? (int64_t)(address - start) : -1;
}

bool code_is_entry(const struct code *code, uint64_t offset)
{
	uint64_t address;

	return address_of(code, offset, &address) && address - code->entry < ENTRY_BYTES;
}

enum cfi_status code_row(
	struct codes *codes, struct code *code, uint64_t offset, struct cfi_row *row)
{
	enum cfi_status status = CFI_NONE;
	uint64_t address;

	if (!address_of(code, offset, &address))
		return CFI_NONE;
	if (code->eh.count)
		status = cfi_find(&code->eh, address, row);
	if (status != CFI_NONE)
		return status;
	if (!code->debug_tried)
		try_debug(codes, code);
	return code->debug.count ? cfi_find(&code->debug, address, row) : CFI_NONE;
}
