#include "profile/demangle.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static char text[DEMANGLE_BYTES];

static void reads(const char *name, int flags, const char *expected)
{
	assert_int_equal(demangle_as(text, sizeof(text), name, flags), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_schemes(void **state)
{
	(void)state;
	reads("_ZNSt6vectorIiSaIiEE9push_backEOi", 0,
		"std::vector<int, std::allocator<int> >::push_back");
	reads("_ZNSt6vectorIiSaIiEE9push_backEOi", DEMANGLE_PARAMETERS,
		"std::vector<int, std::allocator<int> >::push_back(int&&)");
	reads("_ZN3foo3bar17h0123456789abcdefE", 0, "foo::bar");
	reads("_ZN3foo3bar17h0123456789abcdefE", DEMANGLE_VERBOSE, "foo::bar::h0123456789abcdef");
	reads("_RNvCs1234_7mycrate3foo", 0, "mycrate::foo");
	reads("_RNvCs1234_7mycrate3foo", DEMANGLE_VERBOSE, "mycrate[3c1c0]::foo");
	reads("_ZN3foo3bar17h0123456789abcdefE.llvm.42", 0, "foo::bar");
}

static void test_what_is_no_mangled_name_stays(void **state)
{
	static const char *const names[] = { "", "_", "main", "Z3foov", "_start",
		"__libc_start_main", "_Z", "_ZN", "_Z99f", "_Z99999999999999999999f", "_R", "_Rust",
		"_GLOBAL_", "_GLOBAL_.", "_GLOBAL_.I", "_GLOBAL_OFFSET_TABLE_",
		"_ZN17h0123456789abcdef" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		strcpy(text, "untouched");
		assert_int_equal(demangle(text, sizeof(text), names[i]), 0);
		assert_string_equal(text, "");
	}
	assert_int_equal(demangle(text, 0, "_Z1fv"), 0);
}

static void test_what_does_not_fit_is_cut_and_says_so(void **state)
{
	char small[12];

	(void)state;
	assert_int_equal(demangle(small, sizeof(small), "_ZN6abcdef4ghijE"), 11);
	assert_string_equal(small, "abcdef::...");
	assert_int_equal(demangle(small, sizeof(small), "_ZN5abcde4ghijE"), 11);
	assert_string_equal(small, "abcde::ghij");
	for (size_t cap = 1; cap < sizeof(small); cap++) {
		memset(small, '#', sizeof(small));
		assert_true(demangle(small, cap, "_ZN6abcdef4ghijE") < cap);
		assert_int_equal(strnlen(small, cap) < cap, 1);
		assert_int_equal(small[cap], '#');
	}
}

/* Each type holds the one before it twice: 2^30 of them if it were all written. */
static void test_a_name_that_expands_without_end_is_cut(void **state)
{
	char name[4096] = "_Z1f1AIiE";
	size_t length = strlen(name);

	(void)state;
	for (int i = 0; i < 30; i++) {
		char of = (char)(i < 10 ? '0' + i : 'A' + i - 10);

		length += (size_t)sprintf(name + length, "S_IS%c_S%c_E", of, of);
	}
	assert_int_equal(
		demangle_as(text, sizeof(text), name, DEMANGLE_PARAMETERS), sizeof(text) - 1);
	assert_string_equal(text + sizeof(text) - 4, "...");
}

static void deep(const char *start, const char *part, size_t count, const char *end)
{
	static char name[300000];
	size_t length = strlen(start), size = strlen(part);

	strcpy(name, start);
	for (size_t i = 0; i < count; i++, length += size)
		memcpy(name + length, part, size);
	strcpy(name + length, end);
	demangle_as(text, sizeof(text), name, DEMANGLE_PARAMETERS);
	assert_true(strlen(text) < sizeof(text));
}

static void test_depth_is_bounded(void **state)
{
	static const char *const parts[] = { "P", "K", "A_", "F", "M", "N", "Z1f", "1AI", "T_I",
		"DTad", "XcvT_", "Dp", "Li", "UlT_", "cvT_I", "fL", "C", "U1a", "Dv_", "sr",
		"L_Z1f", "I", "TA", "_" };
	static const char *const rust[] = { "I", "NvC1a", "R", "T", "A", "FE", "B_", "M", "Y", "D",
		"KB_", "GZ_", "DG" };

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		deep("_Z1fIiEv", parts[i], 40000, "");
	for (size_t i = 0; i < sizeof(rust) / sizeof(*rust); i++)
		deep("_RINvC1a1f", rust[i], 40000, "E");
	deep("_ZN1AcvT_I", "T_", 1, "EEv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_what_is_no_mangled_name_stays),
		cmocka_unit_test(test_what_does_not_fit_is_cut_and_says_so),
		cmocka_unit_test(test_a_name_that_expands_without_end_is_cut),
		cmocka_unit_test(test_depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
