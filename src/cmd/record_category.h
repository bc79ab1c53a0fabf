#ifndef CMD_RECORD_CATEGORY_H
#define CMD_RECORD_CATEGORY_H

/* Refuses what would collect more than is wanted (record --max-category) or allowed. */

#include "capture/event.h"

/* `ceiling` as given, NULL: none. Looks at all events but the side-band's, which has no samples. 0,
 * or an exit status after a message that names the option or event and its category. */
int record_category_check(const char *ceiling, const struct event_list *events, int sideband);

/* The administrator's ceiling (access/policy.h) for callers who are not root. Likewise. */
int record_category_policy(const struct event_list *events, int sideband);

#endif
