#ifndef ACCESS_REMEDY_H
#define ACCESS_REMEDY_H

/*
 * What to do about what a survey found refused, as lines that can be pasted: least privilege
 * first, what opens something to everybody last.
 */

#include "access/survey.h"
#include "base/arena.h"

#define REMEDIES 10

struct remedy {
	const char *key, *title;
	const char *why;      /* what it opens, or why it would not work; "" */
	const char *commands; /* lines, each ending in \n; "" */
};

struct remedies {
	int count;
	struct remedy at[REMEDIES];
};

/* Text is taken from the arena; what does not fit there is left out and counted by it. */
void remedies_make(struct remedies *remedies, const struct survey *survey, struct arena *arena);

/* Whether the gate is closed for whoever has CAP_PERFMON only. */
bool remedy_gate_closed(const struct facts *facts);

#endif
