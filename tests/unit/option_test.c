#include "base/option.h"

#include "base/message.h"

#include "unit.h"

#include <string.h>

static bool all, inherit, given;
static int verbose;
static const char *output, *graph;
static struct option_list events;
static uint64_t freq, size_bytes, delay_ns;

static const struct option options[] = {
	{ OPTION_FLAG, 'a', "all-cpus", &all, NULL, "all", &given },
	{ OPTION_FLAG, 'i', "inherit", &inherit, NULL, "inherit", NULL },
	{ OPTION_COUNT, 'v', "verbose", &verbose, NULL, "say more", NULL },
	{ OPTION_STRING, 'o', "output", &output, "FILE", "to FILE", NULL },
	{ OPTION_LIST, 'e', "event", &events, "EVENT", "events", NULL },
	{ OPTION_U64, 'F', "freq", &freq, "N", "frequency", NULL },
	{ OPTION_BYTES, 'm', "mmap-pages", &size_bytes, "SIZE", "ring", NULL },
	{ OPTION_SECONDS, 'D', "delay", &delay_ns, "S", "delay", NULL },
	{ OPTION_OPTIONAL, 0, "graph", &graph, "MODE", "graph", NULL },
	{ OPTION_FLAG, 0, "no-buffering", &all, NULL, "a name that begins with no-", NULL },
	{ OPTION_STRING, 0, "overwrite", NULL, "X", "accepted", NULL },
	{ OPTION_END, 0, NULL, NULL, NULL, NULL, NULL },
};

static char *argv[16];

/* Parses "cmd WORDS..." split at spaces. */
static int parse(const char *words, bool stop)
{
	static char line[256];
	int argc = 0;

	all = given = false;
	inherit = true;
	verbose = 0;
	output = graph = NULL;
	events.count = 0;
	freq = size_bytes = delay_ns = 0;
	strcpy(line, words);
	argv[argc++] = "cmd";
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return option_parse(argc, argv, options, "usage\n", stop);
}

static void spellings_of_perf(void **state)
{
	static const char *const same[] = { "-F99", "-F 99", "--freq=99", "--freq 99", "-aF99",
		"--fr 99", "-F 0x63" };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(parse(same[i], false), 0);
		assert_int_equal(freq, 99);
	}
	assert_int_equal(parse("-avv -m 512K -D 0.5", false), 0);
	assert_true(all && given);
	assert_int_equal(verbose, 2);
	assert_int_equal(size_bytes, 512 << 10);
	assert_int_equal(delay_ns, 500000000);
}

static void lists_keep_all_and_strings_the_last(void **state)
{
	(void)state;
	assert_int_equal(parse("-e a -o x --event=b -o y", false), 0);
	assert_int_equal(events.count, 2);
	assert_string_equal(events.at[0], "a");
	assert_string_equal(events.at[1], "b");
	assert_string_equal(output, "y");
}

static void no_clears_a_flag(void **state)
{
	(void)state;
	assert_int_equal(parse("--no-inherit", false), 0);
	assert_false(inherit);
	assert_int_equal(parse("--no-inh", false), 0);
	assert_false(inherit);
	assert_int_equal(parse("--no-buffering", false), 0);
	assert_true(all);
}

static void operands_end_options_when_asked(void **state)
{
	(void)state;
	assert_int_equal(parse("-a gzip -F 1 file", true), 4);
	assert_string_equal(argv[0], "gzip");
	assert_string_equal(argv[3], "file");
	assert_null(argv[4]);
	assert_int_equal(freq, 0);
	assert_int_equal(parse("one -a two -- -v", false), 3);
	assert_string_equal(argv[1], "two");
	assert_string_equal(argv[2], "-v");
	assert_int_equal(parse("-", false), 1);
}

static void an_optional_value_is_joined(void **state)
{
	(void)state;
	assert_int_equal(parse("--graph x", false), 1);
	assert_string_equal(graph, "");
	assert_int_equal(parse("--graph=caller", false), 0);
	assert_string_equal(graph, "caller");
}

static void wrong_ones_are_usage_errors(void **state)
{
	static const char *const bad[] = { "-Z", "--nothing", "-F", "-F x", "--freq=", "-m 1T",
		"-D x", "--o x", "--all-cpus=1", "-o", "--no-freq", "--" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad) - 1; i++)
		if (parse(bad[i], false) != -EXIT_USAGE)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(parse("--", false), 0);
}

static void a_full_list_is_said(void **state)
{
	static char *many[2 * OPTION_LIST_MAX + 4];

	(void)state;
	events.count = 0;
	many[0] = "cmd";
	for (int i = 0; i <= OPTION_LIST_MAX; i++) {
		many[1 + 2 * i] = "-e";
		many[2 + 2 * i] = "x";
	}
	assert_int_equal(option_parse(2 * OPTION_LIST_MAX + 1, many, options, "", false), 0);
	events.count = 0;
	assert_int_equal(
		option_parse(2 * OPTION_LIST_MAX + 3, many, options, "", false), -EXIT_USAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_perf),
		cmocka_unit_test(lists_keep_all_and_strings_the_last),
		cmocka_unit_test(no_clears_a_flag),
		cmocka_unit_test(operands_end_options_when_asked),
		cmocka_unit_test(an_optional_value_is_joined),
		cmocka_unit_test(wrong_ones_are_usage_errors),
		cmocka_unit_test(a_full_list_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
