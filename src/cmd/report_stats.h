#ifndef CMD_REPORT_STATS_H
#define CMD_REPORT_STATS_H

/* report --stats: how many records there are of each kind, as perf lays it out, and what is missing
 * from the recording, by event and CPU. */

#include "base/out.h"
#include "profile/recording.h"

/* Both passes are over. `name_event` writes the name of an event, which comes from outside. */
void report_stats(struct out *out, struct recording *recording,
	void (*name_event)(char *to, size_t cap, uint32_t event));

#endif
