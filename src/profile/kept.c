#include "profile/kept.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX 2
#define TASKS_MAX 1024

static struct {
	const char *path;
	int fd;
} files[FILES_MAX];
static unsigned file_count;

/* Where a process sees its files: its root directory, on which mount of which namespace. */
struct view {
	uint64_t inode, mount;
	uint32_t device[2];
};

static struct {
	struct view view;
	int fd;
} roots[KEPT_ROOTS_MAX];
static unsigned root_count;

static struct {
	uint32_t pid, root;
} tasks[TASKS_MAX];
static unsigned task_count;

static void keep_file(const char *path)
{
	files[file_count].path = path;
	files[file_count].fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	file_count += files[file_count].fd >= 0;
}

/* linux/stat.h; the C library has no statx(2). Mounts are told since 5.8. */
#define STATX_INODE 0x100u
#define STATX_MOUNT 0x1000u
struct statx_answer {
	uint32_t unused_1[8];
	uint64_t inode;
	uint64_t unused_2[12];
	uint32_t device[2];
	uint64_t mount;
	uint64_t unused_3[13];
};
_Static_assert(sizeof(struct statx_answer) == 256, "statx layout");

static bool look(const char *path, struct view *view)
{
	struct statx_answer answer;

	if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_INODE | STATX_MOUNT, &answer))
		return false;
	*view = (struct view){ answer.inode, answer.mount, { answer.device[0], answer.device[1] } };
	return true;
}

static bool is_same(const struct view *a, const struct view *b)
{
	return a->inode == b->inode && a->mount == b->mount && a->device[0] == b->device[0] &&
	       a->device[1] == b->device[1];
}

static bool keep_root(const char *path, struct view view)
{
	int fd = root_count < KEPT_ROOTS_MAX ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	roots[root_count].view = view;
	roots[root_count++].fd = fd;
	return true;
}

static void keep_task(const char *task)
{
	struct view view;
	char path[64];
	uint32_t root = 0;

	snprintf(path, sizeof(path), "/proc/%s/root", task);
	if (task_count == TASKS_MAX || !look(path, &view))
		return;
	while (root < root_count && !is_same(&roots[root].view, &view))
		root++;
	if (!root)
		return;
	if (root == root_count && !keep_root(path, view))
		return;
	tasks[task_count].pid = (uint32_t)strtoul(task, NULL, 10);
	tasks[task_count++].root = root;
}

static void keep_tasks(void)
{
	struct view own = { 0 };
	const char *name;
	struct dir dir;

	look("/", &own);
	if (!keep_root("/", own) || dir_open(&dir, "/proc"))
		return;
	while ((name = dir_next(&dir)))
		if (*name >= '1' && *name <= '9')
			keep_task(name);
	dir_close(&dir);
}

unsigned kept_begin(const char *symfs, const char *kallsyms, int directories[KEPT_ROOTS_MAX])
{
	if (kallsyms || !symfs)
		keep_file(kallsyms ? kallsyms : "/proc/kallsyms");
	if (symfs) {
		keep_root(symfs, (struct view){ 0 });
	} else {
		keep_file("/proc/modules");
		keep_tasks();
	}
	for (unsigned i = 0; i < root_count; i++)
		directories[i] = roots[i].fd;
	return root_count;
}

int kept_open(const char *path)
{
	for (unsigned i = 0; i < file_count; i++)
		if (!strcmp(files[i].path, path) && !lseek(files[i].fd, 0, SEEK_SET))
			return fcntl(files[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

void kept_root(uint32_t pid, char to[KEPT_ROOT_TEXT])
{
	for (unsigned i = 0; i < task_count; i++)
		if (tasks[i].pid == pid) {
			snprintf(to, KEPT_ROOT_TEXT, "/proc/self/fd/%d", roots[tasks[i].root].fd);
			return;
		}
	snprintf(to, KEPT_ROOT_TEXT, "/proc/%u/root", pid);
}
