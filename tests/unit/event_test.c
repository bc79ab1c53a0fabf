#include "capture/event.h"
#include "capture/event_table.h"
#include "capture/pmu.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUEST PERF_ATTR_EXCLUDE_GUEST
#define USER PERF_ATTR_EXCLUDE_USER
#define KERNEL PERF_ATTR_EXCLUDE_KERNEL
#define HV PERF_ATTR_EXCLUDE_HV

/* A sysfs and a tracefs of our own: what is in them is known, and they are there in any build. */
static char root[] = "/tmp/event_test.XXXXXX";
static char devices[64], tracepoints[64];
static struct event_source source = { devices, tracepoints };

static const struct {
	const char *path, *text;
} files[] = {
	{ "devices/cpu/type", "4\n" },
	{ "devices/cpu/format/event", "config:0-7\n" },
	{ "devices/cpu/format/umask", "config:8-15\n" },
	{ "devices/cpu/format/wide", "config:0-7,32-35\n" },
	{ "devices/cpu/format/edge", "config:18\n" },
	{ "devices/cpu/format/ldlat", "config1:0-63\n" },
	{ "devices/cpu/format/odd", "confg:1\n" },
	{ "devices/cpu/events/cpu-cycles", "event=0x3c\n" },
	{ "devices/cpu/events/mem-loads", "event=0xcd,umask=0x1,ldlat=3\n" },
	{ "devices/cpu/events/param", "event=0x7,umask=?\n" },
	{ "devices/cpu/events/bad", "event=0x7,nonsense=3\n" },
	{ "devices/uncore_imc_0/type", "20\n" },
	{ "devices/uncore_imc_0/cpumask", "0,8\n" },
	{ "devices/uncore_imc_0/format/event", "config:0-7\n" },
	{ "devices/uncore_imc_0/events/reads", "event=0x4\n" },
	{ "devices/uncore_imc_0/events/reads.scale", "6.103515625e-5\n" },
	{ "devices/uncore_imc_0/events/reads.unit", "MiB\n" },
	{ "devices/uncore_imc_1/type", "21\n" },
	{ "devices/uncore_imc_1/cpumask", "0,8\n" },
	{ "devices/uncore_imc_1/format/event", "config:0-7\n" },
	{ "devices/uncore_imc_1/events/reads", "event=0x4\n" },
	{ "devices/uncore_imc_free_0/type", "22\n" },
	{ "devices/armv8_pmuv3_0/type", "10\n" },
	{ "devices/armv8_pmuv3_0/cpus", "0-3\n" },
	{ "devices/armv8_pmuv3_0/format/event", "config:0-15\n" },
	{ "events/sched/sched_switch/id", "314\n" },
	{ "events/sched/sched_waking/id", "315\n" },
	{ "events/sched/enable", "0\n" },
	{ "events/irq/softirq_entry/id", "77\n" },
	{ "events/ftrace/print/format", "\n" },
};

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = strchr(path + sizeof(root), '/'); slash;
		slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0777);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(devices, sizeof(devices), "%s/devices", root);
	snprintf(tracepoints, sizeof(tracepoints), "%s/events", root);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		write_file(files[i].path, files[i].text);
	return 0;
}

static int drop_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static struct event_list list;
static struct event_error error;

static int parse(const char *text)
{
	memset(&error, 0, sizeof(error));
	list.count = 0;
	return event_parse(&list, text, &source, &error);
}

/* What perf 6.1 gives the kernel for the same strings (perf stat -vv), sampling fields left out. */
static void strings_become_attrs(void **state)
{
	static const struct {
		const char *text;
		uint32_t type;
		uint64_t config, config1, config2, flags;
		uint32_t bp_type;
	} rows[] = {
		{ "cycles", 0, 0, 0, 0, GUEST, 0 },
		{ "cpu-cycles:u", 0, 0, 0, 0, KERNEL | HV | GUEST, 0 },
		{ "instructions:k", 0, 1, 0, 0, USER | HV | GUEST, 0 },
		{ "instructions:uk", 0, 1, 0, 0, HV | GUEST, 0 },
		{ "branches:h", 0, 4, 0, 0, USER | KERNEL | GUEST, 0 },
		{ "branch-misses:ukh", 0, 5, 0, 0, GUEST, 0 },
		{ "cs:HG", 1, 3, 0, 0, 0, 0 },
		{ "cs:G", 1, 3, 0, 0, PERF_ATTR_EXCLUDE_HOST, 0 },
		{ "cs:H", 1, 3, 0, 0, GUEST, 0 },
		{ "cycles:ppp", 0, 0, 0, 0, GUEST | PERF_ATTR_PRECISE_IP(3), 0 },
		{ "cycles:I", 0, 0, 0, 0, GUEST | PERF_ATTR_EXCLUDE_IDLE, 0 },
		{ "cycles:D", 0, 0, 0, 0, GUEST | PERF_ATTR_PINNED, 0 },
		{ "cycles:e", 0, 0, 0, 0, GUEST | PERF_ATTR_EXCLUSIVE, 0 },
		{ "faults", 1, 2, 0, 0, GUEST, 0 },
		{ "cgroup-switches", 1, 11, 0, 0, GUEST, 0 },
		{ "L1-dcache-load-misses", 3, 0x10000, 0, 0, GUEST, 0 },
		{ "L1-dcache-prefetches", 3, 0x200, 0, 0, GUEST, 0 },
		{ "l1d", 3, 0, 0, 0, GUEST, 0 },
		{ "L1-icache-loads", 3, 1, 0, 0, GUEST, 0 },
		{ "LLC-store-misses", 3, 0x10102, 0, 0, GUEST, 0 },
		{ "dTLB-loads", 3, 3, 0, 0, GUEST, 0 },
		{ "iTLB-load-misses", 3, 0x10004, 0, 0, GUEST, 0 },
		{ "branch-load-misses", 3, 0x10005, 0, 0, GUEST, 0 },
		{ "node-prefetch-misses", 3, 0x10206, 0, 0, GUEST, 0 },
		{ "r1a8", 4, 0x1a8, 0, 0, GUEST, 0 },
		{ "r1a8:u", 4, 0x1a8, 0, 0, KERNEL | HV | GUEST, 0 },
		{ "1:0x2", 1, 2, 0, 0, GUEST, 0 },
		{ "mem:0x1000", 5, 0, 0x1000, 4, GUEST, 3 },
		{ "mem:0x1000/8:rw:u", 5, 0, 0x1000, 8, KERNEL | HV | GUEST, 3 },
		{ "mem:4096:x", 5, 0, 0x1000, sizeof(long), GUEST, 4 },
		{ "mem:0x1000/2:w", 5, 0, 0x1000, 2, GUEST, 2 },
		{ "sched:sched_switch", 2, 314, 0, 0, GUEST, 0 },
		{ "sched:sched_switch:k", 2, 314, 0, 0, USER | HV | GUEST, 0 },
		{ "cpu//", 4, 0, 0, 0, GUEST, 0 },
		{ "cpu/event=0x3c,umask=2/", 4, 0x23c, 0, 0, GUEST, 0 },
		{ "cpu/edge/u", 4, 0x40000, 0, 0, KERNEL | HV | GUEST, 0 },
		{ "cpu/wide=0xabc/", 4, 0xa000000bc, 0, 0, GUEST, 0 },
		{ "cpu/config=7,config1=5/", 4, 7, 5, 0, GUEST, 0 },
		{ "cpu/r1a8/", 4, 0x1a8, 0, 0, GUEST, 0 },
		{ "cpu/umask=010/", 4, 10 << 8, 0, 0, GUEST, 0 },
		{ "cpu/mem-loads/", 4, 0x1cd, 3, 0, GUEST, 0 },
		{ "cpu/cpu-cycles,edge,ldlat=7/pp", 4, 0x4003c, 7, 0,
			GUEST | PERF_ATTR_PRECISE_IP(2), 0 },
		{ "mem-loads", 4, 0x1cd, 3, 0, GUEST, 0 },
		/* ours: what the user says himself holds, and cycles is found by its other name */
		{ "cpu/mem-loads,umask=2/", 4, 0x2cd, 3, 0, GUEST, 0 },
		{ "cpu/ldlat=30,mem-loads/", 4, 0x1cd, 30, 0, GUEST, 0 },
		{ "cpu/param,umask=5/", 4, 0x507, 0, 0, GUEST, 0 },
		{ "cpu/cycles/", 4, 0x3c, 0, 0, GUEST, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct perf_event_attr *attr = &list.at[0].attr;

		if (parse(rows[i].text) || list.count != 1)
			fail_msg("%s: %s", rows[i].text, error.text);
		if (attr->type != rows[i].type || attr->config != rows[i].config ||
			attr->config1 != rows[i].config1 || attr->config2 != rows[i].config2 ||
			attr->flags != rows[i].flags || attr->bp_type != rows[i].bp_type)
			fail_msg("%s: type %u config %#llx config1 %#llx flags %#llx", rows[i].text,
				attr->type, (unsigned long long)attr->config,
				(unsigned long long)attr->config1, (unsigned long long)attr->flags);
		if (strcmp(list.at[0].name, rows[i].text))
			fail_msg("%s is called %s", rows[i].text, list.at[0].name);
	}
}

static void terms_name_and_time_an_event(void **state)
{
	(void)state;
	assert_int_equal(parse("cpu/event=1,name=joe,period=3/"), 0);
	assert_string_equal(list.at[0].name, "joe");
	assert_int_equal(list.at[0].attr.sample_period, 3);
	assert_int_equal(parse("cycles/freq=99,name=jill/u"), 0);
	assert_string_equal(list.at[0].name, "jill");
	assert_int_equal(list.at[0].attr.sample_period, 99);
	assert_true(list.at[0].attr.flags & PERF_ATTR_FREQ);
	assert_int_equal(parse("sched:sched_switch"), 0);
	assert_int_equal(list.at[0].attr.sample_period, 1);
	assert_int_equal(parse("cycles"), 0);
	assert_int_equal(list.at[0].attr.sample_period, 0);
}

static void lists_and_groups_have_leaders(void **state)
{
	(void)state;
	assert_int_equal(parse("cs, {cycles,instructions:u}:k ,faults"), 0);
	assert_int_equal(list.count, 4);
	assert_int_equal(list.at[0].leader, 0);
	assert_int_equal(list.at[1].leader, 1);
	assert_int_equal(list.at[2].leader, 1);
	assert_int_equal(list.at[3].leader, 3);
	assert_string_equal(list.at[2].name, "instructions:u");
	assert_true(list.at[1].attr.flags == (USER | HV | GUEST));
	assert_true(list.at[2].attr.flags == (HV | GUEST));
	assert_int_equal(parse("{cs:u,faults}:D"), 0);
	assert_true(list.at[0].attr.flags & PERF_ATTR_PINNED);
	assert_false(list.at[1].attr.flags & PERF_ATTR_PINNED);
}

static void several_calls_append(void **state)
{
	(void)state;
	assert_int_equal(parse("cs"), 0);
	assert_int_equal(event_parse(&list, "faults,nosuch", &source, &error), -EINVAL);
	assert_int_equal(list.count, 1);
	assert_int_equal(event_parse(&list, "{faults,cs}", &source, &error), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.at[2].leader, 1);
}

static void units_alike_are_counted_together(void **state)
{
	(void)state;
	assert_int_equal(parse("imc/reads/"), 0);
	assert_int_equal(list.count, 2);
	assert_true(list.at[0].adds + list.at[1].adds == 1 && list.at[1].adds);
	assert_true(list.at[0].attr.type + list.at[1].attr.type == 41);
	assert_string_equal(list.at[0].cpus, "0,8");
	assert_true(list.at[0].cpus_only);
	assert_int_equal(parse("{uncore_imc/reads/,imc/event=9/}"), 0);
	assert_int_equal(list.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(list.at[list.at[i].leader].attr.type, list.at[i].attr.type);
	assert_int_equal(parse("uncore_imc_0/reads/"), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.at[0].unit, "MiB");
	assert_true(list.at[0].scale > 6.1035e-5 && list.at[0].scale < 6.1036e-5);
	assert_int_equal(parse("armv8_pmuv3_0/event=0x11/"), 0);
	assert_string_equal(list.at[0].cpus, "0-3");
	assert_false(list.at[0].cpus_only);
}

static void globs_are_tracepoints(void **state)
{
	(void)state;
	assert_int_equal(parse("sched:*,cs"), 0);
	assert_int_equal(list.count, 3);
	assert_memory_equal(list.at[0].name, "sched:sched_", 12);
	assert_int_equal(list.at[1].leader, 1);
	assert_int_equal(parse("*:s*"), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(parse("sched:z*"), -EINVAL);
}

static void what_is_wrong_is_said_where_it_is(void **state)
{
	static const struct {
		const char *text;
		int at;
		const char *said;
	} rows[] = {
		{ "", 0, "missing" },
		{ "cs,,cs", 3, "missing" },
		{ "cs,", 3, "missing" },
		{ "{}", 1, "missing" },
		{ "{cs,faults", 0, "group" },
		{ "cs}", 2, "'}'" },
		{ "cs faults", 3, "'f'" },
		{ "cyclez", 0, "did you mean cycles?" },
		{ "cs,cache-mises", 3, "did you mean cache-misses" },
		{ "L1-dcache-lods", 0, "L1-dcache-loads" },
		{ "dTLB-", 0, "no event" },
		{ "iTLB-stores", 0, "no event" },
		{ "L1-dcache-load-store", 0, "no event" },
		{ "qqqqqqqqqq", 0, "perfbox list" },
		{ "cs:q", 3, "'q'" },
		{ "cycles:pppp", 10, "ppp" },
		{ "cs:b", 3, "'b'" },
		{ "r", 0, "no event" },
		{ "rxyz", 0, "no event" },
		{ "r11112222333344445", 0, "no event" },
		{ "mem:zz", 4, "mem:" },
		{ "mem:0x10/0", 9, "length" },
		{ "mem:0x10:rr", 10, "r, w and x" },
		{ "sched:sched_swich", 0, "did you mean sched:sched_switch" },
		{ "sched:", 0, "SYSTEM:NAME" },
		{ "ftrace:print", 0, "no tracepoint" },
		{ "cpo/event=1/", 0, "did you mean cpu?" },
		{ "cpu/event=1", 3, "closing /" },
		{ "cpu/evnt=1/", 4, "did you mean event?" },
		{ "cpu/mem-lods/", 4, "did you mean mem-loads?" },
		{ "cpu/event=x/", 4, "number" },
		{ "cpu/event=0x100/", 4, "255" },
		{ "cpu/edge=2/", 4, "1" },
		{ "cpu/odd=1/", 4, "format" },
		{ "cpu/param/", 4, "umask" },
		{ "cpu/bad/", 4, "nonsense" },
		{ "cpu/period=0/", 4, "0" },
		{ "cpu/call-graph=fp/", 4, "options" },
		{ "cycles/umask=1/", 7, "umask" },
		{ "../x/event=1/", 0, "no PMU" },
		{ "cpu/../type/", 4, "neither" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (parse(rows[i].text) != -EINVAL)
			fail_msg("'%s' is no error", rows[i].text);
		if (!strstr(error.text, rows[i].said) || error.at != rows[i].at)
			fail_msg("'%s': at %d: %s", rows[i].text, error.at, error.text);
		assert_int_equal(list.count, 0);
	}
}

static void long_strings_end(void **state)
{
	static char text[70000];
	size_t used = 0;

	(void)state;
	while (used < sizeof(text) - 8)
		used += (size_t)sprintf(text + used, "cs,");
	text[used - 1] = 0;
	assert_int_equal(parse(text), -ENOSPC);
	memset(text, 'a', 65536);
	text[65536] = 0;
	assert_int_equal(parse(text), -EINVAL);
	memcpy(text, "cpu/", 4);
	assert_int_equal(parse(text), -EINVAL);
	memcpy(text, "sched:", 6);
	assert_int_equal(parse(text), -EINVAL);
	memset(text, ',', 5000);
	memcpy(text, "cpu/", 4);
	strcpy(text + 5000, "/");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(error.text, "name="));
	snprintf(text, sizeof(text), "cpu/event=1,event=2,%0300d/", 0);
	assert_int_equal(parse(text), -EINVAL);
}

static void formats_are_bit_ranges(void **state)
{
	static const struct {
		const char *text;
		int status;
		uint8_t word;
		uint64_t bits;
	} rows[] = {
		{ "config:0-7\n", 0, 0, 0xff },
		{ "config:0-63", 0, 0, UINT64_MAX },
		{ "config1:0-7,21", 0, 1, 0x2000ff },
		{ "config2:63", 0, 2, 1ull << 63 },
		{ "config4:1,3,5-6", 0, 4, 0x6a },
		{ "config5:1", -EINVAL, 0, 0 },
		{ "config:", -EINVAL, 0, 0 },
		{ "config:7-0", -EINVAL, 0, 0 },
		{ "config:64", -EINVAL, 0, 0 },
		{ "config:0-99999999999999999999", -EINVAL, 0, 0 },
		{ "config:1,", -EINVAL, 0, 0 },
		{ "config", -EINVAL, 0, 0 },
		{ "", -EINVAL, 0, 0 },
	};
	struct pmu_format format;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (pmu_format_parse(&format, rows[i].text) != rows[i].status)
			fail_msg("'%s'", rows[i].text);
		if (!rows[i].status) {
			assert_int_equal(format.word, rows[i].word);
			assert_true(format.bits == rows[i].bits);
		}
	}
}

static void values_are_spread_over_their_bits(void **state)
{
	struct perf_event_attr attr = { .config = UINT64_MAX };
	const struct pmu_format format = { 0, 0xf00000000000000f };

	(void)state;
	assert_int_equal(pmu_format_put(&format, 0x5a, &attr), 0);
	assert_true(attr.config == 0x5ffffffffffffffa);
	assert_int_equal(pmu_format_put(&format, 0x100, &attr), -ERANGE);
	assert_true(pmu_format_max(&format) == 0xff);
	assert_true(pmu_format_max(&(struct pmu_format){ 0, UINT64_MAX }) == UINT64_MAX);
	assert_true(pmu_format_max(&(struct pmu_format){ 0, 0 }) == 0);
}

static void every_listed_cache_event_is_understood(void **state)
{
	uint64_t listed, found;
	char name[64];
	int at = 0, count = 0;

	(void)state;
	for (; event_cache_next(&at, name, sizeof(name), &listed); count++)
		if (!event_cache_find(name, strlen(name), &found) || found != listed)
			fail_msg("%s", name);
	assert_int_equal(count, 2 * (3 + 2 + 3 + 3 + 1 + 1 + 3));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_become_attrs),
		cmocka_unit_test(terms_name_and_time_an_event),
		cmocka_unit_test(lists_and_groups_have_leaders),
		cmocka_unit_test(several_calls_append),
		cmocka_unit_test(units_alike_are_counted_together),
		cmocka_unit_test(globs_are_tracepoints),
		cmocka_unit_test(what_is_wrong_is_said_where_it_is),
		cmocka_unit_test(long_strings_end),
		cmocka_unit_test(formats_are_bit_ranges),
		cmocka_unit_test(values_are_spread_over_their_bits),
		cmocka_unit_test(every_listed_cache_event_is_understood),
	};

	return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
