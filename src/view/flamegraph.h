#ifndef VIEW_FLAMEGRAPH_H
#define VIEW_FLAMEGRAPH_H

/*
 * A flame graph as one SVG file that needs nothing else: frames grow upwards from "all", as wide as
 * their part of the weight; a click zooms, hovering tells samples and percent, the search box takes
 * a regular expression and tells the matched part. Without scripts it is still a picture. Frames
 * too narrow to be seen are left out and counted in the subtitle. The same stacks give the same
 * bytes.
 */

#include "base/out.h"
#include "view/stacks.h"

struct flamegraph_text {
	const char *title;   /* NULL: "Flame graph" */
	const char *command; /* what was recorded, or NULL; from outside */
	const char *event;   /* or NULL; from outside */
	const char *when;    /* when and how long, or NULL; from outside */
};

/* False where there is nothing to draw. */
bool flamegraph_write(
	struct out *out, const struct stacks *stacks, const struct flamegraph_text *text);

#endif
