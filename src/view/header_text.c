#include "view/header_text.h"

#include "base/date.h"
#include "data/feature.h"
#include "data/sample_field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECTION_BYTES (256u << 10) /* of a section that is shown; longer ones are cut */

static const struct {
	const char *name;
	uint64_t bit;
} flags[] = {
	{ "disabled", PERF_ATTR_DISABLED },
	{ "inherit", PERF_ATTR_INHERIT },
	{ "pinned", PERF_ATTR_PINNED },
	{ "exclusive", PERF_ATTR_EXCLUSIVE },
	{ "exclude_user", PERF_ATTR_EXCLUDE_USER },
	{ "exclude_kernel", PERF_ATTR_EXCLUDE_KERNEL },
	{ "exclude_hv", PERF_ATTR_EXCLUDE_HV },
	{ "exclude_idle", PERF_ATTR_EXCLUDE_IDLE },
	{ "mmap", PERF_ATTR_MMAP },
	{ "comm", PERF_ATTR_COMM },
	{ "freq", PERF_ATTR_FREQ },
	{ "inherit_stat", PERF_ATTR_INHERIT_STAT },
	{ "enable_on_exec", PERF_ATTR_ENABLE_ON_EXEC },
	{ "task", PERF_ATTR_TASK },
	{ "watermark", PERF_ATTR_WATERMARK },
	{ "mmap_data", PERF_ATTR_MMAP_DATA },
	{ "sample_id_all", PERF_ATTR_SAMPLE_ID_ALL },
	{ "exclude_host", PERF_ATTR_EXCLUDE_HOST },
	{ "exclude_guest", PERF_ATTR_EXCLUDE_GUEST },
	{ "exclude_callchain_kernel", PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL },
	{ "exclude_callchain_user", PERF_ATTR_EXCLUDE_CALLCHAIN_USER },
	{ "mmap2", PERF_ATTR_MMAP2 },
	{ "comm_exec", PERF_ATTR_COMM_EXEC },
	{ "use_clockid", PERF_ATTR_USE_CLOCKID },
	{ "context_switch", PERF_ATTR_CONTEXT_SWITCH },
	{ "write_backward", PERF_ATTR_WRITE_BACKWARD },
	{ "namespaces", PERF_ATTR_NAMESPACES },
	{ "ksymbol", PERF_ATTR_KSYMBOL },
	{ "bpf_event", PERF_ATTR_BPF_EVENT },
	{ "aux_output", PERF_ATTR_AUX_OUTPUT },
	{ "cgroup", PERF_ATTR_CGROUP },
	{ "text_poke", PERF_ATTR_TEXT_POKE },
	{ "build_id", PERF_ATTR_BUILD_ID },
	{ "inherit_thread", PERF_ATTR_INHERIT_THREAD },
	{ "remove_on_exec", PERF_ATTR_REMOVE_ON_EXEC },
	{ "sigtrap", PERF_ATTR_SIGTRAP },
};

static const char *const read_bits[] = { "TOTAL_TIME_ENABLED", "TOTAL_TIME_RUNNING", "ID", "GROUP",
	"LOST", NULL };

static void print_bits(struct out *out, const char *title, uint64_t value, const char *const *names)
{
	const char *between = "";

	if (!value)
		return;
	out_printf(out, ", %s = ", title);
	for (int i = 0; names[i]; i++)
		if (value >> i & 1) {
			out_printf(out, "%s%s", between, names[i]);
			between = "|";
		}
}

static void print_number(struct out *out, const char *title, uint64_t value)
{
	if (value)
		out_printf(out, ", %s = %" PRIu64, title, value);
}

static void print_attr(struct out *out, const struct perf_event_attr *a)
{
	out_printf(out, "type = %" PRIu32 ", size = %" PRIu32, a->type, a->size);
	if (a->config)
		out_printf(out, ", config = %#" PRIx64, a->config);
	if (a->sample_period)
		out_printf(out, ", { sample_period, sample_freq } = %" PRIu64, a->sample_period);
	print_bits(out, "sample_type", a->sample_type, sample_field_names);
	print_bits(out, "read_format", a->read_format, read_bits);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (a->flags & flags[i].bit)
			out_printf(out, ", %s = 1", flags[i].name);
	print_number(out, "precise_ip", a->flags >> PERF_ATTR_PRECISE_IP_SHIFT & 3);
	print_number(out, "sample_max_stack", a->sample_max_stack);
	print_number(out, "sample_stack_user", a->sample_stack_user);
}

static void print_events(struct out *out, struct span *s)
{
	struct feature_events events = feature_events(s);
	struct feature_event e;

	while (feature_event_next(&events, &e)) {
		struct span ids = span_of(e.ids, (size_t)e.id_count * 8);

		out_string(out, "# event : name = ");
		out_text(out, e.name);
		out_string(out, ", , id = {");
		for (uint32_t i = 0; i < e.id_count; i++)
			out_printf(out, "%s%" PRIu64, i ? ", " : " ", span_u64(&ids));
		out_string(out, " }, ");
		print_attr(out, &e.attr);
		out_char(out, '\n');
	}
}

static void print_string(struct out *out, const char *title, struct span *s)
{
	out_printf(out, "# %s : ", title);
	out_text(out, feature_string(s));
	out_char(out, '\n');
}

static void print_command(struct out *out, struct span *s)
{
	uint32_t count = span_u32(s);

	out_string(out, "# cmdline : ");
	while (count-- && span_left(s) && !s->bad) {
		out_text(out, feature_string(s));
		out_char(out, ' ');
	}
	out_char(out, '\n');
}

static void print_cpus(struct out *out, struct span *s)
{
	uint32_t available = span_u32(s), online = span_u32(s);

	out_printf(out, "# nrcpus online : %" PRIu32 "\n# nrcpus avail : %" PRIu32 "\n", online,
		available);
}

static void print_pmus(struct out *out, struct span *s)
{
	uint32_t count = span_u32(s);
	const char *between = "";

	out_string(out, "# pmu mappings: ");
	while (count-- && span_left(s) && !s->bad) {
		uint32_t type = span_u32(s);

		out_string(out, between);
		out_text(out, feature_string(s));
		out_printf(out, " = %" PRIu32, type);
		between = ", ";
	}
	out_char(out, '\n');
}

static void print_times(struct out *out, struct span *s)
{
	uint64_t first = span_u64(s), last = span_u64(s);

	out_printf(out, "# time of first sample : %" PRIu64 ".%06" PRIu64 "\n", first / 1000000000,
		first / 1000 % 1000000);
	out_printf(out, "# time of last sample : %" PRIu64 ".%06" PRIu64 "\n", last / 1000000000,
		last / 1000 % 1000000);
	out_printf(out, "# sample duration : %10.3f ms\n", (double)(last - first) / 1e6);
}

static void print_feature(struct out *out, int feature, struct span *s)
{
	static const char *const strings[] = {
		[HEADER_HOSTNAME] = "hostname",
		[HEADER_OSRELEASE] = "os release",
		[HEADER_VERSION] = "perf version",
		[HEADER_ARCH] = "arch",
		[HEADER_CPUDESC] = "cpudesc",
		[HEADER_CPUID] = "cpuid",
	};

	if ((size_t)feature < sizeof(strings) / sizeof(*strings) && strings[feature])
		print_string(out, strings[feature], s);
	else if (feature == HEADER_NRCPUS)
		print_cpus(out, s);
	else if (feature == HEADER_TOTAL_MEM)
		out_printf(out, "# total memory : %" PRIu64 " kB\n", span_u64(s));
	else if (feature == HEADER_CMDLINE)
		print_command(out, s);
	else if (feature == HEADER_EVENT_DESC)
		print_events(out, s);
	else if (feature == HEADER_PMU_MAPPINGS)
		print_pmus(out, s);
	else if (feature == HEADER_SAMPLE_TIME)
		print_times(out, s);
	else if (feature != HEADER_BUILD_ID && feature_name(feature))
		out_printf(out, "# %s info available\n", feature_name(feature));
}

static void print_missing(struct out *out, const struct reader *reader)
{
	out_string(out, "# missing features: ");
	for (int i = 1; i <= HEADER_HYBRID_TOPOLOGY; i++)
		if (!reader->features[i].offset)
			out_printf(out, "%s ", feature_name(i));
	out_char(out, '\n');
}

void header_text(struct out *out, struct reader *reader, int64_t captured_s)
{
	static char section[SECTION_BYTES];
	char date[DATE_MAX];

	date_text(date, captured_s);
	out_printf(out, "# ========\n# captured on    : %s UTC\n", date);
	out_printf(out,
		"# header version : 1\n# data offset    : %" PRIu64 "\n# data size      : %" PRIu64
		"\n# feat offset    : %" PRIu64 "\n",
		reader->data.offset, reader->data.size, reader->data.offset + reader->data.size);
	for (int i = 0; i < HEADER_FEATURES; i++) {
		struct span s = reader_feature(reader, i, section, sizeof(section));

		if (reader->features[i].offset)
			print_feature(out, i, &s);
	}
	print_missing(out, reader);
	out_string(out, "# ========\n#\n");
}
