#ifndef VIEW_ATTR_TEXT_H
#define VIEW_ATTR_TEXT_H

#include "base/out.h"
#include "data/abi.h"

/* What a perf_event_attr says, a line for each field that is not 0, as `perf stat -vv` shows it. */
void attr_text(struct out *out, const struct perf_event_attr *attr);

#endif
