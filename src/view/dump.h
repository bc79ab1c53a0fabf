#ifndef VIEW_DUMP_H
#define VIEW_DUMP_H

/* One record as its bytes and in words, laid out as perf's dumps are. */

#include "base/out.h"
#include "data/reader.h"

/* The reader's present record, whole; `path` is what its file is called. */
void dump_record(struct out *out, const struct reader *reader, const char *path);

#endif
