#ifndef CAPTURE_EVENT_SET_H
#define CAPTURE_EVENT_SET_H

#include "capture/event.h"

/*
 * What `perf stat` counts where no event is named: the sets of perf-stat(1), appended to the list
 * as far as there is room. Stalled cycles are in only where the PMU names them.
 */
void event_set_default(struct event_list *list, bool system_wide);

/* -d, -dd, -ddd: 1 to 3 sets about caches; 0 appends nothing. */
void event_set_detailed(struct event_list *list, int level);

#endif
