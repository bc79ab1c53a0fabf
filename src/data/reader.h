#ifndef DATA_READER_H
#define DATA_READER_H

/*
 * Reads perf.data in file and pipe mode, from any perf since 3.x. Not one byte is trusted: each
 * section is bounded by the file, nothing is allocated by a size a file tells without a limit, and
 * the file is read with pread, so one that shrinks meanwhile only ends early. What cannot be
 * seeked (a pipe) is first copied to an unlinked temporary file in /tmp.
 * Format: tools/perf/Documentation/perf.data-file-format.txt in the kernel.
 *
 *	reader_open(&reader, fd, arena)
 *	while ((status = reader_next(&reader)) == READER_OK)
 *		... reader.record, reader_event(&reader) ...
 *	reader_rewind(&reader) and once more, as often as needed
 */

#include "base/arena.h"
#include "base/span.h"
#include "data/abi.h"
#include "data/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define READER_EVENTS_MAX 4096
#define READER_IDS_MAX (1u << 18)
#define READER_NO_EVENT -1

enum reader_status {
	READER_OK,
	READER_END,	   /* the last record was read, the file is whole */
	READER_CUT,	   /* the data ends inside a record, or before where the header says */
	READER_BROKEN,	   /* a record that cannot be: what follows it cannot be found */
	READER_COMPRESSED, /* holds compressed records (perf record -z) */
	READER_EMPTY,	   /* no bytes at all */
	READER_DIRECTORY,
	READER_FOREIGN,	  /* not perf.data */
	READER_ANCIENT,	  /* perf.data of a perf before 2.6.3x (PERFFILE) */
	READER_ENDIAN,	  /* written on a machine of the other byte order */
	READER_HEADER,	  /* the header or an attr is cut or contradicts itself */
	READER_NO_EVENTS, /* holds no event: nothing could have been recorded */
	READER_TOO_MANY,  /* more events or ids than we have room for */
	READER_IO,	  /* errno in reader.error */
	READER_SPOOL,	  /* a pipe could not be kept in /tmp: errno in reader.error */
};

/* One event of the file. */
struct reader_attr {
	struct perf_event_attr attr; /* fields a short attr lacks are zero */
	uint32_t file_size; /* attr.size as the file has it; more than ours: tail ignored */
	uint32_t id_count;
	const uint64_t *ids;
	const char *name;	      /* from EVENT_DESC or EVENT_UPDATE, or NULL */
	int8_t place, place_from_end; /* of its id: sample_id_place() and its sister */
};

/* Things worth a word that do not stop reading. */
enum reader_note {
	READER_NOTE_UNFINISHED = 1,   /* data.size is 0: the recorder was killed */
	READER_NOTE_DATA_CUT = 2,     /* the data section ends behind the file */
	READER_NOTE_FEATURES_CUT = 4, /* so does a feature section, it is left out */
	READER_NOTE_NEWER_ATTR = 8,   /* attrs have fields we do not know */
};

struct reader {
	/* for everybody to read */
	bool pipe; /* pipe mode: attrs and features are records */
	int notes; /* enum reader_note */
	int error; /* errno */
	uint64_t file_bytes;
	struct perf_file_section data;
	struct reader_attr *attrs;
	uint32_t attr_count;
	struct perf_file_section features[HEADER_FEATURES]; /* offset 0: absent */
	const struct perf_event_header *record; /* set by reader_next(), until the next call */
	uint64_t record_offset;			/* in the file */
	uint64_t counts[RECORD_TYPES];		/* records seen since the start, by type */
	uint64_t payload_bytes;			/* of AUXTRACE and TRACING_DATA, skipped */
	/* Bytes of the record that are not read yet, see reader_sparse(); none where both are
	 * the same. */
	uint32_t hole, hole_end;

	/* the reader's own */
	int fd;
	struct arena *arena;
	struct reader_id *ids;
	uint32_t id_mask;
	uint64_t id_count;
	uint64_t payload;		  /* behind this record */
	uint64_t places, places_from_end; /* where ids may lie, bit by word */
	uint64_t next, end;
	uint64_t window_offset;
	size_t window_bytes, window_cap, window_want;
	uint32_t head_bytes, tail_bytes;
	char *window, *aligned;
};

/*
 * Takes the descriptor over (reader_close closes it). READER_OK, or why not. An unfinished or cut
 * file opens: see `notes`. In pipe mode all records are walked once for their attrs and features.
 */
enum reader_status reader_open(struct reader *reader, int fd, struct arena *arena);

/* The same in two steps: where a pipe's bytes are to be kept (-1: it is none, or there is no room),
 * and the rest, which opens nothing any more. */
int reader_spool(int fd);
enum reader_status reader_open_spooled(
	struct reader *reader, int fd, int spool_fd, struct arena *arena);
void reader_close(struct reader *reader);

/* The next record, whole and on 8 bytes. READER_OK, _END, _CUT, _BROKEN, _COMPRESSED, _IO. */
enum reader_status reader_next(struct reader *reader);

/*
 * From now on of large samples (with a copied stack) only so many bytes at the begin (8 or more)
 * and at the end are read, until reader_fill() asks for more; 0, 0: all. What is in the hole
 * meanwhile means nothing.
 */
void reader_sparse(struct reader *reader, uint32_t head_bytes, uint32_t tail_bytes);

/* Reads on in the record's hole, at least up to `until`. False: the file ends before. */
bool reader_fill(struct reader *reader, uint32_t until);

/* Back to the first record, or to the one at `offset` (a former record_offset). */
void reader_rewind(struct reader *reader);
void reader_seek(struct reader *reader, uint64_t offset);

/* Which of attrs `reader->record` belongs to; READER_NO_EVENT where its id is unknown. */
int reader_event(const struct reader *reader);

/* By id alone. */
int reader_event_of_id(const struct reader *reader, uint64_t id);

/* A feature's bytes (enum perf_header_feature), at most `cap` of them; an empty span: absent. */
struct span reader_feature(struct reader *reader, int feature, void *to, size_t cap);

/* Any bytes of the file: as many as there are. -errno on failure. */
ssize_t reader_bytes(struct reader *reader, uint64_t offset, void *to, size_t size);

/* "is not a perf.data file": what follows the file's name in a message. */
const char *reader_text(enum reader_status status);

#endif
