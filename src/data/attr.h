#ifndef DATA_ATTR_H
#define DATA_ATTR_H

#include "data/abi.h"

/* What attr.size must be for the fields in use: what any kernel since 4.1 and any perf reads. */
uint32_t attr_size(const struct perf_event_attr *attr);

#endif
