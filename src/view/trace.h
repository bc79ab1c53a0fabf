#ifndef VIEW_TRACE_H
#define VIEW_TRACE_H

/*
 * What processors write themselves, as lines of text: AMD's IBS registers in a sample's raw data
 * and Arm's SPE packets in AUX data, named as perf's dumps name them.
 */

#include "base/out.h"
#include "data/ibs.h"
#include "data/reader.h"
#include "data/spe.h"

/* A line for each register: label, value, its fields. False: no sample of that kind, nothing is
 * written. */
bool trace_ibs(struct out *out, enum ibs_kind kind, struct span raw);

/* A line for each packet: where it lies, its bytes, what it means. `offset` is that of the bytes in
 * the trace; with `more` to come, what may be cut at their end is left. How many bytes were shown.
 */
size_t trace_spe(struct out *out, struct span bytes, uint64_t offset, bool more);

/* Which kind of IBS the PMU of that name is; false: none ("ibs_op", "ibs_fetch"). */
bool trace_ibs_pmu(const char *name, enum ibs_kind *kind);

/* A recording's traces, one record after the other. */
struct trace {
	uint32_t ibs_type[2]; /* of events, by enum ibs_kind; 0: there is none */
	bool spe;	      /* AUX data is SPE's */
};

void trace_begin(struct trace *trace, struct reader *reader);

/* Shows what the reader's present record, or what lies behind it, has of a trace, if anything. */
void trace_record(struct trace *trace, struct out *out, struct reader *reader);

#endif
