#include "data/feature.h"

#include <string.h>

static const char *const names[] = {
	[HEADER_TRACING_DATA] = "TRACING_DATA",
	[HEADER_BUILD_ID] = "BUILD_ID",
	[HEADER_HOSTNAME] = "HOSTNAME",
	[HEADER_OSRELEASE] = "OSRELEASE",
	[HEADER_VERSION] = "VERSION",
	[HEADER_ARCH] = "ARCH",
	[HEADER_NRCPUS] = "NRCPUS",
	[HEADER_CPUDESC] = "CPUDESC",
	[HEADER_CPUID] = "CPUID",
	[HEADER_TOTAL_MEM] = "TOTAL_MEM",
	[HEADER_CMDLINE] = "CMDLINE",
	[HEADER_EVENT_DESC] = "EVENT_DESC",
	[HEADER_CPU_TOPOLOGY] = "CPU_TOPOLOGY",
	[HEADER_NUMA_TOPOLOGY] = "NUMA_TOPOLOGY",
	[HEADER_BRANCH_STACK] = "BRANCH_STACK",
	[HEADER_PMU_MAPPINGS] = "PMU_MAPPINGS",
	[HEADER_GROUP_DESC] = "GROUP_DESC",
	[HEADER_AUXTRACE] = "AUXTRACE",
	[HEADER_STAT] = "STAT",
	[HEADER_CACHE] = "CACHE",
	[HEADER_SAMPLE_TIME] = "SAMPLE_TIME",
	[HEADER_MEM_TOPOLOGY] = "MEM_TOPOLOGY",
	[HEADER_CLOCKID] = "CLOCKID",
	[HEADER_DIR_FORMAT] = "DIR_FORMAT",
	[HEADER_BPF_PROG_INFO] = "BPF_PROG_INFO",
	[HEADER_BPF_BTF] = "BPF_BTF",
	[HEADER_COMPRESSED] = "COMPRESSED",
	[HEADER_CPU_PMU_CAPS] = "CPU_PMU_CAPS",
	[HEADER_CLOCK_DATA] = "CLOCK_DATA",
	[HEADER_HYBRID_TOPOLOGY] = "HYBRID_TOPOLOGY",
	[HEADER_PMU_CAPS] = "PMU_CAPS",
	[HEADER_CPU_DOMAIN_INFO] = "CPU_DOMAIN_INFO",
};

const char *feature_name(int feature)
{
	return feature >= 0 && (size_t)feature < sizeof(names) / sizeof(*names) ? names[feature]
										: NULL;
}

const char *feature_string(struct span *s)
{
	uint32_t size = span_u32(s);
	const char *text = span_take(s, size);

	return text && memchr(text, 0, size) ? text : "";
}

struct feature_events feature_events(const struct span *section)
{
	struct feature_events e = { .s = *section };

	e.left = span_u32(&e.s);
	e.attr_bytes = span_u32(&e.s);
	return e;
}

bool feature_event_next(struct feature_events *events, struct feature_event *event)
{
	struct span *s = &events->s;
	const void *attr;

	if (!events->left || s->bad)
		return false;
	events->left--;
	memset(event, 0, sizeof(*event));
	attr = span_take(s, events->attr_bytes);
	if (attr)
		memcpy(&event->attr, attr,
			events->attr_bytes < sizeof(event->attr) ? events->attr_bytes
								 : sizeof(event->attr));
	event->id_count = span_u32(s);
	event->name = feature_string(s);
	event->ids = span_take(s, (size_t)event->id_count * 8);
	return !s->bad;
}

bool feature_build_id_next(struct span *section, struct perf_event_header *to, size_t cap)
{
	const void *from;

	if (span_left(section) < sizeof(*to))
		return false;
	memcpy(to, section->at, sizeof(*to));
	if (to->size < sizeof(*to) || to->size > cap)
		return false;
	from = span_take(section, to->size);
	if (!from)
		return false;
	memcpy(to, from, to->size);
	to->type = PERF_RECORD_HEADER_BUILD_ID;
	return true;
}
