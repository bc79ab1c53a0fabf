#include "access/operation.h"

#define USER (PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL)
#define SOFTWARE(event) .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_##event
#define CYCLES .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES
#define PLACE (PERF_SAMPLE_IP | PERF_SAMPLE_TID)

/* A pointer that is not one: whoever may set a probe gets EFAULT, and no probe is set. */
#define NO_PLACE 1

/* The top of the address space is the kernel's on both architectures. */
#define KERNEL_PLACE 0xffffffffffff0000ull

static const struct operation operations[OPERATIONS] = {
	[OP_COUNT_USER] = { "count-user", "count in own process, user space", SOFTWARE(TASK_CLOCK),
		.flags = USER },
	[OP_SAMPLE_USER] = { "sample-user", "sample own process, user space", SOFTWARE(CPU_CLOCK),
		.sample_type = PLACE, .flags = USER },
	[OP_COUNT_KERNEL] = { "count-kernel", "count in own process, with the kernel",
		SOFTWARE(TASK_CLOCK), .flags = PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL },
	[OP_SAMPLE_KERNEL] = { "sample-kernel", "sample own process, with the kernel",
		SOFTWARE(CPU_CLOCK), .sample_type = PLACE | PERF_SAMPLE_CALLCHAIN },
	[OP_CHAIN_KERNEL] = { "chain-kernel", "user samples with the kernel's call chain",
		SOFTWARE(CPU_CLOCK), .sample_type = PLACE | PERF_SAMPLE_CALLCHAIN,
		.flags = PERF_ATTR_EXCLUDE_KERNEL },
	[OP_HARDWARE_USER] = { "hardware-user", "CPU cycles, user space", CYCLES, .flags = USER },
	[OP_HARDWARE_KERNEL] = { "hardware-kernel", "CPU cycles, with the kernel", CYCLES,
		.flags = PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL },
	[OP_PROCESS_OWN] = { "process-own", "another process of one's own", SOFTWARE(TASK_CLOCK),
		.flags = USER, .target = TARGET_TASK },
	[OP_PROCESS_OTHER] = { "process-other", "another user's process", SOFTWARE(TASK_CLOCK),
		.flags = USER, .target = TARGET_TASK },
	[OP_SYSTEM_USER] = { "system-user", "system wide, user space", SOFTWARE(CPU_CLOCK),
		.flags = USER, .target = TARGET_SYSTEM },
	[OP_SYSTEM_KERNEL] = { "system-kernel", "system wide, with the kernel", SOFTWARE(CPU_CLOCK),
		.sample_type = PLACE, .target = TARGET_SYSTEM },
	[OP_CGROUP] = { "cgroup", "a cgroup, user space", SOFTWARE(CPU_CLOCK), .flags = USER,
		.target = TARGET_CGROUP },
	[OP_SWITCH_COUNT] = { "switch-count", "own context switches counted",
		SOFTWARE(CONTEXT_SWITCHES), .flags = PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL },
	[OP_SWITCH_RECORDS] = { "switch-records", "own context switches recorded", SOFTWARE(DUMMY),
		.flags = USER | PERF_ATTR_CONTEXT_SWITCH },
	[OP_TRACEPOINT_COUNT] = { "tracepoint-count", "a tracepoint counted",
		.type = PERF_TYPE_TRACEPOINT, .flags = PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL },
	/* of the whole system, since some tracepoints of one's own tasks are open to everybody */
	[OP_TRACEPOINT_RAW] = { "tracepoint-raw", "a tracepoint with its data",
		.type = PERF_TYPE_TRACEPOINT, .sample_type = PLACE | PERF_SAMPLE_RAW,
		.target = TARGET_SYSTEM },
	/* whoever may have it gets EINVAL for a user call chain: to enable it would patch every
	   function of the kernel */
	[OP_FTRACE] = { "ftrace", "the ftrace function event", .type = PERF_TYPE_TRACEPOINT,
		.config = 1, .sample_type = PLACE, .special = SPECIAL_FTRACE },
	[OP_KPROBE] = { "kprobe", "a kprobe", .address = NO_PLACE, .special = SPECIAL_KPROBE },
	[OP_UPROBE] = { "uprobe", "a uprobe", .address = NO_PLACE, .flags = USER,
		.special = SPECIAL_UPROBE },
	[OP_BREAKPOINT_USER] = { "breakpoint-user", "a breakpoint on a user address",
		.type = PERF_TYPE_BREAKPOINT, .address = 0x10000, .flags = USER },
	[OP_BREAKPOINT_KERNEL] = { "breakpoint-kernel", "a breakpoint on a kernel address",
		.type = PERF_TYPE_BREAKPOINT, .address = KERNEL_PLACE, .target = TARGET_SYSTEM },
	[OP_REGISTERS] = { "registers", "registers at the interrupt, user space",
		SOFTWARE(CPU_CLOCK), .sample_type = PLACE | PERF_SAMPLE_REGS_INTR, .flags = USER },
	[OP_BRANCH_USER] = { "branch-user", "branch stacks, user space", CYCLES,
		.sample_type = PLACE | PERF_SAMPLE_BRANCH_STACK, .flags = USER,
		.branch = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY },
	[OP_BRANCH_KERNEL] = { "branch-kernel", "branch stacks, with the kernel", CYCLES,
		.sample_type = PLACE | PERF_SAMPLE_BRANCH_STACK,
		.branch = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL |
			  PERF_SAMPLE_BRANCH_ANY },
	[OP_PHYSICAL] = { "physical", "physical addresses, user space", SOFTWARE(CPU_CLOCK),
		.sample_type = PLACE | PERF_SAMPLE_PHYS_ADDR, .flags = USER },
	[OP_AUX] = { "aux", "an AUX trace of own process (PT, SPE)", .flags = USER,
		.special = SPECIAL_AUX },
	[OP_NAMESPACES] = { "namespaces", "namespace records", SOFTWARE(DUMMY),
		.flags = USER | PERF_ATTR_NAMESPACES },
	[OP_TEXT_POKE] = { "text-poke", "text_poke records", SOFTWARE(DUMMY),
		.flags = USER | PERF_ATTR_TEXT_POKE },
	[OP_KSYMBOL] = { "ksymbol-bpf", "ksymbol and bpf records", SOFTWARE(DUMMY),
		.flags = USER | PERF_ATTR_KSYMBOL | PERF_ATTR_BPF_EVENT },
	[OP_KALLSYMS] = { "kallsyms", "kernel symbol addresses", .type = PERF_TYPE_SOFTWARE },
};

const struct operation *operation_at(enum operation_id id)
{
	return &operations[id];
}

static uint32_t special_type(const struct facts *facts, enum special special, uint32_t otherwise)
{
	const struct pmu_fact *pmu = NULL;

	if (special == SPECIAL_KPROBE)
		pmu = facts_pmu(facts, "kprobe");
	else if (special == SPECIAL_UPROBE)
		pmu = facts_pmu(facts, "uprobe");
	else if (special == SPECIAL_AUX)
		pmu = rules_aux_pmu(facts);
	return pmu ? pmu->type : otherwise;
}

void operation_request(struct request *request, enum operation_id id, const struct facts *facts)
{
	const struct operation *op = &operations[id];
	struct perf_event_attr *attr = &request->attr;

	*request = (struct request){ .target = op->target, .special = op->special };
	attr->size = PERF_ATTR_SIZE_VER5;
	attr->type = special_type(facts, op->special, op->type);
	attr->config = op->config;
	attr->config1 = op->address;
	attr->sample_type = op->sample_type;
	attr->sample_period = op->sample_type ? 1000000 : 0;
	attr->sample_regs_intr = op->sample_type & PERF_SAMPLE_REGS_INTR ? 1 : 0;
	attr->branch_sample_type = op->branch;
	attr->flags = op->flags | PERF_ATTR_DISABLED | PERF_ATTR_EXCLUDE_HV;
	if (op->type == PERF_TYPE_BREAKPOINT) {
		attr->bp_type = HW_BREAKPOINT_W;
		attr->config2 = 4;
		attr->sample_period = 1;
	}
}
