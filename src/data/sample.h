#ifndef DATA_SAMPLE_H
#define DATA_SAMPLE_H

/*
 * PERF_RECORD_SAMPLE taken apart for any sample_type. The record is not trusted: every count is
 * bounded by its bytes. Nothing is copied: arrays point into the record, which must stay where it
 * is and must begin on 8 bytes (reader_next() sees to both). Layout: perf_event_open(2), and
 * perf_output_sample() in the kernel for what the page leaves out.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_NO_CPU UINT32_MAX
#define SAMPLE_REGS_MAX 64

enum sample_status {
	SAMPLE_OK,
	SAMPLE_FUTURE, /* sample_type has bits, or registers an ABI, that we do not know: what we
			* know is right */
	SAMPLE_SHORT,  /* the record ends before its fields do: do not use it */
};

struct sample_words {
	const uint64_t *at;
	uint64_t count;
};

struct sample_bytes {
	const void *at;
	uint64_t size;
};

/* One event's count inside PERF_SAMPLE_READ. */
struct sample_value {
	uint64_t value, id, lost; /* id and lost as read_format has them, else 0 */
};

struct sample_read {
	uint64_t format; /* PERF_FORMAT_* */
	uint64_t enabled_ns, running_ns;
	uint64_t count;
	const uint64_t *at; /* sample_value_at() knows the layout */
};

struct sample_branch {
	uint64_t from, to;
	/* bits 0 mispredicted, 1 predicted, 2 in_tx, 3 abort, 4-19 cycles, 20-23 type, 24-25 spec,
	 * 26-29 new type, 30-32 privilege */
	uint64_t flags;
};

struct sample_branches {
	const struct sample_branch *at; /* the latest first */
	const uint64_t *counters;	/* one per entry, or NULL */
	uint64_t count;
	uint64_t hw_index;
};

struct sample_regs {
	uint64_t abi;  /* PERF_SAMPLE_REGS_ABI_*: 0 means no registers */
	uint64_t mask; /* which registers: bit numbers are the architecture's */
	const uint64_t *at;
	uint32_t count; /* of the set bits in mask */
};

struct sample {
	uint64_t type; /* the PERF_SAMPLE_* bits that are present; the rest is zero */
	uint16_t misc;
	uint8_t cpumode; /* PERF_RECORD_MISC_KERNEL, ..._USER, ... */
	uint32_t pid, tid;
	uint32_t cpu; /* SAMPLE_NO_CPU where it is not known */
	uint64_t time_ns;
	uint64_t id; /* of ID or IDENTIFIER */
	uint64_t stream_id;
	uint64_t ip, addr;
	uint64_t period; /* attr's fixed period where the sample has none */
	struct sample_read read;
	const uint64_t *chain_place; /* the word in the record that counts them */
	struct sample_words chain;   /* with PERF_CONTEXT_* markers, the leaf first */
	struct sample_bytes raw;
	struct sample_branches branches;
	struct sample_regs user_regs, intr_regs;
	struct sample_bytes user_stack; /* only the bytes that were really copied */
	struct sample_words user_part;	/* user_regs and user_stack as they stand in the record */
	uint64_t weight;		/* WEIGHT, or the first of WEIGHT_STRUCT's three */
	uint16_t weight_2, weight_3;
	uint64_t data_src, transaction, phys_addr, cgroup;
	uint64_t data_page_size, code_page_size; /* bytes */
	struct sample_bytes aux;
};

/* `record` has header.size bytes and type SAMPLE; `attr` is its event's. */
enum sample_status sample_decode(struct sample *sample, const struct perf_event_header *record,
	const struct perf_event_attr *attr);

/* The index-th (< count) value of a PERF_SAMPLE_READ. */
struct sample_value sample_value_at(const struct sample_read *read, uint64_t index);

/*
 * Where an event's id lies, as 8-byte words: in samples after the header, in other records before
 * the end (1 is the last word). -1 where sample_type has no id.
 */
int sample_id_place(uint64_t sample_type);
int sample_id_place_from_end(uint64_t sample_type);

#endif
