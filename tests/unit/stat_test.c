#include "view/stat.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What perf 6.1 printed for such counts: hardware events, which not every machine has. */

static struct event_list list;
static struct stat_cell cells[64];
static struct stat_sheet sheet;
static struct out out;
static char printed[16384];

static void begin(const char *events, uint32_t columns)
{
	static const int32_t cpus[] = { 0, 1 };
	struct event_error error;

	list.count = 0;
	if (event_parse(&list, events, NULL, &error))
		fail_msg("%s: %s", events, error.text);
	memset(cells, 0, sizeof(cells));
	sheet = (struct stat_sheet){ .events = &list,
		.cells = cells,
		.columns = columns,
		.cpus = columns > 1 ? cpus : NULL,
		.subject = "'true'",
		.runs = 1,
		.wall_ns = 2e6,
		.separator = "," };
}

static void count(int index, double value)
{
	cells[index] = (struct stat_cell){ COUNT_DONE, value, 1e6, 1e6, 0 };
}

static const char *print(void (*view)(struct out *, const struct stat_sheet *))
{
	int fd = memfd_create("stat", 0);
	ssize_t size;

	out_begin(&out, fd);
	view(&out, &sheet);
	assert_int_equal(out_flush(&out), 0);
	size = pread(fd, printed, sizeof(printed) - 1, 0);
	assert_true(size >= 0);
	printed[size] = 0;
	close(fd);
	return printed;
}

static void hardware_figures_in_text(void **state)
{
	(void)state;
	begin("task-clock,cycles,instructions,branches,branch-misses,stalled-cycles-frontend,"
	      "cache-misses,cache-references,L1-dcache-loads,L1-dcache-load-misses,page-faults",
		1);
	count(0, 1);
	count(1, 3000000);
	count(2, 1500000);
	count(3, 500000);
	count(4, 5000);
	count(5, 600000);
	count(6, 100);
	count(7, 800);
	count(8, 700000);
	count(9, 7000);
	count(10, 50);
	assert_string_equal(print(stat_text), "\n"
					      " Performance counter stats for 'true':\n"
					      "\n"
					      "              1.00 msec task-clock                  "
					      "     #    0.500 CPUs utilized  "
					      "        \n"
					      "           3000000      cycles                      "
					      "     #    3.000 GHz            "
					      "        \n"
					      "           1500000      instructions                "
					      "     #    0.50  insn per cycle "
					      "        \n"
					      "                                                  # "
					      "   0.40  stalled cycles per insn\n"
					      "            500000      branches                    "
					      "     #  500.000 M/sec          "
					      "        \n"
					      "              5000      branch-misses               "
					      "     #    1.00% of all branches"
					      "        \n"
					      "            600000      stalled-cycles-frontend     "
					      "     #   20.00% frontend cycles"
					      " idle   \n"
					      "               100      cache-misses                "
					      "     #   12.500 % of all cache "
					      "refs    \n"
					      "               800      cache-references            "
					      "     #  800.000 K/sec          "
					      "        \n"
					      "            700000      L1-dcache-loads             "
					      "     #  700.000 M/sec          "
					      "        \n"
					      "              7000      L1-dcache-load-misses       "
					      "     #    1.00% of all L1-dcach"
					      "e accesses\n"
					      "                50      page-faults                 "
					      "     #   50.000 K/sec          "
					      "        \n"
					      "\n"
					      "       0.002000000 seconds time elapsed\n"
					      "\n");
}

static void further_metrics_have_lines_of_their_own(void **state)
{
	(void)state;
	begin("instructions,cycles,stalled-cycles-backend", 2);
	for (int i = 0; i < 6; i++)
		count(i, i < 2 ? 100 : 200);
	assert_string_equal(print(stat_csv),
		"CPU0,100,,instructions,1000000,100.00,0.50,insn per cycle\n"
		"CPU0,,,,,,2.00,stalled cycles per insn\n"
		"CPU1,100,,instructions,1000000,100.00,0.50,insn per cycle\n"
		"CPU1,,,,,,2.00,stalled cycles per insn\n"
		"CPU0,200,,cycles,1000000,100.00,,\n"
		"CPU1,200,,cycles,1000000,100.00,,\n"
		"CPU0,200,,stalled-cycles-backend,1000000,100.00,100.00,"
		"backend cycles idle\n"
		"CPU1,200,,stalled-cycles-backend,1000000,100.00,100.00,"
		"backend cycles idle\n");
	assert_non_null(strstr(print(stat_json),
		"\"metric-value\" : 0.500000, \"metric-unit\" : \"insn per cycle\"}\n"
		"{\"cpu\" : \"0\", \"metric-value\" : 2.000000, \"metric-unit\" : "
		"\"stalled cycles per insn\"}\n"));
	assert_non_null(strstr(print(stat_text),
		"\nCPU0                                                                 #    2.00  "
		"stalled cycles per insn\n"));
}

static void levels_are_not_mixed(void **state)
{
	(void)state;
	begin("cycles:k,instructions:u,cycles:u", 1);
	count(0, 1000);
	count(1, 100);
	count(2, 50);
	assert_non_null(
		strstr(print(stat_csv), "instructions:u,1000000,100.00,2.00,insn per cycle\n"));
}

static void shared_and_missing_counts_are_marked(void **state)
{
	(void)state;
	begin("cycles,instructions,branches", 1);
	count(0, 4000);
	cells[0].running_ns = 250000;
	cells[1].state = COUNT_UNSUPPORTED;
	cells[2] = (struct stat_cell){ COUNT_NEVER, 0, 1e6, 0, 0 };
	print(stat_text);
	assert_non_null(strstr(printed, "              4000      cycles                            "
					"                         "
					"          (25.00%)\n"));
	assert_non_null(strstr(printed, "   <not supported>      instructions                      "
					"                         "
					" \n"));
	assert_non_null(strstr(printed, "     <not counted>      branches                          "
					"                         "
					"   (0.00%)\n"));
	assert_string_equal(print(stat_csv), "4000,,cycles,250000,25.00,,\n"
					     "<not supported>,,instructions,0,100.00,,\n"
					     "<not counted>,,branches,0,0.00,,\n");
}

static void names_from_outside_are_escaped(void **state)
{
	(void)state;
	begin("cs", 1);
	count(0, 1);
	strcpy(list.at[0].name, "a\"\033[31m");
	assert_null(strchr(print(stat_text), '\033'));
	assert_null(strchr(print(stat_csv), '\033'));
	assert_non_null(strstr(print(stat_json), "\"event\" : \"a\\\"\\u001b[31m\""));
}

static void runs_show_their_noise(void **state)
{
	static const struct {
		double deviation_ns;
		const char *line;
	} rows[] = {
		{ 448e2, "         0.0020000 +- 0.0000448 seconds time elapsed  ( +-  2.24% )\n" },
		{ 3e9, "              0.00 +- 3.00 seconds time elapsed  ( +-150000.00% )\n" },
		{ 0, "              0.00 +- 0.00 seconds time elapsed\n" },
	};

	(void)state;
	begin("cs,faults", 1);
	count(0, 5);
	count(1, 7);
	sheet.runs = 3;
	cells[0].noise_percent = 12.3456;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sheet.wall_deviation_ns = rows[i].deviation_ns;
		print(stat_text);
		assert_non_null(strstr(printed, "'true' (3 runs):\n"));
		assert_non_null(strstr(printed, "  ( +- 12.35% )\n"));
		if (!strstr(printed, rows[i].line))
			fail_msg("%s", printed);
	}
	assert_string_equal(print(stat_csv), "5,,cs,12.35%,1000000,100.00,,\n"
					     "7,,faults,0.00%,1000000,100.00,,\n");
	assert_non_null(strstr(print(stat_json), "\"event\" : \"cs\", \"variance\" : 12.35, "));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardware_figures_in_text),
		cmocka_unit_test(further_metrics_have_lines_of_their_own),
		cmocka_unit_test(levels_are_not_mixed),
		cmocka_unit_test(shared_and_missing_counts_are_marked),
		cmocka_unit_test(names_from_outside_are_escaped),
		cmocka_unit_test(runs_show_their_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
