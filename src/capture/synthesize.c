#include "capture/synthesize.h"

#include "base/file.h"
#include "base/lines.h"
#include "capture/procmaps.h"
#include "data/note.h"
#include "data/record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NOTES_BYTES 4096
#define RECORD_BYTES 8192 /* more than any record made here: a path is at most PATH_MAX */
#define COMM_BYTES 64

static struct lines lines;

int synthesize_flush(struct synthesize *s)
{
	size_t used = s->used;

	s->used = 0;
	return used ? s->emit(s->context, s->buffer, used) : 0;
}

static int make_room(struct synthesize *s)
{
	return sizeof(s->buffer) - s->used < RECORD_BYTES ? synthesize_flush(s) : 0;
}

int synthesize_record(struct synthesize *s, const struct record *record)
{
	int status = make_room(s);

	if (!status)
		s->used += record_encode(s->buffer + s->used, RECORD_BYTES, record, s->attr);
	return status;
}

int synthesize_copy(struct synthesize *s, const struct perf_event_header *record)
{
	int status = make_room(s);

	if (!status && record->size <= RECORD_BYTES) {
		memcpy(s->buffer + s->used, record, record->size);
		s->used += record->size;
	}
	return status;
}

/* The symbols a kernel's text may begin with; readers find out by them how far it was moved. */
static const char *const text_names[] = { "_text", "_stext" };

#define KERNEL_PATH "[kernel.kallsyms]"

/* A line of /proc/kallsyms: "ffffffff81000000 T _text". */
static bool is_symbol(const char *line, const char *name, uint64_t *address)
{
	const char *space = strchr(line, ' ');

	if (!space || !space[1] || !space[2] || strcmp(space + 3, name))
		return false;
	*address = strtoull(line, NULL, 16);
	return true;
}

/* "Kernel code" of /proc/iomem tells the size at once; zeroes where it is hidden. */
static uint64_t text_bytes_of_iomem(void)
{
	uint64_t size = 0;
	char *line;

	if (lines_open(&lines, "/proc/iomem"))
		return 0;
	while (!size && (line = lines_next(&lines))) {
		char *end;
		uint64_t first = strtoull(line, &end, 16);

		if (strstr(line, " : Kernel code") && *end == '-')
			size = strtoull(end + 1, NULL, 16) - first;
	}
	lines_close(&lines);
	return size ? size + 1 : 0;
}

/* Where the kernel's text begins, by which name, and its size; kallsyms, in the order of addresses,
 * is read no further than needed. */
static void find_text(uint64_t *start, uint64_t *size, const char **name)
{
	uint64_t end = 0;
	char *line;

	*start = 0;
	*size = text_bytes_of_iomem();
	if (lines_open(&lines, "/proc/kallsyms"))
		return;
	while (!end && (line = lines_next(&lines))) {
		for (size_t i = 0; i < 2 && !*start; i++)
			if (is_symbol(line, text_names[i], start))
				*name = text_names[i];
		if (*start && *size)
			end = *start + *size;
		else
			is_symbol(line, "_etext", &end);
	}
	lines_close(&lines);
	*size = end > *start ? end - *start : 0;
}

/* Its size; one that no record can hold is none. */
static uint8_t kernel_build_id(uint8_t build_id[NOTE_BUILD_ID_MAX])
{
	char notes[NOTES_BYTES];
	ssize_t size = file_slurp("/sys/kernel/notes", notes, sizeof(notes));
	size_t found = size > 0 ? note_build_id(span_of(notes, (size_t)size), build_id) : 0;

	return found <= 20 ? (uint8_t)found : 0;
}

static int synthesize_modules(struct synthesize *s)
{
	int status = 0;
	char *line;

	if (lines_open(&lines, "/proc/modules"))
		return 0;
	/* "name size references users state 0xaddress": proc_modules(5) */
	while (!status && (line = lines_next(&lines))) {
		char path[128], *end = strchr(line, ' ');
		const char *address = strstr(line, " 0x");
		struct record record = { .type = PERF_RECORD_MMAP2,
			.misc = PERF_RECORD_MISC_KERNEL };
		struct record_mmap *map = &record.mmap;

		if (!end || !address)
			continue;
		map->start = strtoull(address, NULL, 16);
		map->size = strtoull(end, NULL, 10);
		snprintf(path, sizeof(path), "[%.*s]", (int)(end - line), line);
		map->pid = (uint32_t)-1;
		map->prot = PROT_READ | PROT_EXEC;
		map->path = path;
		if (map->start)
			status = synthesize_record(s, &record);
	}
	lines_close(&lines);
	return status;
}

int synthesize_kernel(struct synthesize *s)
{
	struct record record = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_KERNEL };
	struct record_mmap *map = &record.mmap;
	uint8_t build_id[NOTE_BUILD_ID_MAX];
	const char *name = "";
	char path[64];
	int status;

	find_text(&map->start, &map->size, &name);
	if (!map->start || !map->size) {
		s->kernel_hidden = true;
		return 0;
	}
	map->pid = (uint32_t)-1;
	map->pgoff = map->start;
	map->prot = PROT_READ | PROT_EXEC;
	snprintf(path, sizeof(path), KERNEL_PATH "%s", name);
	map->path = path;
	map->build_id_size = kernel_build_id(build_id);
	map->build_id = map->build_id_size ? build_id : NULL;
	status = synthesize_record(s, &record);
	if (!status)
		status = synthesize_modules(s);
	return status ? status : synthesize_flush(s);
}

static int synthesize_maps(struct synthesize *s, uint32_t pid)
{
	char path[64], *line;
	int status;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	status = lines_open(&lines, path);
	if (status) {
		s->unreadable += status == -EACCES || status == -EPERM;
		return 0;
	}
	while (!status && (line = lines_next(&lines))) {
		struct record record = { .type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_USER };
		struct procmap map;

		if (!procmap_parse(&map, line) || (!(map.protection & PROT_EXEC) && !s->data_maps))
			continue;
		if (!(map.protection & PROT_EXEC))
			record.misc |= PERF_RECORD_MISC_MMAP_DATA;
		record.mmap = (struct record_mmap){ .pid = pid,
			.tid = pid,
			.start = map.start,
			.size = map.end - map.start,
			.pgoff = map.page_offset,
			.major = map.major,
			.minor = map.minor,
			.inode = map.inode,
			.prot = map.protection,
			.flags = map.flags,
			.path = *map.path ? map.path : "//anon" };
		s->maps++;
		status = synthesize_record(s, &record);
	}
	lines_close(&lines);
	return status;
}

static int synthesize_thread(struct synthesize *s, uint32_t pid, uint32_t tid)
{
	struct record record = { .type = PERF_RECORD_COMM };
	char path[64], comm[COMM_BYTES];
	ssize_t size;
	int status = 0;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", pid, tid);
	size = file_slurp(path, comm, sizeof(comm));
	if (size <= 0)
		return 0;
	comm[size - 1] = 0;
	if (tid != pid) {
		struct record fork = { .type = PERF_RECORD_FORK };

		fork.task = (struct record_task){ pid, pid, tid, pid, 0 };
		status = synthesize_record(s, &fork);
	}
	record.comm = (struct record_comm){ .pid = pid, .tid = tid, .name = comm };
	s->threads++;
	return status ? status : synthesize_record(s, &record);
}

static int synthesize_process(struct synthesize *s, uint32_t pid)
{
	const char *name;
	struct dir dir;
	char path[64];
	int status;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	if (dir_open(&dir, path))
		return 0;
	/* the process itself first, so that its threads find it */
	s->processes++;
	status = synthesize_thread(s, pid, pid);
	while (!status && (name = dir_next(&dir))) {
		uint32_t tid = (uint32_t)strtoul(name, NULL, 10);

		if (tid != pid)
			status = synthesize_thread(s, pid, tid);
	}
	dir_close(&dir);
	return status ? status : synthesize_maps(s, pid);
}

static int synthesize_system(struct synthesize *s)
{
	const char *name;
	struct dir dir;
	int status = 0;

	if (dir_open(&dir, "/proc"))
		return 0;
	while (!status && (name = dir_next(&dir)))
		if (*name >= '1' && *name <= '9')
			status = synthesize_process(s, (uint32_t)strtoul(name, NULL, 10));
	dir_close(&dir);
	return status;
}

/* The process a thread belongs to, or 0 when it is gone. */
static uint32_t process_of(int32_t tid)
{
	char path[64], text[2048], *tgid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (file_slurp(path, text, sizeof(text)) <= 0)
		return 0;
	tgid = strstr(text, "\nTgid:");
	return tgid ? (uint32_t)strtoul(tgid + 6, NULL, 10) : 0;
}

int synthesize_tasks(struct synthesize *s, const struct target *target)
{
	uint32_t last = 0;
	int status = 0;

	if (target->system_wide)
		status = synthesize_system(s);
	/* threads of one process stand side by side in the target: each process once */
	for (uint32_t i = 0; !target->system_wide && !status && i < target->thread_count; i++) {
		uint32_t pid = process_of(target->threads[i]);

		if (pid && pid != last)
			status = synthesize_process(s, pid);
		last = pid;
	}
	return status ? status : synthesize_flush(s);
}
