#ifndef CMD_RECORD_FIELDS_H
#define CMD_RECORD_FIELDS_H

/* What else record's samples carry: registers and branches, from the words of its options. */

#include "capture/sampling.h"

struct record_fields {
	const char *user_regs, *intr_regs; /* NULL: none, "": all, "?": which are there */
	const char *branch_filter;
	bool branches;
	bool weight;
};

/* 0, or an exit status after a message. `unwinds`: stacks are, and keep no registers. */
int record_fields_choose(
	const struct record_fields *fields, bool unwinds, struct sampling *sampling);

/* Prints what "?" asks for. False: nothing did. */
bool record_fields_list(const struct record_fields *fields);

#endif
