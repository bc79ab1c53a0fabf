#ifndef PROFILE_PERFMAP_H
#define PROFILE_PERFMAP_H

/*
 * /tmp/perf-PID.map, which JIT compilers write: "START SIZE name" per function, hexadecimal, the
 * name reaching to the end of the line (tools/perf/Documentation/jit-interface.txt). Later lines
 * win over earlier ones with the same start, since code is replaced. Pure: lines in, offers out.
 */

#include "base/lines.h"
#include "profile/match.h"

/* Reads one line. False where it is none of that format. */
bool perfmap_line(const char *line, struct match_symbol *symbol);

/* Offers all symbols; their number. */
uint32_t perfmap_sweep(struct lines *lines, struct match *match);

#endif
