#ifndef CAPTURE_TRACING_H
#define CAPTURE_TRACING_H

/*
 * perf.data's TRACING_DATA: what tracefs says of the layout of the tracepoints that are recorded,
 * so that their fields can be read anywhere. Layout: the format of trace-cmd's trace.dat version
 * 0.6, as tools/perf/Documentation/perf.data-file-format.txt points to it.
 */

#include "capture/event.h"
#include "data/body.h"

/* Puts the section. False where no event is a tracepoint; body->full where it does not fit. */
bool tracing_put(struct body *body, const struct event_list *events);

#endif
