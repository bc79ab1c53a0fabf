#ifndef PROFILE_PROCESS_H
#define PROFILE_PROCESS_H

/*
 * Processes, threads, their names and their mappings over time. Side-band records are told in any
 * order; each fact holds from its own time on, so samples can be looked up by their own timestamps
 * afterwards without anything being sorted or queued. Files without timestamps use the record's
 * position in the file as its time.
 *
 * A fork shares its parent's mappings up to the fork by reference. An exec begins a new address
 * space. A fork onto a used pid begins a new process. A later mapping hides what it overlaps.
 * All lies in the arena; what finds no room is counted in `dropped`.
 */

#include "base/arena.h"
#include "data/record.h"
#include "profile/image.h"

#include <stdbool.h>
#include <stdint.h>

#define PROCESS_KERNEL UINT32_MAX /* the pid of the kernel's own mappings */

/* One mapping; holds from time_ns until something hides it or its address space ends. */
struct mapping {
	struct mapping *next; /* of the same process, in no order */
	uint64_t time_ns;
	uint64_t start, end; /* addresses, the end is outside */
	uint64_t pgoff;	     /* bytes into the image */
	struct image *image; /* NULL: nothing lies here any more */
	uint32_t prot;
};

/* Where an address belongs. It holds for times in [from_ns, until_ns). */
struct process_hit {
	const struct mapping *mapping; /* NULL: nothing is mapped there */
	uint64_t from_ns, until_ns;
};

struct processes {
	struct arena *arena;
	struct images *images;
	uint64_t dropped;
	struct task *task;
	uint32_t task_mask, task_count;
	char *idle_name;
};

void processes_init(struct processes *processes, struct arena *arena, struct images *images);

/*
 * Tells one side-band record; types that say nothing of processes are ignored. `time_ns` is
 * record->id.time_ns, or its place in the file where the file has no timestamps.
 */
void processes_tell(struct processes *processes, const struct record *record, uint64_t time_ns);

/* Pid PROCESS_KERNEL asks the kernel's mappings. */
struct process_hit process_find(
	struct processes *processes, uint32_t pid, uint64_t address, uint64_t time_ns);

/* What the thread was called at that time, or NULL where nobody said; the same pointer for the same
 * name. Comes from outside. */
const char *process_comm(struct processes *processes, uint32_t pid, uint32_t tid, uint64_t time_ns);

#endif
