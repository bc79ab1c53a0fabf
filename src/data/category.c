#include "data/category.h"

#include "data/sample_field.h"

#include <stddef.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* The one bit of a mask as an index that is a constant. */
#define AT(mask) [__builtin_ctzll(mask)]

enum {
	SYSTEM = CATEGORY_SYSTEM,
	TASKS = CATEGORY_TASKS,
	COUNTS = CATEGORY_COUNTS,
	CODE = CATEGORY_CODE,
	ADDRESS = CATEGORY_ADDRESS,
	REGISTERS = CATEGORY_REGISTERS,
	MEMORY = CATEGORY_MEMORY,
	NOTHING = CATEGORY_UNKNOWN + 1, /* zero is what is not in a table */
};

static const uint8_t sample[] = {
	AT(PERF_SAMPLE_IP) = CODE,
	AT(PERF_SAMPLE_TID) = TASKS,
	AT(PERF_SAMPLE_TIME) = TASKS,
	AT(PERF_SAMPLE_ADDR) = ADDRESS,
	AT(PERF_SAMPLE_READ) = COUNTS,
	AT(PERF_SAMPLE_CALLCHAIN) = CODE,
	AT(PERF_SAMPLE_ID) = SYSTEM,
	AT(PERF_SAMPLE_CPU) = TASKS, /* where a thread ran */
	AT(PERF_SAMPLE_PERIOD) = COUNTS,
	AT(PERF_SAMPLE_STREAM_ID) = SYSTEM,
	AT(PERF_SAMPLE_RAW) = MEMORY,
	AT(PERF_SAMPLE_BRANCH_STACK) = CODE,
	AT(PERF_SAMPLE_REGS_USER) = REGISTERS,
	AT(PERF_SAMPLE_STACK_USER) = MEMORY,
	AT(PERF_SAMPLE_WEIGHT) = COUNTS,
	AT(PERF_SAMPLE_DATA_SRC) = COUNTS,
	AT(PERF_SAMPLE_IDENTIFIER) = SYSTEM,
	AT(PERF_SAMPLE_TRANSACTION) = COUNTS,
	AT(PERF_SAMPLE_REGS_INTR) = REGISTERS,
	AT(PERF_SAMPLE_PHYS_ADDR) = ADDRESS,
	AT(PERF_SAMPLE_AUX) = MEMORY,
	AT(PERF_SAMPLE_CGROUP) = TASKS,
	AT(PERF_SAMPLE_DATA_PAGE_SIZE) = COUNTS,
	AT(PERF_SAMPLE_CODE_PAGE_SIZE) = COUNTS,
	AT(PERF_SAMPLE_WEIGHT_STRUCT) = COUNTS,
};

/* Which branches are meant, and how much is told of each: all of code. */
static const uint8_t branch[] = {
	AT(PERF_SAMPLE_BRANCH_USER) = CODE,
	AT(PERF_SAMPLE_BRANCH_KERNEL) = CODE,
	AT(PERF_SAMPLE_BRANCH_HV) = CODE,
	AT(PERF_SAMPLE_BRANCH_ANY) = CODE,
	AT(PERF_SAMPLE_BRANCH_ANY_CALL) = CODE,
	AT(PERF_SAMPLE_BRANCH_ANY_RETURN) = CODE,
	AT(PERF_SAMPLE_BRANCH_IND_CALL) = CODE,
	AT(PERF_SAMPLE_BRANCH_ABORT_TX) = CODE,
	AT(PERF_SAMPLE_BRANCH_IN_TX) = CODE,
	AT(PERF_SAMPLE_BRANCH_NO_TX) = CODE,
	AT(PERF_SAMPLE_BRANCH_COND) = CODE,
	AT(PERF_SAMPLE_BRANCH_CALL_STACK) = CODE,
	AT(PERF_SAMPLE_BRANCH_IND_JUMP) = CODE,
	AT(PERF_SAMPLE_BRANCH_CALL) = CODE,
	AT(PERF_SAMPLE_BRANCH_NO_FLAGS) = SYSTEM,
	AT(PERF_SAMPLE_BRANCH_NO_CYCLES) = SYSTEM,
	AT(PERF_SAMPLE_BRANCH_TYPE_SAVE) = CODE,
	AT(PERF_SAMPLE_BRANCH_HW_INDEX) = CODE,
	AT(PERF_SAMPLE_BRANCH_PRIV_SAVE) = CODE,
	AT(PERF_SAMPLE_BRANCH_COUNTERS) = COUNTS,
};

/* Those that make the kernel write something; the others only choose when and whom to count. */
static const uint8_t flag[40] = {
	AT(PERF_ATTR_MMAP) = TASKS,
	AT(PERF_ATTR_COMM) = TASKS,
	AT(PERF_ATTR_TASK) = TASKS,
	AT(PERF_ATTR_MMAP_DATA) = TASKS,
	AT(PERF_ATTR_MMAP2) = TASKS,
	AT(PERF_ATTR_COMM_EXEC) = TASKS,
	AT(PERF_ATTR_CONTEXT_SWITCH) = TASKS,
	AT(PERF_ATTR_NAMESPACES) = TASKS,
	AT(PERF_ATTR_KSYMBOL) = TASKS,
	AT(PERF_ATTR_BPF_EVENT) = TASKS,
	AT(PERF_ATTR_AUX_OUTPUT) = MEMORY,
	AT(PERF_ATTR_CGROUP) = TASKS,
	AT(PERF_ATTR_TEXT_POKE) = MEMORY,
	AT(PERF_ATTR_BUILD_ID) = TASKS,
	AT(PERF_ATTR_DEFER_CALLCHAIN) = CODE,
	AT(PERF_ATTR_DEFER_OUTPUT) = CODE,
};

static const uint8_t record[] = {
	[PERF_RECORD_MMAP] = TASKS,
	[PERF_RECORD_LOST] = SYSTEM, /* how well the recording went */
	[PERF_RECORD_COMM] = TASKS,
	[PERF_RECORD_EXIT] = TASKS,
	[PERF_RECORD_THROTTLE] = TASKS,
	[PERF_RECORD_UNTHROTTLE] = TASKS,
	[PERF_RECORD_FORK] = TASKS,
	[PERF_RECORD_READ] = COUNTS,
	[PERF_RECORD_SAMPLE] = TASKS, /* at least: that it happened */
	[PERF_RECORD_MMAP2] = TASKS,
	[PERF_RECORD_AUX] = MEMORY, /* of no use without the trace */
	[PERF_RECORD_ITRACE_START] = TASKS,
	[PERF_RECORD_LOST_SAMPLES] = SYSTEM,
	[PERF_RECORD_SWITCH] = TASKS,
	[PERF_RECORD_SWITCH_CPU_WIDE] = TASKS,
	[PERF_RECORD_NAMESPACES] = TASKS,
	[PERF_RECORD_KSYMBOL] = TASKS,
	[PERF_RECORD_BPF_EVENT] = TASKS,
	[PERF_RECORD_CGROUP] = TASKS,
	[PERF_RECORD_TEXT_POKE] = MEMORY,
	[PERF_RECORD_AUX_OUTPUT_HW_ID] = MEMORY,
	[PERF_RECORD_CALLCHAIN_DEFERRED] = CODE,
	[PERF_RECORD_HEADER_ATTR] = SYSTEM,
	[PERF_RECORD_HEADER_EVENT_TYPE] = SYSTEM,
	[PERF_RECORD_HEADER_TRACING_DATA] = TASKS,
	[PERF_RECORD_HEADER_BUILD_ID] = TASKS,
	[PERF_RECORD_FINISHED_ROUND] = NOTHING,
	[PERF_RECORD_ID_INDEX] = TASKS,
	[PERF_RECORD_AUXTRACE_INFO] = MEMORY,
	[PERF_RECORD_AUXTRACE] = MEMORY,
	[PERF_RECORD_AUXTRACE_ERROR] = MEMORY,
	[PERF_RECORD_THREAD_MAP] = TASKS,
	[PERF_RECORD_CPU_MAP] = SYSTEM,
	[PERF_RECORD_STAT_CONFIG] = SYSTEM,
	[PERF_RECORD_STAT] = COUNTS,
	[PERF_RECORD_STAT_ROUND] = COUNTS,
	[PERF_RECORD_EVENT_UPDATE] = SYSTEM,
	[PERF_RECORD_TIME_CONV] = TASKS,
	[PERF_RECORD_HEADER_FEATURE] = SYSTEM, /* at least: it holds any feature */
	[PERF_RECORD_COMPRESSED] = MEMORY,     /* anything may be inside */
	[PERF_RECORD_FINISHED_INIT] = NOTHING,
	[PERF_RECORD_COMPRESSED2] = MEMORY,
	[PERF_RECORD_BPF_METADATA] = TASKS,
};

static const uint8_t feature[] = {
	[HEADER_TRACING_DATA] = TASKS, /* with names of processes and kernel symbols */
	[HEADER_BUILD_ID] = TASKS,
	[HEADER_HOSTNAME] = SYSTEM,
	[HEADER_OSRELEASE] = SYSTEM,
	[HEADER_VERSION] = SYSTEM,
	[HEADER_ARCH] = SYSTEM,
	[HEADER_NRCPUS] = SYSTEM,
	[HEADER_CPUDESC] = SYSTEM,
	[HEADER_CPUID] = SYSTEM,
	[HEADER_TOTAL_MEM] = SYSTEM,
	[HEADER_CMDLINE] = SYSTEM,
	[HEADER_EVENT_DESC] = SYSTEM,
	[HEADER_CPU_TOPOLOGY] = SYSTEM,
	[HEADER_NUMA_TOPOLOGY] = SYSTEM,
	[HEADER_BRANCH_STACK] = SYSTEM,
	[HEADER_PMU_MAPPINGS] = SYSTEM,
	[HEADER_GROUP_DESC] = SYSTEM,
	[HEADER_AUXTRACE] = MEMORY, /* of no use without the trace */
	[HEADER_STAT] = SYSTEM,
	[HEADER_CACHE] = SYSTEM,
	[HEADER_SAMPLE_TIME] = TASKS,
	[HEADER_MEM_TOPOLOGY] = SYSTEM,
	[HEADER_CLOCKID] = SYSTEM,
	[HEADER_DIR_FORMAT] = SYSTEM,
	[HEADER_BPF_PROG_INFO] = MEMORY, /* the programs' code, and where it lies */
	[HEADER_BPF_BTF] = TASKS,
	[HEADER_COMPRESSED] = SYSTEM,
	[HEADER_CPU_PMU_CAPS] = SYSTEM,
	[HEADER_CLOCK_DATA] = TASKS,
	[HEADER_HYBRID_TOPOLOGY] = SYSTEM,
	[HEADER_PMU_CAPS] = SYSTEM,
	[HEADER_CPU_DOMAIN_INFO] = SYSTEM,
};

static enum category look(const uint8_t *table, size_t count, uint64_t at)
{
	uint8_t category = at < count && table[at] ? table[at] : CATEGORY_UNKNOWN;

	return category == NOTHING ? CATEGORY_NONE : category;
}

enum category category_of_sample(unsigned bit)
{
	return look(sample, COUNT(sample), bit);
}

enum category category_of_branch(unsigned bit)
{
	return look(branch, COUNT(branch), bit);
}

enum category category_of_flag(unsigned bit)
{
	return bit < COUNT(flag) && !flag[bit] ? CATEGORY_SYSTEM : look(flag, COUNT(flag), bit);
}

enum category category_of_record(uint32_t type)
{
	return look(record, COUNT(record), type);
}

enum category category_of_feature(unsigned bit)
{
	return look(feature, COUNT(feature), bit);
}

static void raise(enum category *most, const char **what, enum category category, const char *name)
{
	if (category <= *most)
		return;
	*most = category;
	*what = name;
}

static const char *flag_name(unsigned bit)
{
	switch (1ull << bit) {
	case PERF_ATTR_TEXT_POKE:
		return "text_poke";
	case PERF_ATTR_AUX_OUTPUT:
		return "aux_output";
	case PERF_ATTR_DEFER_CALLCHAIN:
	case PERF_ATTR_DEFER_OUTPUT:
		return "defer_callchain";
	}
	return "flags";
}

enum category category_of_attr(const struct perf_event_attr *attr, const char **what)
{
	enum category most = CATEGORY_SYSTEM;
	const char *name = "config";

	for (unsigned bit = 0; bit < 64; bit++) {
		if (attr->sample_type >> bit & 1)
			raise(&most, &name, category_of_sample(bit),
				bit < SAMPLE_FIELDS ? sample_field_names[bit] : "sample_type");
		if (attr->branch_sample_type >> bit & 1)
			raise(&most, &name, category_of_branch(bit), "branch_sample_type");
		if (attr->flags >> bit & 1 && bit != PERF_ATTR_PRECISE_IP_SHIFT + 1)
			raise(&most, &name, category_of_flag(bit), flag_name(bit));
	}
	if (attr->read_format)
		raise(&most, &name, CATEGORY_COUNTS, "read_format");
	if (attr->sample_regs_user || attr->sample_regs_intr)
		raise(&most, &name, CATEGORY_REGISTERS, "sample_regs");
	if (attr->type == PERF_TYPE_BREAKPOINT)
		raise(&most, &name, CATEGORY_ADDRESS, "bp_addr");
	if (what)
		*what = name;
	return most;
}

static const struct {
	char name[3];
	const char *text, *reveals;
} categories[CATEGORIES] = {
	[CATEGORY_NONE] = { "-", "structure of the file", "nothing" },
	[CATEGORY_SYSTEM] = { "1", "system configuration",
		"the machine's name, kernel, hardware and memory, and how the recording was made" },
	[CATEGORY_TASKS] = { "2", "names, ids, paths and times",
		"which programs, libraries and files were in use, where they lay in memory, what "
		"processes were called and when they ran" },
	[CATEGORY_COUNTS] = { "3", "counters", "how much work was done, and how fast" },
	[CATEGORY_CODE] = { "4a", "code addresses",
		"which functions ran and who called them, which may depend on secrets, and where "
		"code lay, which helps an attacker past address randomization" },
	[CATEGORY_ADDRESS] = { "4b", "data addresses",
		"which memory was touched, with the places of heaps and stacks" },
	[CATEGORY_REGISTERS] = { "4c", "contents of registers",
		"values that programs worked on: pointers, and pieces of any secret they had" },
	[CATEGORY_MEMORY] = { "4d", "contents of memory",
		"copies of memory: stacks and payloads may hold passwords, keys, personal data "
		"and pieces of files" },
	[CATEGORY_UNKNOWN] = { "?", "data of a kind not known here", "possibly anything" },
};

const char *category_name(enum category category)
{
	return categories[category].name;
}

const char *category_text(enum category category)
{
	return categories[category].text;
}

const char *category_reveals(enum category category)
{
	return categories[category].reveals;
}

bool category_parse(const char *text, enum category *category)
{
	*category = CATEGORY_MEMORY;
	if (!strcmp(text, "4"))
		return true;
	for (int i = CATEGORY_SYSTEM; i <= CATEGORY_MEMORY; i++)
		if (!strcmp(text, categories[i].name)) {
			*category = (enum category)i;
			return true;
		}
	return false;
}
