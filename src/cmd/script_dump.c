#include "cmd/script_dump.h"

#include "view/dump.h"
#include "view/trace.h"

enum reader_status script_dump(struct out *out, struct reader *reader, const char *path)
{
	enum reader_status status;
	struct trace trace;

	trace_begin(&trace, reader);
	reader_rewind(reader);
	while ((status = reader_next(reader)) == READER_OK && !out->error) {
		dump_record(out, reader, path);
		trace_record(&trace, out, reader);
	}
	return status == READER_OK ? READER_END : status;
}
