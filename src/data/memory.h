#ifndef DATA_MEMORY_H
#define DATA_MEMORY_H

/*
 * What memory samples say: PERF_SAMPLE_DATA_SRC in words. Bits: union perf_mem_data_src in
 * include/uapi/linux/perf_event.h.
 */

#include <stddef.h>
#include <stdint.h>

/* "|OP LOAD|LVL L1 hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A", as perf script has it. */
void memory_text(char *to, size_t cap, uint64_t data_src);

#endif
