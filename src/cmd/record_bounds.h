#ifndef CMD_RECORD_BOUNDS_H
#define CMD_RECORD_BOUNDS_H

/*
 * What bounds a recording: its size, further files of which so many are kept, a ring that keeps the
 * latest, a disk that is full. Every file is complete in itself: it begins with what was told of
 * the processes that live (capture/carry.h), and a record lies in one file only. They speak to the
 * user; statuses are exit statuses, 0 for success.
 *
 * Once it runs it opens files in the output's directory only (data/output.h), besides what the end
 * of each file reads (cmd/record_file.h).
 */

#include "cmd/record_file.h"

#include "capture/recorder.h"

#include <stdbool.h>
#include <stdint.h>

#define RECORD_BOUNDS_FILES 4096 /* the most that are kept, and known, at a time */

/* As given. */
struct record_bounds {
	const char *when; /* --switch-output: "", signal, a size or a time; NULL: not given */
	const char *on_full;
	uint64_t most_files; /* 0: no limit */
	uint64_t max_bytes;  /* of a file; 0: no limit */
	uint64_t sync_ns;    /* from one fdatasync to the next; 0: none */
	bool latest;	     /* --overwrite */
};

int record_bounds_check(const struct record_bounds *bounds);

/* Whether further files may have to be begun: the side-band has to be carried over. */
bool record_bounds_carries(const struct record_bounds *bounds);

/* `file` is open and `recorder` begun. All stay. */
int record_bounds_begin(struct record_file *file, struct recorder *recorder);

/* Takes what the rings hold, and switches files where it is time. Sets *ended when there is no room
 * for more. */
int record_bounds_round(bool *ended);

/* A further file is wanted: SIGUSR2, snapshot. Nothing where none may be. */
int record_bounds_snapshot(void);

/* How long until a round may be due, milliseconds; `most` at the most. */
int record_bounds_wait_ms(int most);

/* Ends the last file and gives it its name. */
int record_bounds_end(void);

/* "perf.data", or "2 files, perf.data.STAMP the last": where it all is, for the summary. */
const char *record_bounds_place(void);

/* Bytes of all files that were written. */
uint64_t record_bounds_bytes(void);

#endif
