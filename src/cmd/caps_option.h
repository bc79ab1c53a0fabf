#ifndef CMD_CAPS_OPTION_H
#define CMD_CAPS_OPTION_H

/* The option --caps of the commands that hand out capabilities. */

#include "access/facts.h"

#include <stdint.h>

/* The capabilities of `list`, or where that is NULL the least that monitoring needs here. 0, or an
 * exit status after a message. */
int caps_option(const char *list, const struct facts *facts, uint64_t *set);

#endif
