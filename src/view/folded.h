#ifndef VIEW_FOLDED_H
#define VIEW_FOLDED_H

/*
 * Folded stacks, as flamegraph.pl, inferno and speedscope read them: one line per stack, the
 * command first, frames from the outermost caller to the leaf with ';' between them, then a blank
 * and the weight (the sum of the samples' periods, what report's percentages are made of). A ';'
 * inside a name becomes ':', control bytes are escaped.
 */

#include "base/out.h"
#include "view/stacks.h"

void folded_write(struct out *out, const struct stacks *stacks);

#endif
