#include "view/top.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#define LINE 4096
#define NORMAL "\033[0m"
#define TITLE "\033[7m"
#define CURSOR "\033[1m"

struct screen {
	struct out *out;
	int columns, lines, at;
};

/* How many bytes of a text take `columns` columns at most; *used gets how many they take. */
static size_t fitting(const char *text, size_t size, int columns, int *used)
{
	size_t i = 0;

	for (*used = 0; i < size; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && (*used)++ == columns) {
			--*used;
			break;
		}
	return i;
}

/* The next line, cut to the screen; `look` lasts to its end. Nothing below the last one. */
static void put(struct screen *s, const char *text, size_t size, const char *look)
{
	int used;

	if (s->at == s->lines)
		return;
	out_string(s->out, s->at++ ? "\r\n" : "\033[H");
	size = fitting(text, size, s->columns, &used);
	out_string(s->out, look);
	out_bytes(s->out, text, size);
	if (*look && !strcmp(look, TITLE))
		out_fill(s->out, ' ', s->columns - used);
	out_string(s->out, *look ? NORMAL : "");
	if (used < s->columns)
		out_string(s->out, "\033[K");
}

static void put_line(struct screen *s, const char *text, const char *look)
{
	put(s, text, strlen(text), look);
}

static void put_lines(struct screen *s, const char *text, int until)
{
	while (*text && s->at < until) {
		size_t size = strcspn(text, "\n");

		put(s, text, size, "");
		text += size + (text[size] == '\n');
	}
}

static const char help[] = "\n"
			   "  q        quit\n"
			   "  s        sort by the next: function, command, image, process\n"
			   "  /        filter: type a word, Enter; an empty one ends it\n"
			   "  space, f freeze, and go on\n"
			   "  Enter    zoom into the process that the row's samples are from\n"
			   "  p        zoom into a process: type its number, Enter\n"
			   "  Esc      zoom out, no filter\n"
			   "  up down  move; also j k, PgUp PgDn, Home End\n"
			   "  g        call graph of the row (started with -g)\n"
			   "  n        a column of samples\n"
			   "  K U      without the kernel; without user space\n"
			   "  z        begin anew at each refresh, instead of fading (7/8)\n"
			   "  Tab      the next event\n"
			   "  ? h      this help; any key ends it\n";

static void put_bottom(struct screen *s, const struct top *top)
{
	char text[LINE], word[TOP_WORD * 4];

	if (!top->prompt) {
		put_line(s, "q quit  ? help  s sort  / filter  f freeze  Enter zoom", TITLE);
		return;
	}
	escape_text(word, sizeof(word), top->typed, 0);
	snprintf(text, sizeof(text), "%s: %s_", top->prompt, word);
	put_line(s, text, TITLE);
}

/* Keeps the cursor within the rows, and on the screen. */
static void keep_cursor(struct top *top, uint32_t count, uint32_t height)
{
	if (top->selected >= count)
		top->selected = count ? count - 1 : 0;
	if (top->first > top->selected)
		top->first = top->selected;
	if (height && top->selected - top->first >= height)
		top->first = top->selected - height + 1;
}

static void put_rows(struct screen *s, struct top *top, const struct top_rows *rows, int until)
{
	static char graph[16384];
	char text[LINE];

	keep_cursor(top, rows->count, until > s->at ? (uint32_t)(until - s->at) : 0);
	for (uint32_t i = top->first; i < rows->count && s->at < until; i++) {
		top_row(text, sizeof(text), top, rows, i, s->columns);
		put_line(s, text, i == top->selected ? CURSOR : "");
		if (i == top->selected && rows->graph && top->graph) {
			top_graph(graph, sizeof(graph), rows, i, 0);
			put_lines(s, graph,
				s->at + s->lines / 2 < until ? s->at + s->lines / 2 : until);
		}
	}
}

/* Small screens: first the bottom line goes, then the state, then the titles. */
void top_screen(
	struct out *out, struct top *top, const struct top_rows *rows, int columns, int lines)
{
	struct screen s = { .out = out, .columns = columns, .lines = lines };
	int until = lines - (lines > 4);
	char text[LINE];

	top_headline(text, sizeof(text), top);
	put_line(&s, text, "");
	top_state(text, sizeof(text), top);
	if (lines > 5)
		put_line(&s, text, CURSOR);
	top_titles(text, sizeof(text), top, columns);
	if (lines > 3)
		put_line(&s, text, TITLE);
	if (top->help)
		put_lines(&s, help, until);
	else
		put_rows(&s, top, rows, until);
	while (s.at < until)
		put_line(&s, "", "");
	if (until < lines)
		put_bottom(&s, top);
}
