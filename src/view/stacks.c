#include "view/stacks.h"

#include <string.h>

static uint32_t hash_frame(uint32_t parent, const void *identity)
{
	uint64_t mix =
		((uint64_t)(uintptr_t)identity ^ (uint64_t)parent << 40) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(mix >> 32);
}

/* The frame for `identity` above `parent`, added when it is new; `parent` itself when full. */
static uint32_t find_or_add(struct stacks *stacks, uint32_t parent, const void *identity)
{
	uint32_t at = hash_frame(parent, identity) & stacks->mask;
	struct frame *frame;
	uint32_t i;

	while ((i = stacks->table[at])) {
		frame = stacks->frame + i;
		if (frame->parent == parent && frame->identity == identity)
			return i;
		at = (at + 1) & stacks->mask;
	}
	if (stacks->count == stacks->cap) {
		stacks->lumped++;
		return parent;
	}
	i = stacks->count++;
	stacks->table[at] = i;
	frame = stacks->frame + i;
	*frame = (struct frame){ .identity = identity, .parent = parent };
	frame->sibling = stacks->frame[parent].child;
	stacks->frame[parent].child = i;
	return i;
}

static enum frame_kind kind_of(const struct place *place)
{
	switch (place->image->kind) {
	case IMAGE_KERNEL:
	case IMAGE_MODULE:
	case IMAGE_KSYMBOL:
		return FRAME_KERNEL;
	case IMAGE_OTHER:
		return FRAME_UNNAMED;
	case IMAGE_JIT:
		return place->symbol ? FRAME_JIT : FRAME_UNNAMED;
	default:
		return place->symbol ? FRAME_USER : FRAME_UNNAMED;
	}
}

static uint32_t add_place(struct stacks *stacks, uint32_t parent, const struct place *place)
{
	const void *identity = place->symbol ? (void *)place->symbol : (void *)place->image;
	struct frame *frame = stacks->frame + parent;
	uint32_t i;

	if (frame->kind == FRAME_UNNAMED && frame->identity == identity)
		return parent;
	i = find_or_add(stacks, parent, identity);
	frame = stacks->frame + i;
	if (i != parent && !frame->name) {
		frame->image = place->image;
		frame->kind = kind_of(place);
		frame->name = place->symbol ? place->symbol->name : place->image->name;
	}
	return i;
}

static uint32_t add_root(struct stacks *stacks, const struct tree_root *root)
{
	static const char nobody[] = "[unknown]";
	const char *comm = root->comm ? root->comm : nobody;
	uint32_t i = find_or_add(stacks, 0, comm);

	if (i) {
		stacks->frame[i].name = comm;
		stacks->frame[i].kind = FRAME_COMM;
	}
	return i;
}

/* Two lists in order of names become one. */
static uint32_t merge(struct frame *frame, uint32_t a, uint32_t b)
{
	uint32_t first = 0, *to = &first;

	while (a && b) {
		uint32_t *from = strcmp(frame[a].name, frame[b].name) <= 0 ? &a : &b;

		*to = *from;
		to = &frame[*from].sibling;
		*from = *to;
	}
	*to = a ? a : b;
	return first;
}

/* Merge sort of a list: bin[n] holds a sorted list of 2^n or is empty. */
static uint32_t sort(struct frame *frame, uint32_t list)
{
	uint32_t bin[32] = { 0 }, one;
	int n;

	while (list) {
		one = list;
		list = frame[one].sibling;
		frame[one].sibling = 0;
		for (n = 0; bin[n]; n++) {
			one = merge(frame, bin[n], one);
			bin[n] = 0;
		}
		bin[n] = one;
	}
	for (n = 0, one = 0; n < 32; n++)
		one = merge(frame, bin[n], one);
	return one;
}

static void sum_and_sort(struct stacks *stacks)
{
	struct frame *frame = stacks->frame;
	uint64_t left;

	for (uint32_t i = stacks->count; i-- > 0;) {
		frame[i].total += frame[i].self;
		frame[i].child = sort(frame, frame[i].child);
		if (i) {
			frame[frame[i].parent].total += frame[i].total;
			frame[frame[i].parent].samples += frame[i].samples;
		}
	}
	for (uint32_t i = 0; i < stacks->count; i++) {
		left = frame[i].left;
		for (uint32_t child = frame[i].child; child; child = frame[child].sibling) {
			frame[child].left = left;
			left += frame[child].total;
		}
	}
}

static bool take_room(struct stacks *stacks, struct arena *arena, const struct tree *tree)
{
	size_t fits = (arena->size - arena->used) / (sizeof(struct frame) + 16);
	uint32_t slots = 16;

	memset(stacks, 0, sizeof(*stacks));
	stacks->cap = fits < tree->count + 1u ? (uint32_t)fits : tree->count + 1u;
	while (slots / 4 * 3 < stacks->cap)
		slots *= 2;
	stacks->mask = slots - 1;
	stacks->frame = arena_array(arena, struct frame, stacks->cap);
	stacks->table = arena_array(arena, uint32_t, slots);
	return stacks->frame && stacks->table && stacks->cap;
}

bool stacks_make(
	struct stacks *stacks, struct arena *arena, const struct tree *tree, uint32_t event)
{
	uint32_t *frame_of = arena_array(arena, uint32_t, tree->count);
	struct frame *frame;

	if (!frame_of || !take_room(stacks, arena, tree))
		return false;
	stacks->count = 1;
	frame = stacks->frame;
	frame[0].name = "all";
	for (uint32_t i = 0; i < tree->count; i++) {
		const struct tree_node *node = tree->node + i;
		const struct tree_root *root = tree->root + node->root;

		if (root->event != event)
			continue;
		frame_of[i] = node->parent != TREE_NONE
				      ? add_place(stacks, frame_of[node->parent], node->place)
				      : add_root(stacks, root);
		frame[frame_of[i]].self += node->weight;
		frame[frame_of[i]].samples += node->samples;
	}
	sum_and_sort(stacks);
	return true;
}
