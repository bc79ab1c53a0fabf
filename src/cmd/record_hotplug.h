#ifndef CMD_RECORD_HOTPLUG_H
#define CMD_RECORD_HOTPLUG_H

/*
 * Tells the user of CPUs that go and come while they are recorded. A CPU's events end when it goes
 * offline and do not come back with it (nor do perf's); those of tasks go on wherever the tasks run
 * among the CPUs that were there at first.
 */

/* Before the sandbox is entered. */
void record_hotplug_begin(void);

/* To be called often: looks once a second. */
void record_hotplug_look(void);

#endif
