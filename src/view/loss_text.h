#ifndef VIEW_LOSS_TEXT_H
#define VIEW_LOSS_TEXT_H

/* What is missing from a recording, as a table: a row per event, below it one per CPU where
 * something is missing. */

#include "base/out.h"
#include "data/loss.h"

#define LOSS_TEXT_SUM (-2)	   /* of all CPUs */
#define LOSS_TEXT_UNKNOWN_CPU (-1) /* the file does not tell */

void loss_text_head(struct out *out);

/* `event` comes from outside. Of one CPU samples are not told where they are 0. */
void loss_text_row(struct out *out, const char *event, int32_t cpu, const struct loss *loss);

#endif
