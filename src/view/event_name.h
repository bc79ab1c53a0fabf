#ifndef VIEW_EVENT_NAME_H
#define VIEW_EVENT_NAME_H

#include "data/abi.h"

#include <stddef.h>

/* What perf calls an event that the file has no name for: "cycles:ppH", "raw 0x1c2". */
void event_name(char *to, size_t cap, const struct perf_event_attr *attr);

#endif
