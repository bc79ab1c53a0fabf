#include "capture/sampling.h"

#define COMMON_FIELDS (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME)
#define SIDEBAND_WAKEUP_BYTES 16384

static void apply(struct event *event, const struct sampling *sampling)
{
	struct perf_event_attr *attr = &event->attr;

	attr->sample_type |= COMMON_FIELDS;
	if (sampling->callchain)
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
	if (sampling->cpu || attr->type == PERF_TYPE_TRACEPOINT)
		attr->sample_type |= PERF_SAMPLE_CPU;
	if (sampling->address)
		attr->sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC;
	if (sampling->stack_bytes) {
		attr->sample_type |= PERF_SAMPLE_STACK_USER | PERF_SAMPLE_CALLCHAIN;
		attr->sample_stack_user = sampling->stack_bytes;
		/* the user part is what the stack is for */
		attr->flags |= PERF_ATTR_EXCLUDE_CALLCHAIN_USER;
	}
	if (sampling->user_regs)
		attr->sample_type |= PERF_SAMPLE_REGS_USER;
	if (sampling->intr_regs)
		attr->sample_type |= PERF_SAMPLE_REGS_INTR;
	if (sampling->branches)
		attr->sample_type |= PERF_SAMPLE_BRANCH_STACK;
	if (sampling->weight)
		attr->sample_type |= PERF_SAMPLE_WEIGHT_STRUCT;
	attr->sample_regs_user = sampling->user_regs;
	attr->sample_regs_intr = sampling->intr_regs;
	attr->branch_sample_type = sampling->branches;
	if (attr->type == PERF_TYPE_TRACEPOINT)
		attr->sample_type |= PERF_SAMPLE_RAW | PERF_SAMPLE_PERIOD;
	if (!attr->sample_period) {
		attr->flags |= sampling->period ? 0 : PERF_ATTR_FREQ;
		attr->sample_period = sampling->period ? sampling->period : sampling->frequency;
	}
	if (attr->flags & PERF_ATTR_FREQ)
		attr->sample_type |= PERF_SAMPLE_PERIOD;
	attr->read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	attr->flags |= PERF_ATTR_DISABLED | PERF_ATTR_SAMPLE_ID_ALL;
	attr->flags |= sampling->inherit ? PERF_ATTR_INHERIT : 0;
	attr->flags |= sampling->latest ? PERF_ATTR_WRITE_BACKWARD : 0;
	attr->flags |= sampling->enable_on_exec ? PERF_ATTR_ENABLE_ON_EXEC : 0;
	attr->flags |= event->guest_given ? 0 : PERF_ATTR_EXCLUDE_GUEST;
}

void sampling_apply(struct event_list *events, const struct sampling *sampling)
{
	for (int i = 0; i < events->count; i++)
		apply(&events->at[i], sampling);
}

int sampling_add_sideband(struct event_list *events, const struct sampling *sampling)
{
	struct event *event =
		event_add(events, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY, "dummy:HG");

	if (!event)
		return -1;
	event->levels_given = true;
	event->attr.sample_type = COMMON_FIELDS | (sampling->cpu ? PERF_SAMPLE_CPU : 0);
	event->attr.sample_period = 1;
	event->attr.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	event->attr.wakeup = SIDEBAND_WAKEUP_BYTES;
	/* it counts nothing, so it never needs the permission to look into the kernel */
	event->attr.flags = PERF_ATTR_DISABLED | PERF_ATTR_EXCLUDE_KERNEL | PERF_ATTR_EXCLUDE_HV |
			    PERF_ATTR_WATERMARK | PERF_ATTR_SAMPLE_ID_ALL | PERF_ATTR_TASK |
			    PERF_ATTR_COMM | PERF_ATTR_COMM_EXEC | PERF_ATTR_MMAP |
			    PERF_ATTR_MMAP2 | PERF_ATTR_KSYMBOL | PERF_ATTR_BPF_EVENT |
			    (sampling->build_ids ? PERF_ATTR_BUILD_ID : 0) |
			    (sampling->data_maps ? PERF_ATTR_MMAP_DATA : 0) |
			    (sampling->inherit ? PERF_ATTR_INHERIT : 0);
	return events->count - 1;
}

struct event *sampling_add_default(struct event_list *events)
{
	struct event *event =
		event_add(events, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "cycles");

	if (event) {
		event->precise_most = true;
		event->attr.flags |= PERF_ATTR_PRECISE_IP(3);
	}
	return event;
}
