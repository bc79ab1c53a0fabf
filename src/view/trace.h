#ifndef VIEW_TRACE_H
#define VIEW_TRACE_H

/*
 * What processors write themselves, as lines of text: AMD's IBS registers in a sample's raw data
 * and Arm's SPE packets in AUX data, named as perf's dumps name them.
 */

#include "base/out.h"
#include "data/ibs.h"
#include "data/spe.h"

/* A line for each register: label, value, its fields. False: no sample of that kind, nothing is
 * written. */
bool trace_ibs(struct out *out, enum ibs_kind kind, struct span raw);

/* A line for each packet: where it lies, its bytes, what it means. `offset` is that of the bytes in
 * the trace. */
void trace_spe(struct out *out, struct span bytes, uint64_t offset);

/* Which kind of IBS the PMU of that name is; false: none ("ibs_op", "ibs_fetch"). */
bool trace_ibs_pmu(const char *name, enum ibs_kind *kind);

#endif
