#include "made.h"

#include "profile/cfi.h"
#include "profile/elf.h"

#include <ctype.h>
#include <fcntl.h>

static struct elf elf;
static struct cfi_row row;
static int fd;

static bool read_fd(void *file, void *to, size_t size, uint64_t offset)
{
	return pread(*(int *)file, to, size, (off_t)offset) == (ssize_t)size;
}

/* One per kind of file; `static` ones hold all of libc. */
static const struct {
	const char *name, *how;
	bool debug; /* .debug_frame only */
} kinds[] = {
	{ "pie", "gcc -O2 made.c", false },
	{ "static", "gcc -O1 -static made.c", false },
	{ "32", "gcc -m32 -O1 -nostdlib -static -Wl,-e,main -fasynchronous-unwind-tables made.c",
		false },
	{ "arm", "aarch64-linux-gnu-gcc -O2 -static made.c", false },
	{ "x86", "x86_64-linux-gnu-gcc -O2 made.c", false },
	{ "debug", "gcc -O2 -g -c -fno-asynchronous-unwind-tables -fno-unwind-tables made.c",
		true },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static int setup(void **state)
{
	if (made_begin(state))
		return -1;
	for (size_t i = 0; i < KINDS; i++) {
		char command[256];

		snprintf(command, sizeof(command), "%s -o %s", kinds[i].how, kinds[i].name);
		if (!kinds[i].debug && system(command))
			return -1;
	}
	/* linked, so that its addresses are what they are relocated to */
	return system("gcc -O2 -g -nostdlib -static -fno-asynchronous-unwind-tables "
		      "-fno-unwind-tables -Wl,-e,main made.c -o debug");
}

static const struct arch_frames *frames_of(void)
{
	return elf.machine == 183 ? arch_arm64.frames
	       : elf.wide	  ? arch_x86_64.frames
				  : arch_x86_64.frames_32;
}

static void open_cfi(struct cfi *cfi, size_t kind)
{
	struct elf_section section;
	struct elf_segment header;
	struct stat st;

	fd = open(kinds[kind].name, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(elf_open(&elf, read_fd, &fd, (uint64_t)st.st_size), ELF_OK);
	*cfi = (struct cfi){ .read_at = read_fd, .file = &fd, .frames = frames_of() };
	assert_true(elf_section_named(
		&elf, kinds[kind].debug ? ".debug_frame" : ".eh_frame", &section));
	cfi->debug = kinds[kind].debug;
	if (!kinds[kind].debug && elf_segment_typed(&elf, ELF_PT_GNU_EH_FRAME, &header)) {
		assert_true(cfi_header(cfi, header.offset, header.file_bytes, header.address));
		assert_int_equal(cfi->address, section.address);
	}
	cfi->address = kinds[kind].debug ? 0 : section.address;
	cfi->offset = section.offset;
	cfi->bytes = section.bytes;
}

/* As linkers do it for .eh_frame_hdr. */
static int by_start(const void *left, const void *right)
{
	const struct cfi_entry *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void make_index(struct cfi *cfi)
{
	static struct cfi_entry entries[65536];
	uint32_t count = cfi_list(cfi, &row, entries, 65536);

	assert_in_range(count, 1, 65536);
	qsort(entries, count, sizeof(*entries), by_start);
	cfi->entries = entries;
	cfi->count = count;
}

/* readelf's name of a register, or of the return address. */
static unsigned reg_of(const struct cfi *cfi, const char *name)
{
	const struct arch *arch = elf.machine == 183 ? &arch_arm64 : &arch_x86_64;
	char upper[8] = { 0 };

	if (!strcmp(name, "ra"))
		return row.return_reg;
	if (elf.machine == 183)
		return name[0] == 'x'	    ? (unsigned)atoi(name + 1)
		       : strcmp(name, "sp") ? ARCH_REGS
					    : arch_arm64.frames->sp;
	for (int i = 0; i < 7 && name[i]; i++)
		upper[i] = (char)toupper(name[i]);
	for (unsigned r = 0; r < arch->reg_count && r < ARCH_REGS; r++)
		if (arch->regs[r] &&
			(!strcmp(arch->regs[r], upper) || !strcmp(arch->regs[r], upper + 1)))
			return r;
	(void)cfi;
	return ARCH_REGS;
}

static void check_cell(const struct cfi *cfi, uint64_t pc, const char *name, const char *cell)
{
	const char *sign = strpbrk(cell, "+-");
	unsigned reg = reg_of(cfi, name);
	const struct cfi_rule *rule = &row.reg[reg < ARCH_REGS ? reg : 0];

	if (!strcmp(name, "CFA") && strcmp(cell, "exp")) {
		char text[16];

		snprintf(text, sizeof(text), "%.*s", (int)(sign - cell), cell);
		if (row.cfa.kind != CFI_IS || row.cfa.reg != reg_of(cfi, text) ||
			row.cfa.offset != atoi(sign))
			fail_msg("%#llx: CFA %s", (unsigned long long)pc, cell);
		return;
	}
	if (!strcmp(name, "CFA"))
		assert_int_equal(row.cfa.kind, CFI_IS_EXPRESSION);
	else if (reg < ARCH_REGS && *cell == 'c' &&
		 (rule->kind != CFI_AT || rule->offset != atoi(sign)))
		fail_msg("%#llx: %s %s", (unsigned long long)pc, name, cell);
	else if (reg < ARCH_REGS && !strcmp(cell, "exp"))
		assert_int_equal(rule->kind, CFI_AT_EXPRESSION);
}

/* How many rows of readelf's were found and the same. */
static uint32_t compare_rows(const struct cfi *cfi, const char *name)
{
	FILE *rows = made_output("readelf -wN --debug-dump=frames-interp %s 2>/dev/null", name);
	char line[512], *columns[40], *save, head[512] = "", copy[512];
	uint32_t checked = 0;
	uint64_t end = 0;

	while (fgets(line, sizeof(line), rows)) {
		int count = 0, at = 0;
		uint64_t pc;

		if (strstr(line, "LOC")) {
			strcpy(head, line);
			continue;
		}
		if (strstr(line, "pc=")) /* a row may begin where its FDE ends */
			end = strtoull(strstr(line, "..") + 2, NULL, 16);
		if (strspn(line, "0123456789abcdef") < 8 || strstr(line, "FDE") ||
			strstr(line, "CIE") || strstr(line, "ZERO"))
			continue;
		pc = strtoull(line, NULL, 16);
		if (!pc || pc >= end || cfi_find(cfi, pc, &row) != CFI_OK)
			continue; /* the rows of a CIE itself */
		strcpy(copy, head);
		strtok_r(copy, " \n", &save);
		for (char *c; count < 40 && (c = strtok_r(NULL, " \n", &save));)
			columns[count++] = c;
		strtok_r(line, " \n", &save);
		for (char *c; at < count && (c = strtok_r(NULL, " \n", &save));)
			if (*c != '(') /* "r9 (r9)" is one cell */
				check_cell(cfi, pc, columns[at++], c);
		checked++;
	}
	pclose(rows);
	return checked;
}

static void rows_are_readelfs(void **state)
{
	static const uint32_t least[KINDS] = { 4, 5000, 1, 5000, 4, 1 };
	struct cfi cfi;

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		uint32_t rows;

		open_cfi(&cfi, i);
		if (!cfi.count)
			make_index(&cfi);
		rows = compare_rows(&cfi, kinds[i].name);
		if (rows < least[i])
			fail_msg("%s: %u rows", kinds[i].name, rows);
		close(fd);
	}
}

/* A section without its table tells the same. */
static void lists_are_the_table(void **state)
{
	struct cfi with, without;
	uint32_t pair[2];

	(void)state;
	open_cfi(&with, 0);
	without = with;
	assert_true(with.count > 3);
	make_index(&without);
	assert_in_range(without.count, with.count, with.count);
	for (uint32_t i = 0; i < with.count; i++) {
		assert_true(read_fd(&fd, pair, sizeof(pair), with.table_offset + i * 8));
		assert_int_equal(
			without.entries[i].start, with.table_address + (uint64_t)(int32_t)pair[0]);
	}
	close(fd);
}

/* Where code has frame information, reading the code itself mostly comes to the same frame. */
static void prologues_are_the_rows(void **state)
{
	static uint8_t code[4096];
	uint32_t same, all;
	struct cfi cfi;
	uint64_t offset;

	(void)state;
	for (size_t i = 1; i <= 3; i += 2) {
		const char *name = kinds[i].name;

		same = all = 0;
		open_cfi(&cfi, i);
		make_index(&cfi);
		for (uint32_t k = 0; k < cfi.count; k++) {
			uint64_t start = cfi.entries[k].start;
			struct arch_prologue p;

			if (!elf_offset_of_address(&elf, start, &offset) ||
				!elf_read(&elf, code, sizeof(code), offset))
				continue;
			for (uint64_t by = 0; by < 200; by += 4) {
				if (cfi_find(&cfi, start + by, &row) != CFI_OK ||
					row.cfa.kind != CFI_IS || row.cfa.reg != cfi.frames->sp ||
					!cfi.frames->prologue(code, by, &p))
					continue;
				all++;
				same += p.frame_bytes == (uint32_t)row.cfa.offset;
			}
		}
		if (all < 5000 || same < all / 100 * 75)
			fail_msg("%s: %u of %u", name, same, all);
		print_message("%s: %u of %u\n", name, same, all);
		close(fd);
	}
}

/* Sections that lie: nothing is found, and nothing happens. */
static struct span made_up;

static bool read_span(void *file, void *to, size_t size, uint64_t offset)
{
	(void)file;
	if (offset > span_left(&made_up) || size > span_left(&made_up) - offset)
		return false;
	memcpy(to, made_up.at + offset, size);
	return true;
}

#define CIE 0x0d, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0
static const struct {
	uint8_t bytes[64], size;
} lies[] = {
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 12 },
	{ { 0xf0, 0xff, 0xff, 0x7f, 0, 0, 0, 0 }, 8 }, { { 0, 0, 0, 0 }, 4 },
	{ { 4, 0, 0, 0, 4, 0, 0, 0 }, 8 },    /* an FDE that is its own CIE */
	{ { 4, 0, 0, 0, 0, 0, 0, 0x80 }, 8 }, /* its CIE far away */
	{ { CIE, 0x18, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80 }, 33 }, /* cut */
};

static void lies_are_none(void **state)
{
	struct cfi_entry entries[8];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		struct cfi cfi = {
			.read_at = read_span, .bytes = lies[i].size, .frames = arch_x86_64.frames
		};

		made_up = span_of(lies[i].bytes, lies[i].size);
		assert_int_equal(cfi_list(&cfi, &row, entries, 8), 0);
		cfi.entries = entries;
		cfi.count = 1;
		for (uint64_t at = 0; at < 40; at += 4) {
			entries[0] = (struct cfi_entry){ 0, at };
			assert_int_not_equal(cfi_find(&cfi, 1, &row), CFI_OK);
		}
		entries[0].at = UINT64_MAX;
		assert_int_not_equal(cfi_find(&cfi, 1, &row), CFI_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_readelfs),
		cmocka_unit_test(lists_are_the_table),
		cmocka_unit_test(prologues_are_the_rows),
		cmocka_unit_test(lies_are_none),
	};

	return cmocka_run_group_tests(tests, setup, made_end);
}
