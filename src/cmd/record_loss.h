#ifndef CMD_RECORD_LOSS_H
#define CMD_RECORD_LOSS_H

/* What a recording has lost, told to its user and to its file. */

#include "capture/recorder.h"
#include "data/writer.h"

/*
 * At the end of a file, when all descriptors are disabled and the rings are empty: as perf does,
 * PERF_RECORD_LOST_SAMPLES for each event and CPU, then PERF_RECORD_ID_INDEX that tells of which
 * CPU each id in trouble is. Of a recording in several files each tells what was lost since the
 * one before.
 */
void record_loss_write(
	struct recorder *recorder, const struct writer_event *events, struct writer *writer);

/* A line per event where something is missing; with `verbose` as a table, and the sum check. After
 * record_loss_write(). */
void record_loss_summary(const struct recorder *recorder, int verbose);

/* Samples of all events but the side-band's. */
uint64_t record_loss_samples(const struct recorder *recorder);

#endif
