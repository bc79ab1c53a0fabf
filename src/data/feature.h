#ifndef DATA_FEATURE_H
#define DATA_FEATURE_H

/*
 * The feature sections of perf.data taken apart: walks over bytes from reader_feature(). Not
 * trusted; strings point into the section and end in a NUL inside it. Format:
 * tools/perf/Documentation/perf.data-file-format.txt in the kernel.
 */

#include "base/span.h"
#include "data/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* "HOSTNAME", or NULL for a feature nobody knows. */
const char *feature_name(int feature);

/* A u32 length and that many bytes, the string inside padded with NULs; "" where broken. */
const char *feature_string(struct span *s);

/* EVENT_DESC: events as perf named them. */
struct feature_events {
	struct span s;
	uint32_t left, attr_bytes;
};

struct feature_event {
	const char *name;
	struct perf_event_attr attr; /* fields a short attr lacks are zero */
	uint32_t id_count;
	const void *ids; /* u64 each, unaligned */
};

struct feature_events feature_events(const struct span *section);
bool feature_event_next(struct feature_events *events, struct feature_event *event);

/* BUILD_ID: each entry is a record HEADER_BUILD_ID (record_decode() reads it), copied to `to` so
 * that it begins on 8 bytes. False at the end. */
bool feature_build_id_next(struct span *section, struct perf_event_header *to, size_t cap);

#endif
