#include "view/folded.h"

#include <stdio.h>
#include <string.h>

#define FOLDED_DEPTH_MAX 8192

static void write_name(struct out *out, const struct frame *frame)
{
	char name[4096];
	bool bare = frame->kind == FRAME_UNNAMED && *frame->name != '[';

	snprintf(name, sizeof(name), bare ? "[%s]" : "%s", frame->name);
	for (char *c = name; (c = strchr(c, ';'));)
		*c = ':';
	out_text(out, name);
}

/* The frame after this one when everything below is walked before what stands beside. */
static uint32_t next_of(const struct frame *frame, uint32_t i)
{
	if (frame[i].child)
		return frame[i].child;
	while (i && !frame[i].sibling)
		i = frame[i].parent;
	return frame[i].sibling;
}

/* Chains point to their callers: the way up is turned round in `path` to be written downwards. */
static void write_stack(struct out *out, const struct frame *frame, uint32_t i)
{
	static uint32_t path[FOLDED_DEPTH_MAX];
	uint64_t weight = frame[i].self;
	uint32_t depth = 0;

	for (; i && depth < FOLDED_DEPTH_MAX; i = frame[i].parent)
		path[depth++] = i;
	if (i)
		out_string(out, "[...];");
	while (depth-- > 0) {
		write_name(out, frame + path[depth]);
		out_char(out, depth ? ';' : ' ');
	}
	out_u64(out, weight);
	out_char(out, '\n');
}

void folded_write(struct out *out, const struct stacks *stacks)
{
	const struct frame *frame = stacks->frame;

	for (uint32_t i = frame[0].child; i; i = next_of(frame, i))
		if (frame[i].self)
			write_stack(out, frame, i);
}
