#include "profile/rebase.h"

#define SLOTS (1u << 16)
#define FILE_BYTES (1ull << 32) /* what a file has room for */
#define USER_BASE FILE_BYTES
#define USER_END (1ull << 47)
#define KERNEL_BASE 0xffffffff81000000u
#define MODULES_BASE 0xffffffffc0000000u
#define KERNEL_BIT (1ull << 63)
#define PAGE 4096u
#define RECENT 1024

/* Addresses of a process that move together while its mappings stay as they were. */
struct rebase_recent {
	uint64_t from, until, shift;
	uint64_t from_ns, until_ns;
	uint32_t pid;
	bool lost;
};

bool rebase_init(struct rebase *rebase, const struct reader *reader, struct arena *arena)
{
	*rebase = (struct rebase){ .reader = reader, .slot_mask = SLOTS - 1, .timed = true };
	rebase->next_user = USER_BASE;
	rebase->next_kernel = MODULES_BASE;
	for (uint32_t i = 0; i < reader->attr_count; i++)
		if (!(reader->attrs[i].attr.sample_type & PERF_SAMPLE_TIME))
			rebase->timed = false;
	images_init(&rebase->images, arena);
	processes_init(&rebase->processes, arena, &rebase->images);
	rebase->processes.before_exec = true;
	rebase->slots = arena_array(arena, struct rebase_slot, SLOTS);
	rebase->recent = arena_array(arena, struct rebase_recent, RECENT);
	return rebase->recent;
}

static uint64_t time_of(const struct rebase *r, uint64_t time_ns)
{
	return r->timed ? time_ns : r->reader->record_offset;
}

void rebase_tell(struct rebase *rebase)
{
	const struct reader *r = rebase->reader;
	struct record record;
	int event;

	if (r->record->type == PERF_RECORD_SAMPLE)
		return;
	event = reader_event(r);
	if (record_decode(&record, r->record, event < 0 ? NULL : &r->attrs[event].attr) !=
		RECORD_OK)
		return;
	processes_tell(&rebase->processes, &record, time_of(rebase, record.id.time_ns));
}

/* The slot of `key`, free where there is none yet; NULL: the table is full. */
static struct rebase_slot *find(struct rebase *r, const void *key)
{
	uint32_t at = (uint32_t)((uintptr_t)key * 0x9e3779b97f4a7c15u >> 40) & r->slot_mask;

	while (r->slots[at].key && r->slots[at].key != key)
		at = (at + 1) & r->slot_mask;
	return r->slots[at].key || r->slot_count < SLOTS / 2 ? &r->slots[at] : NULL;
}

/* The next free place of `size` bytes, 0 where there is none. */
static uint64_t place(uint64_t *next, uint64_t size, uint64_t end)
{
	uint64_t base = *next;

	if (size > end - base || end - base - size < PAGE)
		return 0;
	*next = (base + size + PAGE) & ~(uint64_t)(PAGE - 1);
	return base;
}

/* Where a file begins, or a mapping of no file; 0: no room. */
static uint64_t base_of(struct rebase *r, const struct mapping *m, bool file, bool kernel)
{
	struct rebase_slot *slot = find(r, file ? (const void *)m->image : (const void *)m);

	if (!slot)
		return 0;
	if (!slot->key) {
		slot->key = file ? (const void *)m->image : (const void *)m;
		slot->base =
			kernel ? place(&r->next_kernel, m->end - m->start, UINT64_MAX)
			       : place(&r->next_user, file ? FILE_BYTES - PAGE : m->end - m->start,
					 USER_END);
		r->slot_count++;
	}
	return slot->base;
}

/* Where an address lies now; 0: nowhere. */
static uint64_t moved(struct rebase *r, const struct mapping *m, uint64_t address, bool kernel)
{
	bool file = m && m->image && m->image->kind <= IMAGE_VDSO;
	uint64_t offset, base;

	if (!m || !m->image)
		return 0;
	offset = address - m->start;
	if (m->image->kind == IMAGE_KERNEL)
		return KERNEL_BASE + offset;
	offset += file ? m->pgoff : 0;
	base = base_of(r, m, file, kernel);
	return base && (!file || offset < FILE_BYTES - PAGE) ? base + offset : 0;
}

/* Mappings are of whole pages, but for code that the kernel made itself. */
static void look_up(struct rebase *r, struct rebase_recent *recent, uint32_t pid, uint64_t time,
	uint64_t address)
{
	struct process_hit hit = process_find(&r->processes, pid, address, time);
	uint64_t page = address & ~(uint64_t)(PAGE - 1);
	uint64_t to = moved(r, hit.mapping, address, pid == PROCESS_KERNEL);

	*recent = (struct rebase_recent){ page, page + PAGE, to - address, hit.from_ns,
		hit.until_ns, pid, !to };
	r->lost += !to;
	if (hit.mapping && page < hit.mapping->start)
		recent->from = hit.mapping->start;
	if (hit.mapping && hit.mapping->end - page < PAGE)
		recent->until = hit.mapping->end;
	if (!hit.mapping && pid == PROCESS_KERNEL) {
		recent->from = address;
		recent->until = address + 1;
	}
}

static uint64_t rebased(struct rebase *r, uint32_t pid, uint64_t time, uint64_t address)
{
	bool kernel = address & KERNEL_BIT;
	uint32_t owner = kernel ? PROCESS_KERNEL : pid;
	uint64_t hash = (address / PAGE ^ (uint64_t)owner << 32) * 0x9e3779b97f4a7c15u;
	struct rebase_recent *recent = &r->recent[hash >> 54];

	if (address < recent->from || address >= recent->until || recent->pid != owner ||
		time < recent->from_ns || time >= recent->until_ns)
		look_up(r, recent, owner, time, address);
	if (recent->lost)
		return kernel ? REBASE_LOST : 0;
	return address + recent->shift;
}

void rebase_addresses(
	void *rebase, const struct scrub_owner *owner, uint64_t *at, uint64_t count, bool chain)
{
	uint64_t time = time_of(rebase, owner->time_ns);

	(void)chain;
	for (uint64_t i = 0; i < count; i++)
		if (at[i] < PERF_CONTEXT_MAX)
			at[i] = rebased(rebase, owner->pid, time, at[i]);
}

uint64_t rebase_mapping(
	void *rebase, const struct scrub_owner *owner, uint64_t start, uint64_t *pgoff)
{
	struct rebase *r = rebase;
	bool kernel = owner->pid == PROCESS_KERNEL;
	struct process_hit hit =
		process_find(&r->processes, owner->pid, start, time_of(r, owner->time_ns));
	uint64_t to = moved(r, hit.mapping, start, kernel);
	const struct image *image = hit.mapping ? hit.mapping->image : NULL;

	r->lost += !to;
	if (!to && kernel)
		to = REBASE_LOST;
	/* the kernel's tells where a symbol lay; of what is no file, pgoff is an address */
	if (image && image->kind == IMAGE_KERNEL)
		*pgoff = *pgoff ? to + (*pgoff - start) : 0;
	else if (!image || image->kind > IMAGE_VDSO)
		*pgoff = 0;
	return to;
}
