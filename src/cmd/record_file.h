#ifndef CMD_RECORD_FILE_H
#define CMD_RECORD_FILE_H

/*
 * The file of a recording: what stands before its first sample (attrs with their ids, and
 * side-band records of what was there already) and after its last (build IDs, and where and how it
 * was made). They speak to the user; each returns the exit status, 0 for success.
 */

#include "cmd/sampler.h"

#include "capture/carry.h"
#include "capture/recorder.h"
#include "capture/synthesize.h"
#include "data/output.h"
#include "data/writer.h"
#include "profile/buildids.h"

struct record_file {
	struct sampler *sampler;
	char *const *command_line; /* argv of perfbox, NULL-terminated */
	bool unwinds;		   /* stacks, while recording: the file has none */
	bool data_maps;		   /* mappings that are not executable, too */
	bool latest;		   /* it begins empty: record_file_tell() comes with the samples */
	struct output output;
	struct writer writer;
	struct writer_event *events;
	struct synthesize synthesize;
	struct buildids buildids;
	struct body tracing; /* HEADER_TRACING_DATA */
	struct carry *carry; /* what further files begin with, or NULL */
	bool tells;	     /* just that */
	size_t mark;	     /* of the arena, where what belongs to one file begins */
};

int record_file_open(struct record_file *file, const char *path);
int record_file_begin(struct record_file *file);

/* A side-band record on its way to the file. */
void record_file_sideband(struct record_file *file, const struct perf_event_header *header);

/* What is known of who lives, from the carry. */
int record_file_tell(struct record_file *file);

/* Ends the file as record_file_end() does, keeps it as NAME.STAMP, and begins another one. */
int record_file_next(
	struct record_file *file, uint64_t first_ns, uint64_t last_ns, uint64_t *stamp);

/* With the times of the first and the last sample, 0: there is none. */
int record_file_end(struct record_file *file, uint64_t first_ns, uint64_t last_ns);

/* Tells why the writer stopped. */
int record_file_failed(const struct record_file *file);

#endif
