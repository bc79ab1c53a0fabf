#ifndef CAPTURE_RELAX_H
#define CAPTURE_RELAX_H

#include "capture/event.h"

/*
 * What to try next when an event could not be opened with `error` (errno): changes the event and
 * gives the line to tell the user ("" where there is nothing to tell), or NULL when nothing less
 * would do. In this order: less precise; guests too, where the user did not say; user space only,
 * where the user did not ask for the kernel; cpu-clock for cycles, where nothing counts cycles and
 * `may_replace` (the user did not name the event).
 */
const char *relax_event(struct event *event, int error, bool may_replace);

#endif
