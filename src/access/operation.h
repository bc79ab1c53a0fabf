#ifndef ACCESS_OPERATION_H
#define ACCESS_OPERATION_H

/*
 * What people want of perf events, one row each: the attributes that ask the kernel for it, in the
 * mildest form, so that a refusal is about the thing itself. The key is what JSON and --for say.
 */

#include "access/rules.h"

enum operation_id {
	OP_COUNT_USER,
	OP_SAMPLE_USER,
	OP_COUNT_KERNEL,
	OP_SAMPLE_KERNEL,
	OP_CHAIN_KERNEL,
	OP_HARDWARE_USER,
	OP_HARDWARE_KERNEL,
	OP_PROCESS_OWN,
	OP_PROCESS_OTHER,
	OP_SYSTEM_USER,
	OP_SYSTEM_KERNEL,
	OP_CGROUP,
	OP_SWITCH_COUNT,
	OP_SWITCH_RECORDS,
	OP_TRACEPOINT_COUNT,
	OP_TRACEPOINT_RAW,
	OP_FTRACE,
	OP_KPROBE,
	OP_UPROBE,
	OP_BREAKPOINT_USER,
	OP_BREAKPOINT_KERNEL,
	OP_REGISTERS,
	OP_BRANCH_USER,
	OP_BRANCH_KERNEL,
	OP_PHYSICAL,
	OP_AUX,
	OP_NAMESPACES,
	OP_TEXT_POKE,
	OP_KSYMBOL,
	OP_KALLSYMS, /* no event: reads /proc/kallsyms */
	OPERATIONS,
};

struct operation {
	const char *key, *text;
	uint32_t type; /* enum perf_type_id; of a special PMU it comes from the facts */
	uint64_t config, sample_type;
	uint64_t flags; /* on top of "disabled, not the hypervisor" */
	uint64_t branch;
	uint64_t address; /* of a breakpoint; config1 of a probe */
	enum request_target target;
	enum special special;
};

const struct operation *operation_at(enum operation_id id);

/* The request that asks for it here; dynamic PMU types are taken from the facts. */
void operation_request(struct request *request, enum operation_id id, const struct facts *facts);

#endif
