#include "profile/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORK_EXEC                                                                                  \
	(1u << 13) /* misc of FORK: told of a process that ran already, nothing is shared */
#define ANCESTORS_MAX 1024
#define FOREVER UINT64_MAX

/* A thread got a name, or (name NULL) was born to `parent` and has its name. */
struct naming {
	struct moment moment;
	const char *name;
	uint32_t parent;
};

/* A new address space: shares what `parent` had, or nothing after an exec, where `parent` is the
 * process itself. */
struct renewal {
	struct moment moment;
	uint32_t parent;
	bool shares;
};

/* What is known under one number: of the thread, and of the process if it leads one. */
struct task {
	uint32_t id;
	struct timeline names, renewals, mappings;
	struct space *spaces;
	uint32_t space_count;
	uint32_t indexed; /* renewals and mappings when spaces were made */
};

/* An address space while it lasted: mappings by start, and as an implicit tree the highest end in
 * each subtree. */
struct space {
	uint64_t from_ns, until_ns;
	const struct renewal *renewal;
	struct mapping **at;
	uint64_t *highest;
	uint32_t count;
};

struct comm_name {
	struct comm_name *next;
	char text[];
};

void processes_init(struct processes *processes, struct arena *arena, struct images *images)
{
	*processes = (struct processes){ .arena = arena, .images = images };
}

static struct task **slot_of(const struct processes *p, uint32_t id)
{
	uint32_t at = (id * 0x9e3779b1u >> 8) & p->table_mask;

	while (p->table[at] && p->table[at]->id != id)
		at = (at + 1) & p->table_mask;
	return &p->table[at];
}

static bool grow(struct processes *p)
{
	struct task **old = p->table;
	uint32_t old_slots = old ? p->table_mask + 1 : 0, slots = old ? old_slots * 2 : 512;
	struct task **table = slots ? arena_array(p->arena, struct task *, slots) : NULL;

	if (!table)
		return p->task_count < p->table_mask;
	p->table = table;
	p->table_mask = slots - 1;
	for (uint32_t i = 0; i < old_slots; i++)
		if (old[i])
			*slot_of(p, old[i]->id) = old[i];
	return true;
}

static struct task *task_find(const struct processes *p, uint32_t id)
{
	return p->table ? *slot_of(p, id) : NULL;
}

static struct task *task_add(struct processes *p, uint32_t id)
{
	struct task *task = task_find(p, id);

	if (task)
		return task;
	if (p->task_count >= p->table_mask / 4 * 3 && !grow(p))
		return NULL;
	task = arena_new(p->arena, struct task);
	if (!task)
		return NULL;
	task->id = id;
	*slot_of(p, id) = task;
	p->task_count++;
	return task;
}

/* A moment of `size` bytes in a timeline of task `id`, which lies at `where` in it; NULL: no room.
 */
static void *tell(struct processes *p, uint32_t id, size_t where, uint64_t time_ns, size_t size)
{
	struct task *task = task_add(p, id);
	struct moment *moment = task ? arena_take(p->arena, 1, size) : NULL;
	struct timeline *line;

	if (!moment) {
		p->dropped++;
		return NULL;
	}
	line = (struct timeline *)(void *)((char *)task + where);
	moment->time_ns = time_ns;
	moment->next = line->latest;
	line->latest = moment;
	line->count++;
	return moment;
}

#define TELL(p, id, line, time_ns, type)                                                           \
	((type *)tell(p, id, offsetof(struct task, line), time_ns, sizeof(type)))

const char *process_name(struct processes *processes, const char *name)
{
	size_t size = strlen(name);
	struct comm_name **chain, *entry;
	uint32_t hash = 2166136261u;

	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	chain = &processes->names[hash % 256];
	for (entry = *chain; entry; entry = entry->next)
		if (!strcmp(entry->text, name))
			return entry->text;
	entry = arena_take(processes->arena, 1, sizeof(*entry) + size + 1);
	if (!entry)
		return NULL;
	memcpy(entry->text, name, size + 1);
	entry->next = *chain;
	*chain = entry;
	return entry->text;
}

static void tell_name(
	struct processes *p, uint32_t tid, const char *name, uint32_t parent, uint64_t time_ns)
{
	struct naming *n = TELL(p, tid, names, time_ns, struct naming);

	if (!n)
		return;
	n->name = name;
	n->parent = parent;
}

static void tell_renewal(
	struct processes *p, uint32_t pid, uint32_t parent, bool shares, uint64_t time_ns)
{
	struct renewal *r = TELL(p, pid, renewals, time_ns, struct renewal);

	if (!r)
		return;
	r->parent = parent;
	r->shares = shares;
}

static void tell_mapping(
	struct processes *p, uint32_t pid, const struct mapping *mapping, uint64_t time_ns)
{
	struct mapping *m = TELL(p, pid, mappings, time_ns, struct mapping);
	struct moment moment;

	if (!m)
		return;
	moment = m->moment;
	*m = *mapping;
	m->moment = moment;
}

static void tell_comm(struct processes *p, const struct record_comm *c, uint64_t time_ns)
{
	const char *name = process_name(p, c->name);

	if (!name)
		p->dropped++;
	else
		tell_name(p, c->tid, name, 0, time_ns);
	if (c->exec)
		tell_renewal(p, c->pid, c->pid, false, time_ns);
}

static void tell_fork(struct processes *p, const struct record *r, uint64_t time_ns)
{
	const struct record_task *t = &r->task;

	if (t->tid != t->parent_tid)
		tell_name(p, t->tid, NULL, t->parent_tid, time_ns);
	if (t->pid != t->parent_pid)
		tell_renewal(p, t->pid, t->parent_pid, !(r->misc & FORK_EXEC), time_ns);
}

static uint64_t end_of(uint64_t start, uint64_t size)
{
	return size && size <= UINT64_MAX - start ? start + size : UINT64_MAX;
}

static bool in_kernel_mode(const struct record *r)
{
	return (r->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
}

static bool is_kernel(const struct record *r, uint32_t pid)
{
	return in_kernel_mode(r) || pid == PROCESS_KERNEL;
}

static bool is_guest(const struct record *r)
{
	return (r->misc & PERF_RECORD_MISC_CPUMODE_MASK) > PERF_RECORD_MISC_HYPERVISOR;
}

static void tell_mmap(struct processes *p, const struct record *r, uint64_t time_ns)
{
	const struct record_mmap *m = &r->mmap;
	bool kernel = is_kernel(r, m->pid);
	struct image_id id = {
		.path = m->path,
		.kernel = kernel,
		.pid = kernel ? 0 : m->pid,
		.major = m->major,
		.minor = m->minor,
		.inode = m->inode,
		.build_id = m->build_id,
		.build_id_size = m->build_id_size,
	};
	struct mapping mapping = { .start = m->start,
		.end = end_of(m->start, m->size),
		.pgoff = m->pgoff,
		.prot = m->prot };

	if (is_guest(r) || (!kernel && !m->size))
		return;
	if (kernel)
		id.reference = !strncmp(m->path, "[kernel", 7) ? m->pgoff : m->start;
	mapping.image = image_find_or_add(p->images, &id);
	if (mapping.image->kind == IMAGE_KERNEL && !p->kernel.image)
		p->kernel = mapping;
	tell_mapping(p, kernel ? PROCESS_KERNEL : m->pid, &mapping, time_ns);
}

static void tell_ksymbol(struct processes *p, const struct record_ksymbol *k, uint64_t time_ns)
{
	struct image_id id = { .path = k->name, .kernel = true, .ksymbol = true };
	struct mapping mapping = { .start = k->start, .end = end_of(k->start, k->size) };

	if (!k->size)
		return;
	mapping.image = k->unregistered ? NULL : image_find_or_add(p->images, &id);
	tell_mapping(p, PROCESS_KERNEL, &mapping, time_ns);
}

static void tell_build_id(struct processes *p, const struct record *r)
{
	const struct record_build_id *b = &r->build_id;
	struct image_id id = {
		.path = b->path,
		.kernel = in_kernel_mode(r), /* perf writes pid -1 for every image */
		.build_id = b->build_id,
		.build_id_size = b->size,
	};

	if (!is_guest(r))
		image_find_or_add(p->images, &id);
}

void processes_tell(struct processes *processes, const struct record *record, uint64_t time_ns)
{
	switch (record->type) {
	case PERF_RECORD_COMM:
		tell_comm(processes, &record->comm, time_ns);
		break;
	case PERF_RECORD_FORK:
		tell_fork(processes, record, time_ns);
		break;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		tell_mmap(processes, record, time_ns);
		break;
	case PERF_RECORD_KSYMBOL:
		tell_ksymbol(processes, &record->ksymbol, time_ns);
		break;
	case PERF_RECORD_HEADER_BUILD_ID:
		tell_build_id(processes, record);
		break;
	}
}

/* The arena hands out rising addresses, so a moment's address is its place in the file. */
static int by_time(const void *left, const void *right)
{
	const struct moment *a = *(struct moment *const *)left, *b = *(struct moment *const *)right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int by_start(const void *left, const void *right)
{
	const struct mapping *a = *(struct mapping *const *)left;
	const struct mapping *b = *(struct mapping *const *)right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return by_time(left, right);
}

static bool in_order(const struct timeline *line)
{
	for (uint32_t i = 1; i < line->count; i++)
		if (line->sorted[i - 1]->time_ns > line->sorted[i]->time_ns)
			return false;
	return true;
}

/* Sorts what was told since the last time. False: no room, what was sorted before still holds. */
static bool settle(struct processes *p, struct timeline *line)
{
	uint32_t at = line->count;

	if (line->sorted_count == line->count)
		return true;
	if (line->room < line->count) {
		uint32_t room = line->room ? line->count * 2 : line->count;
		struct moment **sorted = arena_array(p->arena, struct moment *, room);

		if (!sorted)
			return false;
		line->sorted = sorted;
		line->room = room;
	}
	for (struct moment *f = line->latest; f; f = f->next)
		line->sorted[--at] = f;
	line->sorted_count = line->count;
	if (!in_order(line))
		qsort(line->sorted, line->count, sizeof(*line->sorted), by_time);
	return true;
}

/* How many facts had begun by `time_ns`. */
static uint32_t begun(const struct timeline *line, uint64_t time_ns)
{
	uint32_t low = 0, high = line->sorted_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (line->sorted[middle]->time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Node of [low, high) is the middle; its `highest` covers the whole range. */
static uint64_t fill_highest(struct space *s, uint32_t low, uint32_t high)
{
	uint32_t middle = low + (high - low) / 2;
	uint64_t end, other;

	if (low >= high)
		return 0;
	end = s->at[middle]->end;
	other = fill_highest(s, low, middle);
	end = other > end ? other : end;
	other = fill_highest(s, middle + 1, high);
	end = other > end ? other : end;
	return s->highest[middle] = end;
}

static void make_space(
	struct task *t, uint32_t i, uint32_t *first, struct mapping **at, uint64_t *highest)
{
	struct space *s = &t->spaces[i];
	uint32_t last;

	if (i) {
		s->renewal = (const struct renewal *)t->renewals.sorted[i - 1];
		s->from_ns = s->renewal->moment.time_ns;
	}
	s->until_ns = i < t->renewals.sorted_count ? t->renewals.sorted[i]->time_ns : FOREVER;
	last = *first;
	while (last < t->mappings.sorted_count && t->mappings.sorted[last]->time_ns < s->until_ns)
		last++;
	if (i == t->renewals.sorted_count)
		last = t->mappings.sorted_count;
	s->count = last - *first;
	s->at = at + *first;
	s->highest = highest + *first;
	qsort(s->at, s->count, sizeof(*s->at), by_start);
	fill_highest(s, 0, s->count);
	*first = last;
}

static bool make_spaces(struct processes *p, struct task *t)
{
	uint32_t mappings, first = 0;
	struct mapping **at;
	uint64_t *highest;

	if (t->spaces && t->indexed == t->mappings.count + t->renewals.count)
		return true;
	if (!settle(p, &t->mappings) || !settle(p, &t->renewals))
		return t->spaces;
	mappings = t->mappings.sorted_count;
	at = arena_array(p->arena, struct mapping *, mappings);
	highest = arena_array(p->arena, uint64_t, mappings);
	t->spaces = arena_array(p->arena, struct space, t->renewals.sorted_count + 1);
	if (!at || !highest || !t->spaces) {
		t->spaces = NULL;
		return false;
	}
	if (mappings)
		memcpy(at, t->mappings.sorted, mappings * sizeof(*at));
	t->space_count = t->renewals.sorted_count + 1;
	for (uint32_t i = 0; i < t->space_count; i++)
		make_space(t, i, &first, at, highest);
	t->indexed = t->mappings.count + t->renewals.count;
	return true;
}

/* Narrows `hit` by one mapping that covers the address. */
static void weigh(struct process_hit *hit, const struct mapping *m, uint64_t time_ns)
{
	uint64_t since = m->moment.time_ns;

	if (since > time_ns) {
		hit->until_ns = since < hit->until_ns ? since : hit->until_ns;
	} else if (!hit->mapping || since > hit->mapping->moment.time_ns ||
		   (since == hit->mapping->moment.time_ns && m > hit->mapping)) {
		hit->mapping = m;
		hit->from_ns = since > hit->from_ns ? since : hit->from_ns;
	}
}

static void search(const struct space *s, uint32_t low, uint32_t high, uint64_t address,
	uint64_t time_ns, struct process_hit *hit)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->highest[middle] <= address)
			return;
		search(s, low, middle, address, time_ns, hit);
		if (s->at[middle]->start > address)
			return;
		if (s->at[middle]->end > address)
			weigh(hit, s->at[middle], time_ns);
		low = middle + 1;
	}
}

static const struct space *space_at(const struct task *t, uint64_t time_ns)
{
	return &t->spaces[begun(&t->renewals, time_ns)];
}

struct process_hit process_find(
	struct processes *processes, uint32_t pid, uint64_t address, uint64_t time_ns)
{
	struct process_hit hit = { .until_ns = FOREVER };
	bool in_kernel = pid == PROCESS_KERNEL && processes->kernel.image &&
			 address >= processes->kernel.start;

	for (int depth = 0; depth < ANCESTORS_MAX; depth++) {
		struct task *t = task_find(processes, pid);
		struct process_hit own = { .until_ns = FOREVER };
		const struct space *s;
		bool exec;

		if (!t || !make_spaces(processes, t))
			break;
		s = space_at(t, time_ns);
		own.from_ns = s->from_ns;
		own.until_ns = s->until_ns;
		search(s, 0, s->count, address, time_ns, &own);
		if (!depth)
			hit = own;
		hit.mapping = own.mapping;
		if (own.mapping || !s->renewal)
			break;
		exec = s->renewal->parent == pid;
		if (!s->renewal->shares && !(processes->before_exec && exec && s->from_ns))
			break;
		time_ns = s->from_ns - exec;
		pid = s->renewal->parent;
	}
	if (!hit.mapping && in_kernel)
		hit.mapping = &processes->kernel;
	if (hit.mapping && !hit.mapping->image)
		hit.mapping = NULL;
	return hit;
}

static struct process_comm unnamed(struct processes *p, uint32_t tid)
{
	char text[16];
	const char *name;

	snprintf(text, sizeof(text), ":%d", (int)tid);
	name = process_name(p, tid ? text : "swapper");
	return (struct process_comm){ name ? name : "[no room]", 0, FOREVER };
}

/* The naming that held at `time_ns`; before all of them the first, for lack of a better. */
static const struct naming *naming_at(
	const struct timeline *line, uint64_t time_ns, struct process_comm *comm)
{
	uint32_t after = begun(line, time_ns);

	if (!line->sorted_count)
		return NULL;
	if (after < line->sorted_count)
		comm->until_ns = line->sorted[after]->time_ns;
	if (after)
		comm->from_ns = line->sorted[after - 1]->time_ns;
	return (const struct naming *)line->sorted[after ? after - 1 : 0];
}

struct process_comm process_comm(struct processes *processes, uint32_t tid, uint64_t time_ns)
{
	struct process_comm comm = { .until_ns = FOREVER }, ignored;
	uint32_t asked = tid;

	for (int depth = 0; depth < ANCESTORS_MAX; depth++) {
		struct task *t = task_find(processes, tid);
		const struct naming *n;

		if (!t || !settle(processes, &t->names))
			break;
		n = naming_at(&t->names, time_ns, depth ? &ignored : &comm);
		if (!n)
			break;
		if (n->name) {
			comm.name = n->name;
			return comm;
		}
		tid = n->parent;
		time_ns = n->moment.time_ns;
	}
	comm.name = unnamed(processes, tid ? asked : 0).name;
	return comm;
}
