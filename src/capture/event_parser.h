#ifndef CAPTURE_EVENT_PARSER_H
#define CAPTURE_EVENT_PARSER_H

/* What the parts of the event grammar share: event.c knows names, groups and modifiers, event_pmu.c
 * what stands between a PMU's slashes, event_tracepoint.c what stands around a tracepoint's colon.
 */

#include "base/nearest.h"
#include "capture/event.h"
#include "capture/pmu.h"

#include <stddef.h>

struct event_parser {
	struct event_list *list;
	struct event_source source;
	struct event_error *error;
	const char *text, *at; /* the whole string, and the cursor */
};

/* Fills the error and gives `err` back. */
__attribute__((format(printf, 4, 5))) int event_fail(
	struct event_parser *p, const char *at, int err, const char *format, ...);

/* Ends the error's text with the nearest names; -EINVAL. */
int event_fail_nearest(struct event_parser *p, const char *at, const struct nearest *nearest);

/* A new event at the end of the list, or NULL (the error says so) when it is full. */
struct event *event_new(struct event_parser *p, uint32_t type, uint64_t config);

/* Whether `c` ends a word of the grammar. */
bool event_word_ends(char c);

/* "system:name" of which the cursor is behind the colon. 0 or -errno. */
int event_tracepoint(struct event_parser *p, const char *system, size_t length);

/* "/term,term/" at the cursor for the PMU(s) of this name: one event for each. 0 or -errno. */
int event_pmu(struct event_parser *p, const char *name, size_t length);

/* "/term,term/" at the cursor for the event `index`, which has no PMU: only terms for all. */
int event_terms(struct event_parser *p, int index);

/* A PMU event by its bare name ("tsc"). 1 when there is one, 0 when not, -errno. */
int event_pmu_alias(struct event_parser *p, const char *name, size_t length);

/* Offers the names of all PMU events. */
void event_pmu_offer(struct event_parser *p, struct nearest *nearest);

#endif
