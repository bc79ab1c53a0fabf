#ifndef VIEW_SCRIPT_TRACE_H
#define VIEW_SCRIPT_TRACE_H

#include "data/tracing.h"
#include "view/script.h"

/*
 * A tracepoint's fields as its own format has them. Writing to a stream that is thrown away finds
 * the functions it names, so that they can be resolved before. False: the recording does not say
 * what the event's fields are.
 */
bool script_trace(struct script *script, const struct tracing *tracing, struct out *out,
	uint64_t id, const struct sample *sample, uint64_t time_ns);

#endif
