#include "base/number.h"
#include "capture/event.h"
#include "capture/pmu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct event_list list;
static char root[] = "/tmp/fuzz_event.XXXXXX";
static char devices[64], tracepoints[64];
static const struct event_source source = { devices, tracepoints };

static const char *const files[][2] = {
	{ "devices/cpu/type", "4" },
	{ "devices/cpu/format/event", "config:0-7,32-35" },
	{ "devices/cpu/format/edge", "config1:18" },
	{ "devices/cpu/events/loads", "event=0xcd,edge=?" },
	{ "devices/imc_0/type", "20" },
	{ "devices/imc_0/cpumask", "0" },
	{ "devices/imc_0/events/reads", "config=3" },
	{ "events/sched/sched_switch/id", "314" },
};

static void remove_tree(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	if (system(command))
		abort();
}

/* A sysfs and a tracefs in small: those of the machine are large, and differ. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(root))
		abort();
	atexit(remove_tree);
	snprintf(devices, sizeof(devices), "%s/devices", root);
	snprintf(tracepoints, sizeof(tracepoints), "%s/events", root);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char command[256];

		snprintf(command, sizeof(command),
			"cd %s && mkdir -p $(dirname %s) && echo '%s' >%s", root, files[i][0],
			files[i][1], files[i][0]);
		if (system(command))
			abort();
	}
	return 0;
}

/* The bytes as an event string, as a format of sysfs and as a decimal. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct perf_event_attr attr = { .size = 0 };
	char *text = malloc(size + 1);
	const char *at = text;
	struct event_error error;
	struct pmu_format format;
	double value;

	memcpy(text, bytes, size);
	text[size] = 0;
	list.count = 0;
	if (event_parse(&list, text, &source, &error)) {
		if (list.count || error.at < 0 || (size_t)error.at > size ||
			strnlen(error.text, sizeof(error.text)) == sizeof(error.text))
			abort();
	}
	for (int i = 0; i < list.count; i++)
		if (list.at[i].leader > i || !list.at[i].name[0])
			abort();
	if (!pmu_format_parse(&format, text) && pmu_format_max(&format) &&
		pmu_format_put(&format, pmu_format_max(&format), &attr))
		abort();
	number_decimal(&at, &value);
	free(text);
	return 0;
}
