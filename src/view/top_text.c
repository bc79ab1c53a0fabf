#include "view/top.h"

#define LINE 4096

static void graph(struct out *out, const struct top_rows *rows, uint32_t row)
{
	static char text[16384];

	out_bytes(out, text, top_graph(text, sizeof(text), rows, row, 0));
}

void top_text(struct out *out, const struct top *top, const struct top_rows *rows)
{
	char line[LINE];

	top_headline(line, sizeof(line), top);
	out_string(out, line);
	top_state(line, sizeof(line), top);
	out_string(out, *line ? "\n" : "");
	out_string(out, line);
	top_titles(line, sizeof(line), top, 0);
	out_string(out, "\n\n");
	out_string(out, line);
	out_char(out, '\n');
	for (uint32_t i = 0; i < rows->count && i < top->entries; i++) {
		top_row(line, sizeof(line), top, rows, i, 0);
		out_string(out, line);
		out_char(out, '\n');
		if (rows->graph)
			graph(out, rows, i);
	}
	out_char(out, '\n');
}
