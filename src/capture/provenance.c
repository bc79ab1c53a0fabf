#include "capture/provenance.h"

#include "arch.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/number.h"
#include "data/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define BODY_BYTES (1u << 20) /* of one section, at most */
#define TEXT_BYTES 256

static struct lines lines;

/* Each fills its section's body and says false where there is nothing to tell. */
typedef bool put_section(struct body *body, const struct provenance *provenance);

/* The value of the first "key : value" line of a procfs file. */
static bool keyed_value(const char *path, const char *key, char *to, size_t cap)
{
	size_t length = strlen(key);
	bool found = false;
	char *line;

	if (lines_open(&lines, path))
		return false;
	while (!found && (line = lines_next(&lines))) {
		const char *at = line + length;

		if (strncmp(line, key, length))
			continue;
		at += strspn(at, " \t");
		if (*at != ':')
			continue;
		at += 1 + strspn(at + 1, " \t");
		found = true;
		snprintf(to, cap, "%s", at);
	}
	lines_close(&lines);
	return found;
}

static struct utsname names(void)
{
	struct utsname names;

	if (uname(&names))
		memset(&names, 0, sizeof(names));
	return names;
}

static bool put_hostname(struct body *body, const struct provenance *provenance)
{
	(void)provenance;
	body_string(body, names().nodename);
	return true;
}

static bool put_release(struct body *body, const struct provenance *provenance)
{
	(void)provenance;
	body_string(body, names().release);
	return true;
}

static bool put_version(struct body *body, const struct provenance *provenance)
{
	(void)provenance;
	body_string(body, "perfbox " PERFBOX_VERSION);
	return true;
}

static bool put_arch(struct body *body, const struct provenance *provenance)
{
	(void)provenance;
	body_string(body, names().machine);
	return true;
}

static uint32_t count_cpus(const char *path)
{
	struct number_range range = { 0 };
	char text[4096];
	const char *at = text;
	uint32_t cpu, count = 0;

	if (file_slurp(path, text, sizeof(text)) <= 0)
		return 0;
	while (number_list_next(&at, &range, &cpu) > 0)
		count++;
	return count;
}

static bool put_cpus(struct body *body, const struct provenance *provenance)
{
	(void)provenance;
	body_u32(body, count_cpus("/sys/devices/system/cpu/present"));
	body_u32(body, count_cpus("/sys/devices/system/cpu/online"));
	return true;
}

static bool put_cpu_model(struct body *body, const struct provenance *provenance)
{
	char text[TEXT_BYTES];

	(void)provenance;
	if (!arch_host->cpuinfo_model ||
		!keyed_value("/proc/cpuinfo", arch_host->cpuinfo_model, text, sizeof(text)))
		return false;
	body_string(body, text);
	return true;
}

static bool put_cpuid(struct body *body, const struct provenance *provenance)
{
	char text[TEXT_BYTES], all[4 * TEXT_BYTES] = "";
	size_t used = 0;

	(void)provenance;
	if (arch_host->cpuid_file) {
		ssize_t n = file_slurp(arch_host->cpuid_file, all, sizeof(all));

		used = n > 0 ? strcspn(all, "\n") : 0;
		all[used] = 0;
	}
	for (int i = 0; i < ARCH_CPUID_KEYS && arch_host->cpuid_keys[i]; i++)
		if (keyed_value("/proc/cpuinfo", arch_host->cpuid_keys[i], text, sizeof(text)))
			used += (size_t)snprintf(
				all + used, TEXT_BYTES, "%s%.200s", used ? "," : "", text);
	body_string(body, all);
	return used > 0;
}

static bool put_memory(struct body *body, const struct provenance *provenance)
{
	char text[TEXT_BYTES];

	(void)provenance;
	if (!keyed_value("/proc/meminfo", "MemTotal", text, sizeof(text)))
		return false;
	body_u64(body, strtoull(text, NULL, 10));
	return true;
}

static bool put_command_line(struct body *body, const struct provenance *provenance)
{
	uint32_t count = 0;

	while (provenance->command_line[count])
		count++;
	body_u32(body, count);
	for (uint32_t i = 0; i < count; i++)
		body_string(body, provenance->command_line[i]);
	return true;
}

static bool put_events(struct body *body, const struct provenance *provenance)
{
	writer_event_desc(body, provenance->events, provenance->event_count);
	return true;
}

static bool put_branches(struct body *body, const struct provenance *provenance)
{
	(void)body;
	return provenance->branches;
}

static bool put_pmus(struct body *body, const struct provenance *provenance)
{
	static const char devices[] = "/sys/bus/event_source/devices";
	size_t count_at = body->size;
	uint32_t count = 0;
	const char *name;
	struct dir dir;

	(void)provenance;
	if (dir_open(&dir, devices))
		return false;
	body_u32(body, 0);
	while ((name = dir_next(&dir))) {
		char path[512];
		int64_t type;

		snprintf(path, sizeof(path), "%s/%s/type", devices, name);
		if (file_number(path, &type))
			continue;
		body_u32(body, (uint32_t)type);
		body_string(body, name);
		count++;
	}
	dir_close(&dir);
	if (!body->full)
		memcpy(body->bytes + count_at, &count, sizeof(count));
	return true;
}

static uint32_t members(const struct event_list *list, int leader)
{
	uint32_t count = 0;

	for (int i = 0; i < list->count; i++)
		count += list->at[i].leader == leader;
	return count;
}

static bool put_groups(struct body *body, const struct provenance *provenance)
{
	const struct event_list *list = provenance->groups;
	uint32_t count = 0;

	for (int i = 0; i < list->count; i++)
		count += members(list, i) > 1;
	body_u32(body, count);
	for (int i = 0; i < list->count; i++)
		if (members(list, i) > 1) {
			body_string(body, "{anon_group}");
			body_u32(body, (uint32_t)i);
			body_u32(body, members(list, i));
		}
	return count > 0;
}

static bool put_sample_time(struct body *body, const struct provenance *provenance)
{
	body_u64(body, provenance->first_ns);
	body_u64(body, provenance->last_ns);
	return provenance->last_ns > 0;
}

static const struct section {
	uint32_t bit;
	put_section *put;
} sections[] = {
	{ HEADER_HOSTNAME, put_hostname },
	{ HEADER_OSRELEASE, put_release },
	{ HEADER_VERSION, put_version },
	{ HEADER_ARCH, put_arch },
	{ HEADER_NRCPUS, put_cpus },
	{ HEADER_CPUDESC, put_cpu_model },
	{ HEADER_CPUID, put_cpuid },
	{ HEADER_TOTAL_MEM, put_memory },
	{ HEADER_CMDLINE, put_command_line },
	{ HEADER_EVENT_DESC, put_events },
	{ HEADER_BRANCH_STACK, put_branches },
	{ HEADER_PMU_MAPPINGS, put_pmus },
	{ HEADER_GROUP_DESC, put_groups },
	{ HEADER_SAMPLE_TIME, put_sample_time },
};

#define SECTIONS (sizeof(sections) / sizeof(*sections))

uint32_t provenance_write(
	const struct provenance *provenance, struct writer *writer, struct arena *arena)
{
	uint32_t left_out = 0;

	for (size_t i = 0; i < SECTIONS; i++) {
		size_t mark = arena->used;
		size_t left = (arena->size - mark) & ~15ul;
		struct body body = { .cap = left < BODY_BYTES ? left : BODY_BYTES };
		bool tells;

		body.bytes = arena_take(arena, 1, body.cap);
		tells = sections[i].put(&body, provenance);
		left_out += body.full;
		/* a full body may have been written up to its end, any other only up to its size */
		if (!body.full)
			arena_trim(arena, mark, body.size);
		if (!tells || body.full)
			arena_back(arena, mark);
		else
			writer_feature(writer, sections[i].bit, body.bytes, body.size);
	}
	return left_out;
}
