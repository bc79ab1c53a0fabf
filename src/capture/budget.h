#ifndef CAPTURE_BUDGET_H
#define CAPTURE_BUDGET_H

/*
 * How large the rings may be. The kernel charges each ring 2^n data pages and a control page to the
 * user, up to perf_event_mlock_kb x online CPUs (kernel/events/core.c, perf_mmap; the
 * specification's "Memory allocation"). Per CPU there is one ring for samples and a small one for
 * the side-band, so that a flood of samples cannot push a mapping out. Pure arithmetic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
	uint32_t page_bytes;
	uint32_t cpus;		 /* rings of each kind */
	uint64_t limit_kb;	 /* per CPU: perf_event_mlock_kb; what the kernel counts against */
	bool unlimited;		 /* root, CAP_IPC_LOCK or paranoid -1: the limit does not bind */
	uint32_t sample_pages;	 /* 2^n */
	uint32_t sideband_pages; /* 2^n */
};

/* What fits: the largest pair under the limit, or sample_pages as asked (0: not asked). */
void budget_plan(struct budget *budget, uint32_t asked_pages);

/* After EPERM: the next smaller pair; false when there is none. */
bool budget_halve(struct budget *budget);

/* All rings with their control pages, and what the limit allows to this user in all. */
uint64_t budget_total_kb(const struct budget *budget);
uint64_t budget_limit_kb(const struct budget *budget);

/* -m: a number of pages or a size with its unit (B, K, M, G), rounded up to a power of two pages.
 * 0, or -EINVAL. */
int budget_parse_pages(const char *text, uint32_t page_bytes, uint32_t *pages);

#endif
