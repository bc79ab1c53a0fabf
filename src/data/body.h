#ifndef DATA_BODY_H
#define DATA_BODY_H

/*
 * The bodies of perf.data's feature sections, as they are built before writer_feature() takes them.
 * Layouts: tools/perf/Documentation/perf.data-file-format.txt. A body that outgrows its buffer is
 * `full` and must not be written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body {
	uint8_t *bytes;
	size_t size; /* so far */
	size_t cap;
	bool full;
};

void body_put(struct body *body, const void *bytes, size_t size);
void body_u32(struct body *body, uint32_t value);
void body_u64(struct body *body, uint64_t value);

/* perf_header_string: u32 length, then the text padded with NULs to that length. */
void body_string(struct body *body, const char *text);

/* One entry of BUILD_ID: `pid` -1 for the kernel and its modules, `misc` says kernel or user. */
void body_build_id(struct body *body, int32_t pid, uint16_t misc, const uint8_t *build_id,
	size_t build_id_size, const char *filename);

#endif
