#ifndef CMD_SCRIPT_DUMP_H
#define CMD_SCRIPT_DUMP_H

/* script -D: every record in the order of the file, as bytes, with what processors wrote decoded.
 */

#include "base/out.h"
#include "data/reader.h"

/* How reading ended. */
enum reader_status script_dump(struct out *out, struct reader *reader, const char *path);

#endif
