#include "profile/elf.h"

#include <string.h>

#define PAGE 4096u
#define SEGMENTS_MAX 4096u
#define SECTIONS_MAX (1u << 18)
#define SYMBOLS_MAX (1u << 24)
#define NOTES_MAX 4096u

enum {
	EXTENDED_SEGMENTS = 0xffff, /* PN_XNUM: the count stands in section 0 */
	EXTENDED_INDEX = 0xffff,    /* SHN_XINDEX */
	RESERVED_SECTION = 0xff00,  /* SHN_LORESERVE: absolute, common */
};

static bool inside(const struct elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

bool elf_read(const struct elf *elf, void *to, size_t size, uint64_t offset)
{
	return inside(elf, offset, size) && elf->read_at(elf->file, to, size, offset);
}

/* `size` bytes (at most a window) at `offset` as a span; bad where they are not there. */
static struct span look(struct elf *elf, uint64_t offset, size_t size)
{
	uint64_t from = offset - elf->window_at;
	uint64_t left;

	if (size > ELF_WINDOW_BYTES || !inside(elf, offset, size))
		return (struct span){ .bad = true };
	if (offset < elf->window_at || from > elf->window_used || size > elf->window_used - from) {
		left = elf->size - offset;
		elf->window_at = offset;
		elf->window_used = left < ELF_WINDOW_BYTES ? (uint32_t)left : ELF_WINDOW_BYTES;
		from = 0;
		if (!elf->read_at(elf->file, elf->window, elf->window_used, offset)) {
			elf->window_used = 0;
			return (struct span){ .bad = true };
		}
	}
	return span_of(elf->window + from, size);
}

static uint64_t word(const struct elf *elf, struct span *s)
{
	return elf->wide ? span_u64(s) : span_u32(s);
}

static bool table_header(struct elf *elf, uint64_t at, uint32_t index, uint32_t bytes,
	uint32_t least, struct span *s)
{
	uint64_t offset;

	if (bytes < least || __builtin_add_overflow(at, (uint64_t)index * bytes, &offset))
		return false;
	*s = look(elf, offset, least);
	return !s->bad;
}

bool elf_segment(struct elf *elf, uint32_t index, struct elf_segment *segment)
{
	struct span s;

	if (!table_header(
		    elf, elf->segments_at, index, elf->segment_bytes, elf->wide ? 56 : 32, &s))
		return false;
	segment->type = span_u32(&s);
	if (elf->wide)
		segment->flags = span_u32(&s);
	segment->offset = word(elf, &s);
	segment->address = word(elf, &s);
	word(elf, &s); /* the physical address */
	segment->file_bytes = word(elf, &s);
	segment->memory_bytes = word(elf, &s);
	if (!elf->wide)
		segment->flags = span_u32(&s);
	return !s.bad;
}

bool elf_section(struct elf *elf, uint32_t index, struct elf_section *section)
{
	struct span s;

	if (!table_header(
		    elf, elf->sections_at, index, elf->section_bytes, elf->wide ? 64 : 40, &s))
		return false;
	section->name = span_u32(&s);
	section->type = span_u32(&s);
	section->flags = word(elf, &s);
	section->address = word(elf, &s);
	section->offset = word(elf, &s);
	section->bytes = word(elf, &s);
	section->link = span_u32(&s);
	section->info = span_u32(&s);
	word(elf, &s); /* the alignment */
	section->entry_bytes = word(elf, &s);
	return !s.bad;
}

static bool has_bytes(const struct elf *elf, const struct elf_section *section)
{
	return section->type != ELF_SHT_NOBITS && inside(elf, section->offset, section->bytes);
}

/* Files with more headers than the fields can say keep the counts in section 0. */
static void read_extended(struct elf *elf)
{
	struct elf_section zero;

	if (!elf->sections_at || !elf_section(elf, 0, &zero))
		return;
	if (!elf->section_count && zero.bytes)
		elf->section_count =
			zero.bytes < SECTIONS_MAX ? (uint32_t)zero.bytes : SECTIONS_MAX;
	if (elf->names_index == EXTENDED_INDEX)
		elf->names_index = zero.link;
	if (elf->segment_count == EXTENDED_SEGMENTS)
		elf->segment_count = zero.info;
}

static void read_section_flags(struct elf *elf)
{
	struct elf_section section;

	for (uint32_t i = 0; i < elf->section_count && i < ELF_SECTION_FLAGS; i++)
		if (elf_section(elf, i, &section))
			elf->section_flags[i] = section.flags & (ELF_SHF_ALLOC | ELF_SHF_EXECINSTR);
}

static void read_loads(struct elf *elf)
{
	struct elf_segment segment;

	for (uint32_t i = 0; i < elf->segment_count && elf_segment(elf, i, &segment); i++)
		if (segment.type == ELF_PT_LOAD && elf->load_count < ELF_LOADS)
			elf->load[elf->load_count++] = segment;
}

static void read_header(struct elf *elf, struct span s)
{
	elf->type = span_u16(&s);
	elf->machine = span_u16(&s);
	span_u32(&s); /* the version */
	elf->entry = word(elf, &s);
	elf->segments_at = word(elf, &s);
	elf->sections_at = word(elf, &s);
	span_u32(&s); /* flags */
	span_u16(&s); /* the header's own size */
	elf->segment_bytes = span_u16(&s);
	elf->segment_count = span_u16(&s);
	elf->section_bytes = span_u16(&s);
	elf->section_count = span_u16(&s);
	elf->names_index = span_u16(&s);
}

enum elf_status elf_open(struct elf *elf, elf_read_at read_at, void *file, uint64_t size)
{
	const uint8_t *ident;
	struct span s;

	memset(elf, 0, offsetof(struct elf, window));
	elf->read_at = read_at;
	elf->file = file;
	elf->size = size;
	s = look(elf, 0, 16);
	ident = span_take(&s, 16);
	if (!ident || memcmp(ident, "\177ELF", 4))
		return ELF_NOT_ELF;
	if (ident[5] == 2)
		return ELF_BIG_ENDIAN;
	if (ident[5] != 1 || (ident[4] != 1 && ident[4] != 2))
		return ELF_DAMAGED;
	elf->wide = ident[4] == 2;
	s = look(elf, 16, elf->wide ? 48 : 36);
	if (s.bad)
		return ELF_DAMAGED;
	read_header(elf, s);
	read_extended(elf);
	if (elf->segment_count > SEGMENTS_MAX)
		elf->segment_count = SEGMENTS_MAX;
	read_loads(elf);
	read_section_flags(elf);
	return ELF_OK;
}

int elf_string(
	const struct elf *elf, const struct elf_section *strings, uint64_t at, char *to, size_t cap)
{
	uint64_t left = at < strings->bytes ? strings->bytes - at : 0;
	uint64_t offset = strings->offset + at;
	size_t chunk;
	char *nul;

	/* Most names are short: a small read first, all of it only for the others. */
	for (size_t want = 256;; want = cap) {
		chunk = want < cap ? want : cap;
		if (chunk > left)
			chunk = (size_t)left;
		if (!chunk || !has_bytes(elf, strings) || !elf_read(elf, to, chunk, offset))
			return -1;
		nul = memchr(to, 0, chunk);
		if (nul)
			return (int)(nul - to);
		if (chunk == left)
			return -1;
		if (chunk == cap)
			break;
	}
	to[cap - 1] = 0;
	return (int)cap - 1;
}

static bool is_named(struct elf *elf, const struct elf_section *names,
	const struct elf_section *section, const char *name)
{
	char text[32];

	return elf_string(elf, names, section->name, text, sizeof(text)) >= 0 &&
	       !strcmp(text, name);
}

bool elf_section_named(struct elf *elf, const char *name, struct elf_section *section)
{
	struct elf_section names;

	if (!elf_section(elf, elf->names_index, &names))
		return false;
	for (uint32_t i = 1; i < elf->section_count && elf_section(elf, i, section); i++)
		if ((section->type == ELF_SHT_NOBITS || has_bytes(elf, section)) &&
			is_named(elf, &names, section, name))
			return true;
	return false;
}

bool elf_segment_typed(struct elf *elf, uint32_t type, struct elf_segment *segment)
{
	for (uint32_t i = 0; i < elf->segment_count && elf_segment(elf, i, segment); i++)
		if (segment->type == type)
			return true;
	return false;
}

/* How far `at` lies in the pages of a segment that begins at `start`. */
static bool in_pages(uint64_t at, uint64_t start, uint64_t bytes)
{
	uint64_t first = start & ~(uint64_t)(PAGE - 1);
	uint64_t size = (bytes + (start - first) + PAGE - 1) & ~(uint64_t)(PAGE - 1);

	return bytes && at - first < (size ? size : UINT64_MAX);
}

/* The segment that holds `at`: exactly and executable, exactly, or only by the pages it fills. */
static bool find_segment(
	const struct elf *elf, uint64_t at, bool by_offset, struct elf_segment *found)
{
	uint64_t start, bytes;
	int best = 0, fit;

	for (const struct elf_segment *load = elf->load; load < elf->load + elf->load_count;
		load++) {
		start = by_offset ? load->offset : load->address;
		/* a file of symbols only keeps no bytes, but the memory they stood for */
		bytes = load->file_bytes ? load->file_bytes : load->memory_bytes;
		if (!in_pages(at, start, bytes))
			continue;
		fit = 1 + (int)(load->flags & 1) + (at - start < bytes ? 2 : 0);
		if (fit > best) {
			best = fit;
			*found = *load;
		}
	}
	return best > 0;
}

bool elf_address_of_offset(const struct elf *elf, uint64_t offset, uint64_t *address)
{
	struct elf_segment segment;

	if (!find_segment(elf, offset, true, &segment))
		return false;
	*address = offset - segment.offset + segment.address;
	return true;
}

bool elf_offset_of_address(const struct elf *elf, uint64_t address, uint64_t *offset)
{
	struct elf_segment segment;

	if (!find_segment(elf, address, false, &segment))
		return false;
	*offset = address - segment.address + segment.offset;
	return true;
}

static bool section_typed(struct elf *elf, uint32_t type, struct elf_section *section)
{
	for (uint32_t i = 1; i < elf->section_count && elf_section(elf, i, section); i++)
		if (section->type == type)
			return true;
	return false;
}

bool elf_symbols_begin(struct elf *elf, uint32_t type, struct elf_symbols *symbols)
{
	uint64_t bytes = elf->wide ? 24 : 16;
	uint64_t count;

	memset(symbols, 0, offsetof(struct elf_symbols, names));
	symbols->elf = elf;
	symbols->next = 1;
	if (!section_typed(elf, type, &symbols->table) || !has_bytes(elf, &symbols->table) ||
		!elf_section(elf, symbols->table.link, &symbols->strings))
		return false;
	if (symbols->table.entry_bytes > bytes && symbols->table.entry_bytes < PAGE)
		bytes = symbols->table.entry_bytes;
	count = symbols->table.bytes / bytes;
	symbols->entry_bytes = (uint32_t)bytes;
	symbols->count = count < SYMBOLS_MAX ? (uint32_t)count : SYMBOLS_MAX;
	return true;
}

bool elf_symbols_at(struct elf_symbols *symbols, uint32_t index, struct elf_symbol *symbol)
{
	struct elf *elf = symbols->elf;
	struct span s;
	uint8_t info;

	if (index >= symbols->count)
		return false;
	s = look(elf, symbols->table.offset + (uint64_t)index * symbols->entry_bytes,
		elf->wide ? 24 : 16);
	symbol->name = span_u32(&s);
	if (!elf->wide) {
		symbol->address = span_u32(&s);
		symbol->size = span_u32(&s);
	}
	info = span_u8(&s);
	symbol->visibility = span_u8(&s) & 3;
	symbol->section = span_u16(&s);
	if (elf->wide) {
		symbol->address = span_u64(&s);
		symbol->size = span_u64(&s);
	}
	symbol->binding = info >> 4;
	symbol->type = info & 15;
	return !s.bad;
}

bool elf_symbols_next(struct elf_symbols *symbols, struct elf_symbol *symbol)
{
	return elf_symbols_at(symbols, symbols->next++, symbol);
}

/* Names of neighbours stand together: a small window of their own saves a read for each. */
static bool is_mapping_symbol(struct elf_symbols *symbols, uint32_t name)
{
	const struct elf_section *strings = &symbols->strings;
	uint64_t left = name < strings->bytes ? strings->bytes - name : 0;
	uint32_t size = left < sizeof(symbols->names) ? (uint32_t)left : sizeof(symbols->names);
	uint64_t from = name - symbols->names_at;
	const char *text;

	if (left < 3)
		return false;
	if (name < symbols->names_at || from + 3 > symbols->names_used) {
		symbols->names_at = name;
		symbols->names_used = 0;
		if (!elf_read(symbols->elf, symbols->names, size, strings->offset + name))
			return false;
		symbols->names_used = size;
		from = 0;
	}
	text = symbols->names + from;
	return text[0] == '$' && text[1] && strchr("adtx", text[1]) && (!text[2] || text[2] == '.');
}

static bool is_place_type(struct elf_symbols *symbols, const struct elf_symbol *symbol, bool code)
{
	enum {
		NOTYPE = 0,
		OBJECT = 1,
		FUNC = 2,
		IFUNC = 10
	};
	enum {
		INTERNAL = 1,
		HIDDEN = 2
	};

	if (symbol->type != NOTYPE)
		return symbol->type == FUNC || symbol->type == IFUNC || symbol->type == OBJECT;
	return code && symbol->visibility != HIDDEN && symbol->visibility != INTERNAL &&
	       (symbol->binding != ELF_STB_LOCAL || !is_mapping_symbol(symbols, symbol->name));
}

bool elf_symbol_is_place(struct elf_symbols *symbols, const struct elf_symbol *symbol)
{
	uint8_t flags = ELF_SHF_ALLOC | ELF_SHF_EXECINSTR;

	if (!symbol->name || !symbol->section ||
		(symbol->section >= RESERVED_SECTION && symbol->section != EXTENDED_INDEX))
		return false;
	if (symbol->section < ELF_SECTION_FLAGS)
		flags = symbols->elf->section_flags[symbol->section];
	return (flags & ELF_SHF_ALLOC) && is_place_type(symbols, symbol, flags & ELF_SHF_EXECINSTR);
}

static size_t build_id_at(struct elf *elf, uint64_t offset, uint64_t bytes, uint8_t *to)
{
	return note_build_id(look(elf, offset, bytes < NOTES_MAX ? bytes : NOTES_MAX), to);
}

size_t elf_build_id(struct elf *elf, uint8_t to[ELF_BUILD_ID_MAX])
{
	struct elf_section section;
	struct elf_segment segment;
	size_t size = 0;

	for (uint32_t i = 1; !size && i < elf->section_count && elf_section(elf, i, &section); i++)
		if (section.type == ELF_SHT_NOTE)
			size = build_id_at(elf, section.offset, section.bytes, to);
	for (uint32_t i = 0; !size && i < elf->segment_count && elf_segment(elf, i, &segment); i++)
		if (segment.type == ELF_PT_NOTE)
			size = build_id_at(elf, segment.offset, segment.file_bytes, to);
	return size;
}

bool elf_debug_link(struct elf *elf, char *to, size_t cap, uint32_t *crc)
{
	struct elf_section section;
	struct span s;
	int length;

	if (!elf_section_named(elf, ".gnu_debuglink", &section))
		return false;
	length = elf_string(elf, &section, 0, to, cap);
	if (length <= 0 || (size_t)length == cap - 1 || strchr(to, '/') ||
		(uint64_t)length + 5 > section.bytes)
		return false;
	s = look(elf, section.offset + (((uint64_t)length + 4) & ~3ull), 4);
	*crc = span_u32(&s);
	return !s.bad;
}
