#include "made.h"

#include "profile/elf.h"

#include <fcntl.h>

static struct elf elf;

static bool read_fd(void *file, void *to, size_t size, uint64_t offset)
{
	return pread(*(int *)file, to, size, (off_t)offset) == (ssize_t)size;
}

static int fd;

static void open_made(const char *name)
{
	struct stat st;

	fd = open(name, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(elf_open(&elf, read_fd, &fd, (uint64_t)st.st_size), ELF_OK);
}

/* One per kind of file that profiles meet; `static` ones hold all of libc. */
static const struct {
	const char *name, *how;
} kinds[] = {
	{ "pie", "gcc -O1 -g made.c -Wl,--build-id" },
	{ "static", "gcc -O1 -static made.c" },
	{ "static-pie", "gcc -O1 -static-pie made.c" },
	{ "no-pie", "gcc -O1 -no-pie made.c -Wl,--build-id=md5" },
	{ "lib", "gcc -O1 -shared -fPIC made.c" },
	{ "clang", "clang -O1 made.c -Wl,--build-id=0x0123456789abcdef" },
	{ "32", "gcc -m32 -O1 -nostdlib -static -Wl,-e,main made.c -Wl,--build-id" },
	{ "cross", "$OTHER-linux-gnu-gcc -O1 made.c" },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static int setup(void **state)
{
	char command[512];

	if (made_begin(state))
		return -1;
	for (size_t i = 0; i < KINDS; i++) {
		snprintf(command, sizeof(command),
			"OTHER=$(uname -m | grep -q x86_64 && echo aarch64 || echo x86_64); %s -o "
			"%s",
			kinds[i].how, kinds[i].name);
		if (system(command))
			return -1;
	}
	return 0;
}

static bool find_symbol(uint64_t address, const char *name)
{
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	char text[256];

	assert_true(elf_symbols_begin(&elf, ELF_SHT_SYMTAB, &symbols));
	while (elf_symbols_next(&symbols, &symbol))
		if (symbol.address == address && elf_symbol_is_place(&symbols, &symbol) &&
			elf_string(&elf, &symbols.strings, symbol.name, text, sizeof(text)) > 0 &&
			!strcmp(text, name))
			return true;
	return false;
}

static int count_code(void)
{
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	int count = 0;

	assert_true(elf_symbols_begin(&elf, ELF_SHT_SYMTAB, &symbols));
	while (elf_symbols_next(&symbols, &symbol))
		if (elf_symbol_is_place(&symbols, &symbol) && symbol.type != 1)
			count++;
	return count;
}

/* nm's list of code without what perf leaves out: labels that are hidden, functions made of
 * nothing. */
static void functions_are_those_of_readelf(void **state)
{
	static const char *const some[] = { "main", "local_fn", "weak_fn", "global_fn",
		"alias_longer_fn", "_alias_fn", "bare_label" };

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		FILE *list =
			made_output("readelf -sW %s | awk '/^Symbol table .\\.symtab/ { on = 1 } "
				    "on && $4 ~ /FUNC/ && $7 != \"UND\" { print $2, $8 }'",
				kinds[i].name);
		unsigned long address;
		char name[256];
		int functions = 0, found = 0;

		open_made(kinds[i].name);
		while (fscanf(list, "%lx %255[^\n@]%*[^\n]", &address, name) >= 2) {
			functions++;
			if (functions < 100 && !find_symbol(address, name))
				fail_msg("%s: %s at %lx was not found", kinds[i].name, name,
					address);
			for (size_t j = 0; j < sizeof(some) / sizeof(*some); j++)
				found += !strcmp(name, some[j]);
		}
		pclose(list);
		assert_int_equal(found, 6);
		assert_in_range(count_code(), functions + 1, functions + functions / 2 + 12);
		close(fd);
	}
}

static void build_ids_are_those_of_readelf(void **state)
{
	uint8_t id[ELF_BUILD_ID_MAX];
	char hex[2 * ELF_BUILD_ID_MAX + 1], line[256];

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		FILE *notes =
			made_output("readelf -nW %s | sed -n 's/.*Build ID: //p'", kinds[i].name);
		size_t size;

		open_made(kinds[i].name);
		size = elf_build_id(&elf, id);
		for (size_t j = 0; j < size; j++)
			snprintf(hex + 2 * j, 3, "%02x", id[j]);
		strcpy(hex + 2 * size, "\n");
		if (!fgets(line, sizeof(line), notes))
			strcpy(line, "\n");
		assert_string_equal(hex, line);
		pclose(notes);
		close(fd);
	}
}

/* Section headers say address and offset of the same byte. */
static void offsets_become_addresses_and_back(void **state)
{
	struct elf_section text;
	uint64_t got;

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		open_made(kinds[i].name);
		assert_true(elf_section_named(&elf, ".text", &text));
		assert_true(elf_address_of_offset(&elf, text.offset + 3, &got));
		assert_int_equal(got, text.address + 3);
		assert_true(elf_offset_of_address(&elf, text.address + 5, &got));
		assert_int_equal(got, text.offset + 5);
		assert_false(elf_address_of_offset(&elf, 1ull << 62, &got));
		close(fd);
	}
}

static void headers_tell_class_and_machine(void **state)
{
	struct elf_segment frame;
	struct elf_section section;

	(void)state;
	open_made("32");
	assert_false(elf.wide);
	assert_int_equal(elf.machine, 3);
	close(fd);
	open_made("cross");
	assert_true(elf.wide && (elf.machine == 183 || elf.machine == 62));
	close(fd);
	open_made("pie");
	assert_true(elf_segment_typed(&elf, ELF_PT_GNU_EH_FRAME, &frame));
	assert_true(elf_section_named(&elf, ".eh_frame_hdr", &section));
	assert_int_equal(frame.offset, section.offset);
	assert_int_equal(frame.file_bytes, section.bytes);
	close(fd);
}

static void debug_links_name_and_crc(void **state)
{
	char name[64];
	uint32_t crc;

	(void)state;
	made_run("cp pie linked && objcopy --only-keep-debug linked linked.debug && "
		 "objcopy --strip-all --add-gnu-debuglink=linked.debug linked");
	open_made("linked");
	assert_true(elf_debug_link(&elf, name, sizeof(name), &crc));
	assert_string_equal(name, "linked.debug");
	made_run("test %u = $(python3 -c 'import zlib; "
		 "print(zlib.crc32(open(\"linked.debug\", \"rb\").read()))')",
		crc);
	assert_false(elf_debug_link(&elf, name, 8, &crc));
	close(fd);
	open_made("pie");
	assert_false(elf_debug_link(&elf, name, sizeof(name), &crc));
	close(fd);
}

struct bytes {
	uint8_t *at;
	size_t size;
};

static bool read_bytes(void *file, void *to, size_t size, uint64_t offset)
{
	const struct bytes *bytes = file;

	if (offset > bytes->size || size > bytes->size - offset)
		return false;
	memcpy(to, bytes->at + offset, size);
	return true;
}

static enum elf_status use_all(struct bytes *bytes, uint64_t claimed)
{
	enum elf_status status = elf_open(&elf, read_bytes, bytes, claimed);
	uint8_t id[ELF_BUILD_ID_MAX];
	struct elf_symbols symbols;
	struct elf_symbol symbol;
	struct elf_section section;
	uint64_t address;
	char name[64];
	uint32_t crc;

	if (status != ELF_OK)
		return status;
	elf_build_id(&elf, id);
	elf_debug_link(&elf, name, sizeof(name), &crc);
	elf_section_named(&elf, ".eh_frame", &section);
	elf_address_of_offset(&elf, 0x1000, &address);
	for (int table = 0; table < 2; table++)
		if (elf_symbols_begin(&elf, table ? ELF_SHT_DYNSYM : ELF_SHT_SYMTAB, &symbols))
			while (elf_symbols_next(&symbols, &symbol))
				if (elf_symbol_is_place(&symbols, &symbol))
					elf_string(&elf, &symbols.strings, symbol.name, name,
						sizeof(name));
	return status;
}

/* The reader is told the true size, then the old one, as after a truncation under its hands. */
static void truncations_at_every_byte(void **state)
{
	struct stat st;
	struct bytes whole, cut;

	(void)state;
	made_run("gcc -m32 -Os -nostdlib -static -Wl,-e,main,--build-id,-z,noseparate-code made.c "
		 "-o small");
	open_made("small");
	assert_int_equal(fstat(fd, &st), 0);
	whole.size = (size_t)st.st_size;
	whole.at = malloc(whole.size);
	assert_int_equal(read(fd, whole.at, whole.size), st.st_size);
	close(fd);
	assert_int_equal(use_all(&whole, whole.size), ELF_OK);
	for (size_t size = 0; size < whole.size; size++) {
		cut.at = malloc(size + 1);
		cut.size = size;
		memcpy(cut.at, whole.at, size);
		assert_int_equal(use_all(&cut, size), size < 16	  ? ELF_NOT_ELF
						      : size < 52 ? ELF_DAMAGED
								  : ELF_OK);
		use_all(&cut, whole.size);
		free(cut.at);
	}
	whole.at[5] = 2;
	assert_int_equal(use_all(&whole, whole.size), ELF_BIG_ENDIAN);
	whole.at[5] = 7;
	assert_int_equal(use_all(&whole, whole.size), ELF_DAMAGED);
	free(whole.at);
}

/* Headers that claim what a file cannot hold. */
static void lies_are_not_believed(void **state)
{
	uint8_t file[256] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 2, [18] = 62 };
	struct bytes bytes = { file, sizeof(file) };

	(void)state;
	memset(file + 32, 0xff, 16); /* both tables at the end of the world */
	file[54] = 56;
	file[56] = 0xff, file[57] = 0xff;
	file[58] = 64;
	file[60] = 0, file[62] = 0xff, file[63] = 0xff;
	assert_int_equal(use_all(&bytes, sizeof(file)), ELF_OK);
	assert_int_equal(use_all(&bytes, UINT64_MAX), ELF_NOT_ELF);
	/* the table of sections lies over the header and claims 2^63 of them */
	memset(file + 40, 0, 8);
	file[40] = 64;
	memset(file + 64 + 32, 0x7f, 8);
	assert_int_equal(use_all(&bytes, sizeof(file)), ELF_OK);
	assert_int_equal(use_all(&bytes, 1ull << 40), ELF_NOT_ELF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_those_of_readelf),
		cmocka_unit_test(build_ids_are_those_of_readelf),
		cmocka_unit_test(offsets_become_addresses_and_back),
		cmocka_unit_test(headers_tell_class_and_machine),
		cmocka_unit_test(debug_links_name_and_crc),
		cmocka_unit_test(truncations_at_every_byte),
		cmocka_unit_test(lies_are_not_believed),
	};

	return cmocka_run_group_tests(tests, setup, made_end);
}
