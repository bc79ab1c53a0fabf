#ifndef PROFILE_ELF_H
#define PROFILE_ELF_H

/*
 * ELF files as a profiler needs them: segments, sections, symbols, build ID, debug link. 32 and 64
 * bit, little-endian (System V gABI; the GNU notes and .gnu_debuglink as binutils documents them).
 *
 * The file is somebody else's and may change while it is read: every byte comes through a callback
 * (never a mapping that a truncation could take away), every offset and size is checked against the
 * file, and loops are bounded. Nothing is allocated; a struct elf is about 17 KiB, keep it static.
 */

#include "base/span.h"
#include "data/note.h"

enum elf_status {
	ELF_OK,
	ELF_NOT_ELF,
	ELF_BIG_ENDIAN,
	ELF_DAMAGED, /* the header or a table lies outside the file */
};

/* Copies `size` bytes at `offset` of the file to `to`; false where there are fewer. */
typedef bool (*elf_read_at)(void *file, void *to, size_t size, uint64_t offset);

#define ELF_WINDOW_BYTES 16384
#define ELF_SECTION_FLAGS 512
#define ELF_LOADS 16
#define ELF_BUILD_ID_MAX NOTE_BUILD_ID_MAX

struct elf_segment {
	uint32_t type;	/* enum elf_segment_type */
	uint32_t flags; /* 1 executable, 2 writable, 4 readable */
	uint64_t offset, address, file_bytes, memory_bytes;
};

struct elf {
	elf_read_at read_at;
	void *file;
	uint64_t size; /* of the file, bytes */
	bool wide;     /* 64 bit */
	uint16_t machine, type;
	uint64_t entry; /* address where a program begins */
	uint64_t segments_at, sections_at;
	uint32_t segment_count, section_count;
	uint32_t segment_bytes, section_bytes; /* of one header */
	uint32_t names_index;		       /* the section with the sections' names */
	uint32_t load_count;
	struct elf_segment load[ELF_LOADS]; /* the first PT_LOAD segments */
	uint64_t window_at;
	uint32_t window_used;
	uint8_t section_flags[ELF_SECTION_FLAGS]; /* ALLOC and EXECINSTR of the first sections */
	uint8_t window[ELF_WINDOW_BYTES];
};

enum elf_segment_type {
	ELF_PT_LOAD = 1,
	ELF_PT_DYNAMIC = 2,
	ELF_PT_NOTE = 4,
	ELF_PT_GNU_EH_FRAME = 0x6474e550,
};

struct elf_section {
	uint32_t name; /* in the section of names */
	uint32_t type; /* enum elf_section_type */
	uint64_t flags;
	uint64_t address, offset, bytes;
	uint32_t link, info;
	uint64_t entry_bytes;
};

enum elf_section_type {
	ELF_SHT_SYMTAB = 2,
	ELF_SHT_RELA = 4,
	ELF_SHT_NOTE = 7,
	ELF_SHT_NOBITS = 8, /* has no bytes in this file */
	ELF_SHT_REL = 9,
	ELF_SHT_DYNSYM = 11,
};

enum elf_section_flag {
	ELF_SHF_ALLOC = 2,
	ELF_SHF_EXECINSTR = 4,
	ELF_SHF_COMPRESSED = 0x800,
};

struct elf_symbol {
	uint32_t name; /* in the table's string section */
	uint8_t binding, type, visibility;
	uint16_t section;
	uint64_t address, size;
};

enum elf_binding {
	ELF_STB_LOCAL = 0,
	ELF_STB_GLOBAL = 1,
	ELF_STB_WEAK = 2,
};

/* A walk over one symbol table. */
struct elf_symbols {
	struct elf *elf;
	struct elf_section table, strings;
	uint32_t next, count;
	uint32_t entry_bytes;
	uint64_t names_at; /* what of the strings was looked at last */
	uint32_t names_used;
	char names[2048];
};

/* Reads the header. `file` must stay valid while `elf` is used. */
enum elf_status elf_open(struct elf *elf, elf_read_at read_at, void *file, uint64_t size);

/* Any bytes of the file. False where they are not there. */
bool elf_read(const struct elf *elf, void *to, size_t size, uint64_t offset);

/* The header with that index, below segment_count or section_count. False where it is damaged. */
bool elf_segment(struct elf *elf, uint32_t index, struct elf_segment *segment);
bool elf_section(struct elf *elf, uint32_t index, struct elf_section *section);

/* The first section of that name whose bytes (unless NOBITS) lie inside the file. */
bool elf_section_named(struct elf *elf, const char *name, struct elf_section *section);

/* The first segment of a type. */
bool elf_segment_typed(struct elf *elf, uint32_t type, struct elf_segment *segment);

/* Through the loaded segments, executable ones first; as a mapping takes whole pages, so do they
 * (4 KiB at the least). False where no segment has it. */
bool elf_address_of_offset(const struct elf *elf, uint64_t offset, uint64_t *address);
bool elf_offset_of_address(const struct elf *elf, uint64_t address, uint64_t *offset);

/* A string of a section, cut to cap - 1 bytes. Its length, or -1 where there is none. */
int elf_string(const struct elf *elf, const struct elf_section *strings, uint64_t at, char *to,
	size_t cap);

/* The first table of a type (ELF_SHT_SYMTAB, ELF_SHT_DYNSYM); false where there is none. */
bool elf_symbols_begin(struct elf *elf, uint32_t type, struct elf_symbols *symbols);
bool elf_symbols_next(struct elf_symbols *symbols, struct elf_symbol *symbol);
bool elf_symbols_at(struct elf_symbols *symbols, uint32_t index, struct elf_symbol *symbol);

/* Whether it names code or data in memory, as perf chooses: functions, objects, and untyped labels
 * in executable sections; not undefined, absolute, sections, files or thread-local ones, and not
 * the marks between code and data ("$x", "$d.1") of ELF for the Arm architecture. */
bool elf_symbol_is_place(struct elf_symbols *symbols, const struct elf_symbol *symbol);

/* The NT_GNU_BUILD_ID note, cut at ELF_BUILD_ID_MAX. Its size, or 0 where there is none. */
size_t elf_build_id(struct elf *elf, uint8_t to[ELF_BUILD_ID_MAX]);

/* .gnu_debuglink: the name (no slash in it) and the CRC-32 of the debug file. */
bool elf_debug_link(struct elf *elf, char *to, size_t cap, uint32_t *crc);

#endif
