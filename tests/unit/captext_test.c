#include "access/captext.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

#define LAST 40

static const struct {
	const char *text;
	uint64_t effective, permitted, inheritable;
	const char *canonical;
} valid[] = {
	{ "", 0, 0, 0, "=" },
	{ "all=", 0, 0, 0, "=" },
	{ "cap_perfmon,cap_sys_ptrace,cap_syslog=ep", 0x4400080000, 0x4400080000, 0,
		"cap_sys_ptrace,cap_syslog,cap_perfmon=ep" },
	{ "38,cap_ipc_lock=ep", 0x4000004000, 0x4000004000, 0, "cap_ipc_lock,cap_perfmon=ep" },
	{ "cap_chown=p 41+e", 1ull << 41, 1, 0, "cap_chown=p 41+e" },
	{ "63=ep", 1ull << 63, 1ull << 63, 0, "= 63+ep" },
	{ "=ep 0=ie", 0x1ffffffffff, 0x1fffffffffe, 1, "=ep cap_chown+i-p" },
	{ "cap_fowner+p-i 010=i", 0, 1 << 3, 1 << 8, "cap_setpcap=i cap_fowner+p" },
	{ "63,all=p", 0, 0x1ffffffffff, 0, "=p" },
	{ "\tAll=p-p+e\n", 0x1ffffffffff, 0, 0, "=e" },
};

static void texts_become_sets_and_canonical_texts(void **state)
{
	char text[CAPTEXT_BYTES];
	struct captext_error error;
	struct caps caps;

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		assert_int_equal(captext_parse(valid[i].text, LAST, &caps, &error), 0);
		assert_true(caps.effective == valid[i].effective);
		assert_true(caps.permitted == valid[i].permitted);
		assert_true(caps.inheritable == valid[i].inheritable);
		assert_int_equal(
			captext_print(text, sizeof(text), &caps, LAST), strlen(valid[i].canonical));
		assert_string_equal(text, valid[i].canonical);
	}
}

static void an_error_points_into_the_text(void **state)
{
	static const struct {
		const char *text, *at;
	} wrong[] = {
		{ "cap_chown=p bogus=e", "bogus=e" },
		{ "cap_chown", "" },
		{ "cap_chown+", "" },
		{ "cap_chown=px", "x" },
		{ "=p+e", "+e" },
		{ "all,=p", "=p" },
		{ "64=p", "64=p" },
		{ "+p", "+p" },
	};
	struct captext_error error;
	struct caps caps;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(captext_parse(wrong[i].text, LAST, &caps, &error), -EINVAL);
		assert_string_equal(error.at, wrong[i].at);
		assert_non_null(error.why);
	}
}

static void all_is_what_the_kernel_knows(void **state)
{
	char text[CAPTEXT_BYTES];
	struct captext_error error;
	struct caps caps;

	(void)state;
	assert_int_equal(captext_parse("all=p", 37, &caps, &error), 0);
	assert_true(caps.permitted == 0x3fffffffff);
	assert_int_equal(captext_parse("=p cap_perfmon+p", 37, &caps, &error), 0);
	captext_print(text, sizeof(text), &caps, 37);
	assert_string_equal(text, "=p cap_perfmon+p");
	assert_int_equal(captext_parse("all=p", 63, &caps, &error), 0);
	assert_true(caps.permitted == UINT64_MAX);
	captext_print(text, sizeof(text), &caps, 63);
	assert_string_equal(text, "=p");
}

static void prints_cut_at_the_room_there_is(void **state)
{
	char text[8] = "xxxxxxx";
	struct caps caps = { .effective = 1, .permitted = 1 };

	(void)state;
	assert_int_equal(captext_print(text, 6, &caps, LAST), 12);
	assert_string_equal(text, "cap_c");
	assert_int_equal(text[6], 'x');
	assert_int_equal(captext_print(NULL, 0, &caps, LAST), 12);
}

/* Eight groups, every name and number: the longest there is. */
static void the_longest_text_has_room(void **state)
{
	struct caps caps = { .effective = 0xaaaaaaaaaaaaaaaa,
		.permitted = 0xcccccccccccccccc,
		.inheritable = 0xf0f0f0f0f0f0f0f0 };
	struct caps_iab iab = { UINT64_MAX, 0, UINT64_MAX };

	(void)state;
	assert_true(captext_print(NULL, 0, &caps, LAST) < CAPTEXT_BYTES);
	assert_true(captext_print_iab(NULL, 0, &iab, 63) < CAPTEXT_BYTES);
	assert_true(caps_list(NULL, 0, UINT64_MAX) < CAPTEXT_BYTES);
}

static void iab_tuples(void **state)
{
	static const struct {
		const char *text;
		struct caps_iab iab;
		const char *canonical;
	} tuples[] = {
		{ "", { 0, 0, 0 }, "" },
		{ "!", { 0, 0, 0 }, "" },
		{ "^cap_perfmon", { 0x4000000000, 0x4000000000, 0 }, "^cap_perfmon" },
		{ "%cap_chown,", { 1, 0, 0 }, "cap_chown" },
		{ "!%cap_chown", { 1, 0, 1 }, "!%cap_chown" },
		{ "!cap_chown,^0", { 1, 1, 1 }, "!^cap_chown" },
		{ "cap_setuid,!cap_chown", { 0x80, 0, 1 }, "!cap_chown,cap_setuid" },
	};
	struct captext_error error;
	struct caps_iab iab;
	char text[CAPTEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(tuples) / sizeof(tuples[0]); i++) {
		assert_int_equal(captext_parse_iab(tuples[i].text, &iab, &error), 0);
		assert_memory_equal(&iab, &tuples[i].iab, sizeof(iab));
		captext_print_iab(text, sizeof(text), &iab, LAST);
		assert_string_equal(text, tuples[i].canonical);
	}
	assert_int_equal(captext_parse_iab("^all", &iab, &error), -EINVAL);
	assert_int_equal(captext_parse_iab("cap_chown cap_kill", &iab, &error), -EINVAL);
	assert_int_equal(captext_parse_iab(",cap_chown", &iab, &error), -EINVAL);
}

static void lists(void **state)
{
	struct captext_error error;
	uint64_t set;
	char text[64];

	(void)state;
	assert_int_equal(captext_parse_list("cap_perfmon,CAP_SYSLOG,0", LAST, &set, &error), 0);
	assert_true(set == 0x4400000001);
	caps_list(text, sizeof(text), set | 1ull << 60);
	assert_string_equal(text, "cap_chown,cap_syslog,cap_perfmon,60");
	assert_int_equal(captext_parse_list("", LAST, &set, &error), -EINVAL);
	assert_int_equal(captext_parse_list("cap_chown=p", LAST, &set, &error), -EINVAL);
}

static void numbers_in_three_bases(void **state)
{
	(void)state;
	assert_int_equal(cap_number("38", 2), CAP_PERFMON);
	assert_int_equal(cap_number("0x26", 4), CAP_PERFMON);
	assert_int_equal(cap_number("046", 3), CAP_PERFMON);
	assert_int_equal(cap_number("CAP_Perfmon", 11), CAP_PERFMON);
	assert_int_equal(cap_number("63", 2), 63);
	assert_int_equal(cap_number("64", 2), -EINVAL);
	assert_int_equal(cap_number("0x", 2), -EINVAL);
	assert_int_equal(cap_number("08", 2), -EINVAL);
	assert_int_equal(cap_number("99999999999999999999", 20), -EINVAL);
	assert_int_equal(cap_number("", 0), -EINVAL);
	assert_int_equal(cap_number("cap_chow", 8), -EINVAL);
	assert_null(cap_name(41));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_sets_and_canonical_texts),
		cmocka_unit_test(an_error_points_into_the_text),
		cmocka_unit_test(all_is_what_the_kernel_knows),
		cmocka_unit_test(prints_cut_at_the_room_there_is),
		cmocka_unit_test(the_longest_text_has_room),
		cmocka_unit_test(iab_tuples),
		cmocka_unit_test(lists),
		cmocka_unit_test(numbers_in_three_bases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
