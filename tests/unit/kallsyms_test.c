#include "unit.h"

#include "profile/kallsyms.h"

#include <stdio.h>
#include <string.h>

static struct lines lines;

static void lines_of_kallsyms(void **state)
{
	char text[] = "ffffffff81000000 T _stext";
	char module[] = "ffffffffc0000010 t nft_init\t[nf_tables]";
	struct kallsym symbol;

	(void)state;
	assert_true(kallsyms_line(text, &symbol));
	assert_true(symbol.address == 0xffffffff81000000 && symbol.type == 'T');
	assert_string_equal(symbol.name, "_stext");
	assert_null(symbol.module);
	assert_true(kallsyms_line(module, &symbol));
	assert_string_equal(symbol.name, "nft_init");
	assert_string_equal(symbol.module, "[nf_tables]");
}

static void other_lines_are_refused(void **state)
{
	static const char *const bad[] = { "", "ffffffff81000000", "ffffffff81000000 ",
		"xyz T name", "ffffffff81000000 T ", "ffffffff81000000 T",
		"12345678901234567 T name", "ffffffff81000000  T name" };
	struct kallsym symbol;
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		strcpy(text, bad[i]);
		if (kallsyms_line(text, &symbol))
			fail_msg("'%s' was taken for a symbol", bad[i]);
	}
}

static void modules_have_addresses(void **state)
{
	char text[] = "nf_tables 311296 3 nft_compat,nft_ct, Live 0xffffffffc0a00000 (E)";
	char bad[] = "nf_tables";
	const char *name;
	uint64_t address;

	(void)state;
	assert_true(kallsyms_module_line(text, &name, &address));
	assert_string_equal(name, "nf_tables");
	assert_true(address == 0xffffffffc0a00000);
	assert_false(kallsyms_module_line(bad, &name, &address));
}

static void reference_symbols_are_found(void **state)
{
	static const char text[] =
		"0 A fixed\nffffffff81000000 T _text\nffffffffc0000000 T _etext\t[m]\n";

	(void)state;
	lines_of(&lines, text, sizeof(text) - 1);
	assert_true(kallsyms_find(&lines, "_text") == 0xffffffff81000000);
	lines_of(&lines, text, sizeof(text) - 1);
	assert_int_equal(kallsyms_find(&lines, "_etext"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_kallsyms),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(modules_have_addresses),
		cmocka_unit_test(reference_symbols_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
