#ifndef CAPTURE_PMU_H
#define CAPTURE_PMU_H

/*
 * What a PMU's folder in sysfs says: its number, how terms spread over the attr's config words,
 * the events it names. Sources: the kernel's Documentation/ABI/testing/
 * sysfs-bus-event_source-devices{,-events,-format}. The texts are the kernel's, but are read as if
 * they came from anyone. Only the files that are asked for are opened.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PMU_DEVICES "/sys/bus/event_source/devices"
#define PMU_NAME_MAX 64

struct pmu {
	char name[PMU_NAME_MAX];
	char path[192]; /* its folder */
	uint32_t type;	/* for attr.type */
};

/* Opens PMU `name` under `devices` (PMU_DEVICES but in tests). 0; -ENOENT when there is none. */
int pmu_open(struct pmu *pmu, const char *devices, const char *name, size_t length);

/* The text of one of its files ("cpumask", "events/tsc"), without what follows the first line.
 * Its length, or -errno. */
ssize_t pmu_text(const struct pmu *pmu, const char *folder, const char *file, char *to, size_t cap);

/* Where a term's value goes: bits of a config word. */
struct pmu_format {
	uint8_t word; /* 0: config, 1: config1, ... 4: config4 */
	uint64_t bits;
};

/* Parses "config1:0-7,32-35". 0 or -EINVAL. */
int pmu_format_parse(struct pmu_format *format, const char *text);

/* Spreads `value` over the format's bits, lowest first, in place of what was there.
 * 0, or -ERANGE where the value has more bits than the format. */
int pmu_format_put(const struct pmu_format *format, uint64_t value, struct perf_event_attr *attr);

/* The largest value the format holds. */
uint64_t pmu_format_max(const struct pmu_format *format);

/* Whether PMU `name` is what a user means with `asked`: itself, or one of a row of units alike
 * ("imc" or "uncore_imc" for "uncore_imc_3"). */
bool pmu_is_unit_of(const char *name, const char *asked, size_t length);

#endif
