#ifndef ACCESS_NEED_H
#define ACCESS_NEED_H

/*
 * What a tool, or a use of one, needs of perf events: the operations that must work for it to be
 * useful at all, those that it has in full, and capabilities that the kernel asks elsewhere.
 */

#include "access/survey.h"

struct need {
	const char *name, *text;
	uint64_t least, full; /* bits: 1 << enum operation_id */
	uint64_t caps;	      /* asked by other system calls; CAP_SYS_ADMIN stands for each */
};

enum need_answer {
	NEED_YES,
	NEED_PARTLY,
	NEED_NO,
};

/* NULL when nobody knows the name; by index, NULL after the last. */
const struct need *need_find(const char *name);
const struct need *need_at(int index);

/* `missing` gets the operations of the full set that do not work. */
enum need_answer need_met(const struct need *need, const struct survey *survey, uint64_t *missing,
	uint64_t *missing_caps);

/* "yes", "partly", "no" */
const char *need_answer_word(enum need_answer answer);

#endif
