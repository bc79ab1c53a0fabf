#ifndef VIEW_HEADER_TEXT_H
#define VIEW_HEADER_TEXT_H

/* What a perf.data file says of itself, as comment lines laid out as `perf report --header` has
 * them. */

#include "base/out.h"
#include "data/reader.h"

/* `captured_s`: the file's time of change, in seconds since 1970 (UTC is shown). */
void header_text(struct out *out, struct reader *reader, int64_t captured_s);

#endif
