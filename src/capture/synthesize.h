#ifndef CAPTURE_SYNTHESIZE_H
#define CAPTURE_SYNTHESIZE_H

/*
 * Side-band records for what was there before the recording began, read from procfs: the kernel and
 * its modules, the names of threads, the executable mappings of processes. The records are those
 * the kernel would have written (data/record.h) and go, whole, to a callback.
 */

#include "capture/target.h"
#include "data/abi.h"

struct synthesize {
	const struct perf_event_attr *attr; /* of the side-band event: which ids records carry */
	int (*emit)(void *context, const void *records, size_t size); /* 0, or anything to stop */
	void *context;
	bool data_maps; /* mappings that are not executable, too */

	/* results */
	uint32_t processes, threads, maps;
	uint32_t unreadable; /* processes whose maps we may not read: their samples stay unnamed */
	bool kernel_hidden;  /* /proc/kallsyms shows no addresses (kptr_restrict) */

	size_t used;
	uint8_t buffer[65536];
};

/* Kernel and modules; nothing where their addresses are hidden. Each returns emit's result. */
int synthesize_kernel(struct synthesize *s);

/* A record of the caller's own (MMAP2, COMM, FORK), made or as it is (at most 8 KiB); what has
 * gathered goes on with a flush. */
struct record;
int synthesize_record(struct synthesize *s, const struct record *record);
int synthesize_copy(struct synthesize *s, const struct perf_event_header *record);
int synthesize_flush(struct synthesize *s);

/* The target's processes: all of the system, or those of the threads listed. */
int synthesize_tasks(struct synthesize *s, const struct target *target);

#endif
