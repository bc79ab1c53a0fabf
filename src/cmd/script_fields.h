#ifndef CMD_SCRIPT_FIELDS_H
#define CMD_SCRIPT_FIELDS_H

/* What script shows of each event: -F as perf has it, over what is shown by default. */

#include "base/option.h"
#include "data/reader.h"

/*
 * `fields` has room for each of the reader's events, and gets bits 1 << enum script_field. `texts`
 * in order: "a,b" says what is shown, "+a,-b" changes it, "sw:..." does so for one type of events.
 * 0, or an exit status after a message.
 */
int script_fields_choose(
	uint32_t *fields, const struct reader *reader, const struct option_list *texts);

#endif
