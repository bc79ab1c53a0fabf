#ifndef CMD_RECORD_HOTPLUG_H
#define CMD_RECORD_HOTPLUG_H

/*
 * Tells the user of CPUs that go and come while they are recorded. A CPU's events end when it goes
 * offline and do not come back with it (nor do perf's); those of tasks go on wherever the tasks run
 * among the CPUs that were there at first.
 */

#include "capture/target.h"

#include <stdbool.h>

/* `chosen`: the user named the CPUs, others do not matter. */
void record_hotplug_begin(const struct target *target, bool chosen);

/* To be called often: looks once a second. */
void record_hotplug_look(void);

#endif
