#ifndef DATA_WRITER_H
#define DATA_WRITER_H

/*
 * Writes perf.data, to a file or as a stream (pipe mode). The header is complete before the first
 * record and data.size in it is committed round by round, after the records it counts; so what is
 * cut at any byte opens up to the last commit. Feature sections follow at the end.
 * Format: tools/perf/Documentation/perf.data-file-format.txt.
 * A zeroed writer may begin; one that has finished may begin again. Every call returns 0 or -errno;
 * after the first failure the writer only repeats it, and a file is left as of the last commit.
 */

#include "data/abi.h"
#include "data/body.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* One event of the file: its attr, what identifies its samples, its name. Borrowed. */
struct writer_event {
	const struct perf_event_attr *attr;
	const uint64_t *ids;
	uint32_t id_count;
	const char *name;
};

struct writer {
	int fd; /* not owned */
	bool stream;
	int error; /* -errno of the first failure */
	uint64_t data_offset;
	uint64_t data_size; /* bytes of records written so far */
	uint64_t partial;   /* bytes written of the records whose writing failed */
	uint64_t committed; /* of those, what the header tells */
	/* Asked where the disk is full, to go on with the same write; false: it is no use. Set
	 * before writer_begin(), or NULL. */
	bool (*make_room)(void *context);
	void *context;
	uint64_t features[HEADER_FEATURES / 64];
	uint32_t feature_count;
	struct {
		uint32_t bit;
		const uint8_t *bytes;
		size_t size;
	} feature[64];
};

int writer_begin(struct writer *writer, int fd, bool stream, const struct writer_event *events,
	uint32_t count);

/* Appends whole records. `parts` is used up. On failure `partial` bytes of them were written. */
int writer_records(struct writer *writer, struct iovec *parts, int count);

/* After such a failure: commits the whole records at the start of those bytes, `size` bytes. */
void writer_keep(struct writer *writer, uint64_t size);

/* Tells in the header what has been written since the last commit. */
int writer_commit(struct writer *writer);

/* Keeps a feature section's body until writer_finish (borrowed); a stream sends it at once. */
int writer_feature(struct writer *writer, uint32_t bit, const void *bytes, size_t size);

/* The body of EVENT_DESC; every event has a name. */
void writer_event_desc(struct body *body, const struct writer_event *events, uint32_t count);

/* Commits, and writes the feature sections. */
int writer_finish(struct writer *writer);

#endif
