#include "capture/carry.h"

#include "data/record.h"

#include <errno.h>
#include <string.h>

#define BUCKETS 1024
#define LOG_SHARE 4 /* of the memory: one part in so many each */
#define TASKS_SHARE 8
#define LEAST_BYTES (512u << 10) /* the log holds two of the largest records */
#define PATIENCE 1024		 /* requests that fail before room is looked for again */
#define HIDDEN_MOST 64		 /* mappings that are asked whether a later one hides them */
#define NAME_BYTES 32

/* A thread; the one that gave its process its pid has what belongs to the process, and stays for as
 * long as any thread does. */
struct carry_task {
	uint32_t next; /* of its bucket, or free */
	uint32_t pid, tid;
	uint32_t map;	  /* the process's latest */
	uint32_t threads; /* of the process, that live */
	bool ended;
	uint64_t told_ns; /* of the latest record about it */
	char name[NAME_BYTES];
};

/* The mappings before it are shared with forked processes, each one a reference. */
struct carry_map {
	uint32_t next, references;
	uint32_t moves_to; /* while room is made */
	uint32_t bytes;	   /* with the record */
	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		uint64_t start, size;
	} record; /* MMAP2; more follows */
};

int carry_begin(
	struct carry *carry, struct arena *arena, size_t bytes, const struct perf_event_attr *attr)
{
	bytes = bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
	*carry = (struct carry){ .attr = attr, .maps_used = sizeof(uint64_t) };
	carry->log_room = (uint32_t)(bytes / LOG_SHARE) & ~7u;
	carry->most_threads = (uint32_t)(bytes / TASKS_SHARE / sizeof(struct carry_task));
	carry->maps_room = (uint32_t)(bytes - bytes / LOG_SHARE - bytes / TASKS_SHARE) & ~7u;
	carry->log = arena_take(arena, 1, carry->log_room);
	carry->tasks = arena_array(arena, struct carry_task, carry->most_threads + 1);
	carry->maps = arena_take(arena, 1, carry->maps_room);
	carry->buckets = arena_array(arena, uint32_t, BUCKETS);
	if (!carry->log || !carry->tasks || !carry->maps || !carry->buckets)
		return -ENOMEM;
	for (uint32_t i = carry->most_threads; i; i--) {
		carry->tasks[i].next = carry->free_task;
		carry->free_task = i;
	}
	return 0;
}

static struct carry_map *map_at(const struct carry *carry, uint32_t at)
{
	return (void *)(carry->maps + at);
}

/* Slides the mappings that are still there together. */
static void make_room(struct carry *carry)
{
	uint32_t end = carry->maps_used, to = sizeof(uint64_t), size;

	for (uint32_t at = to; at < end; at += map_at(carry, at)->bytes) {
		map_at(carry, at)->moves_to = to;
		to += map_at(carry, at)->references ? map_at(carry, at)->bytes : 0;
	}
	for (uint32_t i = 1; i <= carry->most_threads; i++)
		if (carry->tasks[i].map)
			carry->tasks[i].map = map_at(carry, carry->tasks[i].map)->moves_to;
	for (uint32_t at = sizeof(uint64_t); at < end; at += map_at(carry, at)->bytes)
		if (map_at(carry, at)->references && map_at(carry, at)->next)
			map_at(carry, at)->next = map_at(carry, map_at(carry, at)->next)->moves_to;
	for (uint32_t at = sizeof(uint64_t); at < end; at += size) {
		struct carry_map *map = map_at(carry, at);

		size = map->bytes;
		if (map->references)
			memmove(carry->maps + map->moves_to, map, size);
	}
	carry->maps_used = to;
}

/* 0 where there is none. */
static uint32_t take_room(struct carry *carry, uint32_t bytes)
{
	uint32_t at;

	if (carry->maps_room - carry->maps_used < bytes && !carry->patience--) {
		make_room(carry);
		carry->patience = PATIENCE;
	}
	at = carry->maps_used;
	if (carry->maps_room - at < bytes)
		return 0;
	carry->patience = 0;
	carry->maps_used += bytes;
	return at;
}

static void forget_maps(struct carry *carry, struct carry_task *task)
{
	for (uint32_t at = task->map; at && !--map_at(carry, at)->references;
		at = map_at(carry, at)->next)
		;
	task->map = 0;
}

static uint32_t *task_bucket(struct carry *carry, uint32_t tid)
{
	return &carry->buckets[tid % BUCKETS];
}

static struct carry_task *find_task(struct carry *carry, uint32_t tid)
{
	for (uint32_t at = *task_bucket(carry, tid); at; at = carry->tasks[at].next)
		if (carry->tasks[at].tid == tid)
			return &carry->tasks[at];
	return NULL;
}

/* As if it had never been; its threads stay. */
static void forget_task(struct carry *carry, struct carry_task *task)
{
	uint32_t *link = task_bucket(carry, task->tid), at = (uint32_t)(task - carry->tasks);

	while (*link != at)
		link = &carry->tasks[*link].next;
	*link = task->next;
	forget_maps(carry, task);
	*task = (struct carry_task){ .next = carry->free_task };
	carry->free_task = at;
}

/* A new thread; the leader of its process comes into being with it. NULL: no room. */
static struct carry_task *take_task(struct carry *carry, uint32_t pid, uint32_t tid)
{
	struct carry_task *task = find_task(carry, tid), *leader;
	uint32_t *bucket = task_bucket(carry, tid), at;

	if (task)
		return task;
	leader = tid == pid ? NULL : take_task(carry, pid, pid);
	at = carry->free_task;
	if (!at || (tid != pid && !leader)) {
		carry->dropped++;
		return NULL;
	}
	task = &carry->tasks[at];
	carry->free_task = task->next;
	*task = (struct carry_task){ .next = *bucket, .pid = pid, .tid = tid };
	*bucket = at;
	(leader ? leader : task)->threads++;
	return task;
}

static void end_task(struct carry *carry, uint32_t pid, uint32_t tid)
{
	struct carry_task *task = find_task(carry, tid), *leader = find_task(carry, pid);

	if (!task || task->ended)
		return;
	task->ended = true;
	if (task != leader)
		forget_task(carry, task);
	if (leader && !--leader->threads)
		forget_task(carry, leader);
}

static void add_fork(struct carry *carry, const struct record_task *fork)
{
	struct carry_task *task = find_task(carry, fork->tid), *parent, *old;

	/* another CPU's ring may tell of the child before this one tells that it was born */
	if (task && task->told_ns > fork->time_ns)
		return;
	if (task)
		end_task(carry, task->pid, task->tid);
	task = find_task(carry, fork->tid);
	if (task)
		forget_task(carry, task);
	task = take_task(carry, fork->pid, fork->tid);
	parent = find_task(carry, fork->parent_tid);
	old = find_task(carry, fork->parent_pid);
	if (!task)
		return;
	if (parent)
		memcpy(task->name, parent->name, NAME_BYTES);
	if (old && fork->pid == fork->tid && fork->pid != fork->parent_pid && old->map) {
		task->map = old->map;
		map_at(carry, task->map)->references++;
	}
}

/* Of a process that begins another program nothing stays but one thread. */
static void forget_program(struct carry *carry, struct carry_task *leader)
{
	forget_maps(carry, leader);
	for (uint32_t i = 1; leader->threads > 1 && i <= carry->most_threads; i++) {
		struct carry_task *task = &carry->tasks[i];

		if (task != leader && task->pid == leader->pid && task->tid != task->pid)
			forget_task(carry, task);
	}
	leader->threads = 1;
	leader->ended = false;
}

static void add_name(struct carry *carry, const struct record *record)
{
	struct carry_task *task = take_task(carry, record->comm.pid, record->comm.tid);

	if (!task)
		return;
	strncpy(task->name, record->comm.name, NAME_BYTES - 1);
	task->told_ns = record->id.time_ns;
	if (record->comm.exec && task->tid == task->pid)
		forget_program(carry, task);
}

/* Mappings nobody else shares and of which nothing is left to be seen. */
static void forget_hidden(struct carry *carry, struct carry_map *by)
{
	uint64_t end = by->record.start + by->record.size;
	uint32_t *link = &by->next;

	for (int i = 0; i < HIDDEN_MOST && *link; i++) {
		struct carry_map *map = map_at(carry, *link);

		if (map->references > 1)
			return;
		if (map->record.start >= by->record.start &&
			map->record.start + map->record.size <= end) {
			*link = map->next;
			map->references = 0;
		} else {
			link = &map->next;
		}
	}
}

static void add_map(
	struct carry *carry, const struct record *record, const struct perf_event_header *header)
{
	uint32_t pid = record->mmap.pid;
	uint32_t bytes = (uint32_t)offsetof(struct carry_map, record) + header->size;
	uint32_t at = take_room(carry, bytes);
	struct carry_task *task = at ? take_task(carry, pid, pid) : NULL;
	struct carry_map *map = map_at(carry, at);

	carry->dropped += !at;
	if (at)
		*map = (struct carry_map){ .bytes = bytes };
	if (!task)
		return;
	memcpy(&map->record, header, header->size);
	map->next = task->map;
	map->references = 1;
	task->map = at;
	task->told_ns = record->id.time_ns;
	forget_hidden(carry, map);
}

static void settle(struct carry *carry, const struct perf_event_header *header)
{
	struct record record;

	if (record_decode(&record, header, carry->attr) != RECORD_OK)
		return;
	if (record.type == PERF_RECORD_FORK)
		add_fork(carry, &record.task);
	else if (record.type == PERF_RECORD_EXIT)
		end_task(carry, record.task.pid, record.task.tid);
	else if (record.type == PERF_RECORD_COMM)
		add_name(carry, &record);
	else if (record.type == PERF_RECORD_MMAP2)
		add_map(carry, &record, header);
}

/* Takes from the log's beginning until no more than `most` bytes are left. */
static void settle_until(struct carry *carry, uint32_t most)
{
	while (carry->log_last - carry->log_first > most) {
		const struct perf_event_header *header =
			(const void *)(carry->log + carry->log_first);

		settle(carry, header);
		carry->log_first += header->size;
	}
	memmove(carry->log, carry->log + carry->log_first, carry->log_last - carry->log_first);
	carry->log_last -= carry->log_first;
	carry->log_first = 0;
}

void carry_settle(struct carry *carry)
{
	settle_until(carry, 0);
}

void carry_add(struct carry *carry, const struct perf_event_header *record)
{
	if (carry->log_room - carry->log_last < record->size)
		settle_until(carry, carry->log_room / 2);
	memcpy(carry->log + carry->log_last, record, record->size);
	carry->log_last += record->size;
}

/* The list the other way round; what forked processes share of it is so only meanwhile. */
static uint32_t turn(struct carry *carry, uint32_t at)
{
	uint32_t turned = 0;

	while (at) {
		uint32_t next = map_at(carry, at)->next;

		map_at(carry, at)->next = turned;
		turned = at;
		at = next;
	}
	return turned;
}

/* The earliest first, as they came; a forked process has its parent's under its own pid. */
static int tell_maps(struct carry *carry, struct synthesize *to, const struct carry_task *task)
{
	uint32_t first = turn(carry, task->map);
	int status = 0;

	for (uint32_t at = first; at && !status; at = map_at(carry, at)->next) {
		struct carry_map *map = map_at(carry, at);

		map->record.pid = map->record.tid = task->pid;
		status = synthesize_copy(to, &map->record.header);
	}
	turn(carry, first);
	return status;
}

static int tell_task(struct carry *carry, struct synthesize *to, const struct carry_task *task)
{
	struct record fork = { .type = PERF_RECORD_FORK }, name = { .type = PERF_RECORD_COMM };
	int status = 0;

	fork.task = (struct record_task){ task->pid, task->pid, task->tid, task->pid, 0 };
	name.comm = (struct record_comm){ task->pid, task->tid, task->name, false };
	if (task->tid != task->pid)
		status = synthesize_record(to, &fork);
	if (*task->name && !status)
		status = synthesize_record(to, &name);
	return status || !task->map ? status : tell_maps(carry, to, task);
}

int carry_tell(struct carry *carry, struct synthesize *to)
{
	int status = 0;

	/* processes first, so that their threads find them */
	for (int threads = 0; threads < 2; threads++)
		for (uint32_t i = 1; i <= carry->most_threads && !status; i++) {
			const struct carry_task *task = &carry->tasks[i];

			if ((task->threads || task->tid != task->pid) &&
				(task->tid != task->pid) == threads)
				status = tell_task(carry, to, task);
		}
	if (!status)
		status = synthesize_flush(to);
	if (!status && carry->log_last > carry->log_first)
		status = to->emit(to->context, carry->log + carry->log_first,
			carry->log_last - carry->log_first);
	return status;
}
