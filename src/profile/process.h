#ifndef PROFILE_PROCESS_H
#define PROFILE_PROCESS_H

/*
 * Processes, threads, their names and their mappings over time. Side-band records are told in any
 * order; each thing told holds from its own time on, so samples can be looked up by their own
 * timestamps without anything being sorted or queued. In files without timestamps a record's
 * position in the file is its time.
 *
 * A fork shares its parent's mappings up to the fork by reference. An exec begins a new address
 * space. A fork onto a used pid begins a new process. A later mapping hides what it overlaps; what
 * was unmapped stays, since nobody tells of it. All lies in the arena; what finds no room is
 * counted in `dropped`.
 */

#include "base/arena.h"
#include "data/record.h"
#include "profile/image.h"

#include <stdbool.h>
#include <stdint.h>

#define PROCESS_KERNEL UINT32_MAX /* the pid of the kernel's own mappings */

/* Something that holds from its time on. */
struct moment {
	struct moment *next;
	uint64_t time_ns;
};

/* What held of one kind about one task, in order of time once they are asked for. */
struct timeline {
	struct moment *latest;
	struct moment **sorted;
	uint32_t count, sorted_count, room;
};

struct mapping {
	struct moment moment;
	uint64_t start, end; /* addresses; the end is outside */
	uint64_t pgoff;	     /* bytes into the image */
	struct image *image; /* NULL: what lay here is gone */
	uint32_t prot;	     /* of mmap(2), 0 where it is not known */
};

/* Where an address belongs; the same for all times in [from_ns, until_ns). */
struct process_hit {
	const struct mapping *mapping; /* NULL: nothing lies there */
	uint64_t from_ns, until_ns;
};

struct processes {
	struct arena *arena;
	struct images *images;
	uint64_t dropped; /* records that found no room */
	/* Where a new address space has nothing, ask the one before the exec, as perf does: while
	 * execve loads the new program, its caller is still the old one. */
	bool before_exec;
	/* The kernel itself: its record ends with .text, but what is no module's behind it is the
	 * kernel's too (.init.text). */
	struct mapping kernel;
	struct task **table;
	uint32_t table_mask, task_count;
	struct comm_name *names[256];
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

/* What a thread was called, from outside; the same pointer for the same name. A thread that nobody
 * named is ":TID". */
struct process_comm {
	const char *name;
	uint64_t from_ns, until_ns;
};
struct process_comm process_comm(struct processes *processes, uint32_t tid, uint64_t time_ns);

/* The one pointer that stands for this name; NULL when the arena is full. */
const char *process_name(struct processes *processes, const char *name);

#endif
