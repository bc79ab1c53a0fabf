#ifndef DATA_BRANCH_H
#define DATA_BRANCH_H

/*
 * Branch records (PERF_SAMPLE_BRANCH_STACK: Intel's and AMD's LBR, Arm's BRBE): the names of
 * filters, and what the bits of an entry say. Bits: struct perf_branch_entry in
 * include/uapi/linux/perf_event.h.
 */

#include <stddef.h>
#include <stdint.h>

/* "any,u" as perf's -j takes it, to PERF_SAMPLE_BRANCH_*. NULL, or the word that is none. */
const char *branch_filter_parse(const char *text, uint64_t *filter);

/* All the words, with a blank after each, for help. */
void branch_filter_names(char *to, size_t cap);

static inline uint32_t branch_cycles(uint64_t flags)
{
	return (uint32_t)(flags >> 4 & 0xffff);
}

/* "COND", "CALL", ...; "" where it is not known. */
const char *branch_type(uint64_t flags);

/* "P/-/-/12/COND/-" as perf script has it: predicted or missed, in a transaction, aborting one,
 * cycles, type, speculation. */
void branch_text(char *to, size_t cap, uint64_t flags);

#endif
