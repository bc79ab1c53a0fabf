#ifndef DATA_SAMPLE_FIELD_H
#define DATA_SAMPLE_FIELD_H

/*
 * A sample as a row of fields, one per bit of sample_type, without looking into them: what is
 * counted or copied field by field needs no more. Not trusted: lengths are bounded by the record.
 * Order and sizes: perf_output_sample() in the kernel.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_FIELDS 25 /* bits of sample_type that have names */

/* By bit, then NULL: "IP". */
extern const char *const sample_field_names[SAMPLE_FIELDS + 1];

/* Bits in the order in which the fields stand in a sample. */
extern const uint8_t sample_field_order[SAMPLE_FIELDS];

/* 8-byte words of each field, by bit. Zero before its first use, and kept from sample to sample:
 * what follows from sample_type alone is found once. */
struct sample_layout {
	uint64_t type;		       /* the bits of sample_type that have names */
	uint16_t words[SAMPLE_FIELDS]; /* 0 where the bit is not in `type` */
	uint16_t rest;		       /* behind the last field that is known */
	uint8_t count;
	uint8_t order[SAMPLE_FIELDS]; /* the `count` bits of `type` as their fields stand */
};

/* `record` has header.size bytes, begins on 8 and is a SAMPLE. False where a field does not fit. */
bool sample_layout(struct sample_layout *layout, const struct perf_event_header *record,
	const struct perf_event_attr *attr);

#endif
