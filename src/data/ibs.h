#ifndef DATA_IBS_H
#define DATA_IBS_H

/*
 * What AMD's Instruction Based Sampling leaves in a sample (PERF_SAMPLE_RAW of the PMUs ibs_fetch
 * and ibs_op): a u32 of capabilities, then model specific registers as they were. Which and what
 * their bits are: arch/x86/include/asm/amd/ibs.h and arch/x86/events/amd/ibs.c in the kernel. Not
 * trusted: registers that are not there end the list.
 */

#include "base/span.h"

enum ibs_kind {
	IBS_FETCH,
	IBS_OP
};

/* One field of a register, or (name NULL) the register itself. */
struct ibs_value {
	const char *label; /* of the register: "ibs_op_data3" */
	const char *name;  /* "DcMissLat" */
	const char *means; /* the value in words, or NULL */
	char between;	   /* perf's dumps put value and words so; 0: the words alone */
	uint64_t value;
	uint8_t width; /* digits that its column has, or 0 */
};

struct ibs {
	enum ibs_kind kind;
	uint32_t capabilities;
	unsigned count, at; /* registers; the next field */
	uint64_t word[8];
};

/* `raw` is PERF_SAMPLE_RAW's data. False: not even the first register is there, or it says that it
 * holds no sample. */
bool ibs_begin(struct ibs *ibs, enum ibs_kind kind, struct span raw);

/* The next value in order; what the registers say does not hold is left out. False at the end. */
bool ibs_next(struct ibs *ibs, struct ibs_value *value);

#endif
