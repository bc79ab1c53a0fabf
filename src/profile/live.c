#include "profile/live.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NODE_SHARE 256		/* bytes of a set of tables per node of its tree */
#define NAMING_SHARE 96		/* of one CPU's time goes to symbol tables, one in so many */
#define AGES_BETWEEN 4		/* refreshes between moves, at least */
#define FORGET_SHARE (1u << 18) /* of all weight: what is less is forgotten */
#define LEAST_NODES 2048u

static bool room_begin(struct live_room *room, uint32_t nodes)
{
	struct arena *arena = &room->arena;

	images_init(&room->images, arena);
	processes_init(&room->processes, arena, &room->images);
	return chains_init(&room->chains, arena, &room->processes, &room->images, &room->tree) &&
	       tree_init(&room->tree, arena, nodes);
}

bool live_init(struct live *live, struct arena *arena, const struct resolve_options *options)
{
	size_t left = arena->size - arena->used;
	uint32_t nodes = (uint32_t)(left / 2 / NODE_SHARE);

	if (nodes < LEAST_NODES)
		return false;
	live->total = arena_array(arena, uint64_t, nodes);
	live->node = arena_array(arena, uint32_t, nodes);
	left = (arena->size - arena->used) / 2 & ~(size_t)15;
	for (int i = 0; i < 2; i++) {
		live->room[i].arena.base = arena_take(arena, 1, left);
		live->room[i].arena.size = left;
	}
	live->options = options;
	live->at = &live->room[0];
	live->room[1].tree.room = nodes;
	return live->room[1].arena.base && room_begin(live->at, nodes);
}

void live_tell(struct live *live, const struct record *record)
{
	processes_tell(&live->at->processes, record, record->id.time_ns);
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void live_name(struct live *live)
{
	uint64_t now = cpu_ns(CLOCK_MONOTONIC), before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
	bool sweep = now >= live->name_at_ns;
	struct resolve_result result;
	bool waited = resolve_more(&live->at->images, live->options, &result, false);

	if (waited && sweep) {
		waited = resolve_more(&live->at->images, live->options, &result, true);
		live->naming_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
		live->name_at_ns = now + live->naming_ns * NAMING_SHARE;
	}
	live->waiting = waited;
	live->dropped += result.dropped;
}

/* An image of the other tables is found again by what its records told. */
static struct image *carry_image(struct live_room *to, const struct image *from)
{
	char path[64];
	struct image_id id = {
		.path = from->path,
		.kernel = from->kind == IMAGE_KERNEL || from->kind == IMAGE_MODULE,
		.ksymbol = from->kind == IMAGE_KSYMBOL,
		.pid = from->pid,
		.major = from->major,
		.minor = from->minor,
		.inode = from->inode,
		.reference = from->reference,
		.build_id = from->build_id,
		.build_id_size = from->build_id_size,
	};

	if (from->kind == IMAGE_JIT)
		id.path = "//anon";
	if (from->kind == IMAGE_KERNEL) {
		snprintf(path, sizeof(path), "%s%s", from->path, from->reference_symbol);
		id.path = path;
	}
	return image_find_or_add(&to->images, &id);
}

/* A symbol that was carried over already leaves in the old one where it went to. */
#define CARRIED UINT64_MAX

static struct symbol *carry_symbol(struct live_room *to, struct symbol *from)
{
	struct symbol *symbol;
	const char *name;

	if (!from || from->size == CARRIED)
		return from ? (struct symbol *)(uintptr_t)from->name : NULL;
	symbol = arena_new(&to->arena, struct symbol);
	name = symbol ? arena_copy(&to->arena, from->name, strlen(from->name)) : NULL;
	if (!name)
		return NULL;
	*symbol = *from;
	symbol->name = name;
	from->size = CARRIED;
	from->name = (const char *)symbol;
	return symbol;
}

static struct place *carry_place(struct live_room *to, const struct place *from)
{
	struct image *image = carry_image(to, from->image);
	struct place *place = image_place(&to->images, image, from->offset);

	if (place == &to->images.no_place || place->symbol)
		return place;
	if (from->symbol && from->symbol == from->image->nameless)
		place->symbol = resolve_nameless(&to->images, image);
	else
		place->symbol = carry_symbol(to, from->symbol);
	return place;
}

static void sum_up(struct live *live, const struct tree *tree)
{
	memset(live->total, 0, tree->count * sizeof(*live->total));
	for (uint32_t i = tree->count; i--;) {
		live->total[i] += tree->node[i].weight;
		if (tree->node[i].parent != TREE_NONE)
			live->total[tree->node[i].parent] += live->total[i];
	}
}

static uint32_t carry_root(struct live_room *from, struct live_room *to, uint32_t index)
{
	struct tree_root root = from->tree.root[index];

	if (from != to && root.comm)
		root.comm = process_name(&to->processes, root.comm);
	return tree_root(&to->tree, &root);
}

/* Makes the tree anew, in place or in the other room, from all that weighs at least `least`. What
 * got the same name meanwhile becomes one. */
static void carry(struct live *live, struct live_room *from, struct live_room *to, uint64_t least)
{
	uint32_t count = from->tree.count;

	sum_up(live, &from->tree);
	if (from == to)
		tree_clear(&to->tree);
	for (uint32_t i = 0; i < count; i++) {
		struct tree_node n = from->tree.node[i];
		bool is_root = n.parent == TREE_NONE;

		live->node[i] = TREE_NONE;
		if (live->total[i] < least)
			continue;
		if (is_root)
			live->node[i] = carry_root(from, to, n.root);
		else if (live->node[n.parent] != TREE_NONE)
			live->node[i] = tree_child(&to->tree, live->node[n.parent],
				from == to || !n.place ? n.place : carry_place(to, n.place),
				n.cpumode);
		if (live->node[i] == TREE_NONE)
			continue;
		to->tree.node[live->node[i]].weight += n.weight;
		to->tree.node[live->node[i]].samples += n.samples;
	}
	chains_forget(&to->chains);
}

/* Half of the nodes at least are free afterwards: what weighs least goes. */
static void shrink(struct live *live)
{
	struct tree *tree = &live->at->tree;
	uint64_t sum = 0, least;

	for (uint32_t i = 0; i < tree->count; i++)
		sum += tree->node[i].weight;
	least = 1 + sum / FORGET_SHARE;
	do
		carry(live, live->at, live->at, least);
	while (tree->count > tree->room / 2 && (least *= 2));
}

/* Between two refreshes: functions are fewer than addresses, so names come first. */
static void make_room(struct live *live)
{
	live_name(live);
	live->shrunk++;
	shrink(live);
}

void live_age(struct live *live, bool zero)
{
	struct tree *tree = &live->at->tree;

	live->ages++;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct tree_node *n = &tree->node[i];

		n->weight = zero ? 0 : n->weight / 8 * 7 + n->weight % 8 * 7 / 8;
		n->samples = zero ? 0 : (uint32_t)((uint64_t)n->samples * 7 / 8);
	}
	shrink(live);
}

static uint32_t root_of(struct live *live, uint32_t event, const struct sample *s)
{
	struct tree_root root = { .event = event, .pid = s->pid };

	root.comm = process_comm(&live->at->processes, s->tid, s->time_ns).name;
	if (live->separate & 1u << HIST_TID)
		root.tid = s->tid;
	if (live->separate & 1u << HIST_CPU)
		root.cpu = (int32_t)s->cpu;
	return tree_root(&live->at->tree, &root);
}

void live_sample(struct live *live, uint32_t event, const struct sample *sample)
{
	struct live_room *room = live->at;
	uint32_t root;

	if (room->tree.count > room->tree.room - CHAIN_DEPTH_MAX)
		make_room(live);
	root = root_of(live, event, sample);
	if (root == TREE_NONE)
		return;
	tree_add(&room->tree,
		chains_node(&room->chains, root, sample, sample->time_ns, live->callers),
		sample->period);
}

static uint64_t refused(const struct live_room *room)
{
	return room->images.dropped + room->processes.dropped + room->tree.dropped;
}

uint64_t live_dropped(const struct live *live)
{
	return live->dropped + refused(live->at);
}

bool live_crowded(const struct live *live)
{
	const struct live_room *room = live->at;
	size_t most = room->arena.size / 8 * 5, step = room->arena.size / 8;
	bool full = refused(room) ||
		    (room->arena.used > most && room->arena.used > live->moved_bytes + step);

	/* where a move gains little it is not worth one each time */
	return full && (live->moved_bytes < most || live->ages >= AGES_BETWEEN);
}

void live_move(struct live *live, void (*tell_all)(void))
{
	struct live_room *from = live->at, *to = &live->room[from == &live->room[0]];
	uint32_t nodes = from->tree.room;

	live->dropped += refused(from);
	room_begin(to, nodes);
	live->at = to;
	tell_all();
	carry(live, from, to, 1);
	live->moves++;
	live->ages = 0;
	live->moved_bytes = to->arena.used;
	arena_release(&from->arena);
}
