#include "view/dump.h"

#include <inttypes.h>

#define LINE_BYTES 16u

static void put_line(struct out *out, const uint8_t *bytes, unsigned count)
{
	for (unsigned i = 0; i < LINE_BYTES; i++) {
		if (i < count) {
			out_char(out, ' ');
			out_hex(out, bytes[i], 2);
		} else {
			out_fill(out, ' ', 3);
		}
	}
	out_string(out, "  ");
	for (unsigned i = 0; i < count; i++)
		out_char(out, bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.');
	out_fill(out, ' ', (int)(LINE_BYTES - count));
	out_char(out, '\n');
}

void dump_record(struct out *out, const struct reader *reader)
{
	const struct perf_event_header *h = reader->record;
	const uint8_t *bytes = (const uint8_t *)h;
	const char *name = record_name(h->type);

	out_printf(out,
		"\n0x%" PRIx64 " [0x%x]: event: %" PRIu32 "\n.\n. ... raw event: size %u bytes\n",
		reader->record_offset, h->size, h->type, h->size);
	for (unsigned at = 0; at < h->size; at += LINE_BYTES) {
		out_string(out, ".  ");
		out_hex(out, at, 4);
		out_string(out, ": ");
		put_line(out, bytes + at, h->size - at < LINE_BYTES ? h->size - at : LINE_BYTES);
	}
	out_printf(out, "\n0x%" PRIx64 " [0x%x]: PERF_RECORD_%s\n", reader->record_offset, h->size,
		name ? name : "UNKNOWN");
}
