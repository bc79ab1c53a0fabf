#include "profile/buildids.h"

#include "base/file.h"
#include "data/abi.h"
#include "profile/elf.h"
#include "profile/symfile.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct buildid_file {
	const char *path; /* NULL: free */
	uint64_t inode;
	uint32_t major, minor;
};

void buildids_begin(struct buildids *buildids, struct arena *arena)
{
	*buildids = (struct buildids){ .arena = arena };
	buildids->files = arena_array(arena, struct buildid_file, BUILDIDS_MAX);
}

static uint32_t hash(const struct record_mmap *map)
{
	uint64_t h = map->inode * 0x9e3779b97f4a7c15 ^ map->minor;

	for (const char *at = map->path; *at; at++)
		h = (h ^ (uint8_t)*at) * 0x100000001b3;
	return (uint32_t)(h >> 32);
}

static bool is_same(const struct buildid_file *file, const struct record_mmap *map)
{
	return file->inode == map->inode && file->major == map->major &&
	       file->minor == map->minor && !strcmp(file->path, map->path);
}

void buildids_add(struct buildids *buildids, const struct record_mmap *map)
{
	uint32_t at;

	if (map->build_id || *map->path != '/' || !map->inode || !buildids->files)
		return;
	for (at = hash(map) % BUILDIDS_MAX; buildids->files[at].path; at = (at + 1) % BUILDIDS_MAX)
		if (is_same(&buildids->files[at], map))
			return;
	if (buildids->count >= BUILDIDS_MAX / 2) {
		buildids->dropped++;
		return;
	}
	buildids->files[at] =
		(struct buildid_file){ arena_copy(buildids->arena, map->path, strlen(map->path)),
			map->inode, map->major, map->minor };
	buildids->count += buildids->files[at].path != NULL;
	buildids->dropped += buildids->files[at].path == NULL;
}

static bool read_at(void *file, void *to, size_t size, uint64_t offset)
{
	return file_pread(*(int *)file, to, size, offset) == (ssize_t)size;
}

static bool put(const struct buildid_file *file, struct body *body, int fd)
{
	static struct elf elf;
	uint8_t id[ELF_BUILD_ID_MAX];
	struct stat there;
	size_t size;

	if (fstat(fd, &there) || there.st_ino != file->inode ||
		major(there.st_dev) != file->major || minor(there.st_dev) != file->minor)
		return false;
	if (elf_open(&elf, read_at, &fd, (uint64_t)there.st_size))
		return false;
	size = elf_build_id(&elf, id);
	if (size)
		body_build_id(body, -1, PERF_RECORD_MISC_USER, id, size, file->path);
	return size > 0;
}

uint32_t buildids_put(struct buildids *buildids, struct body *body)
{
	uint32_t count = 0;

	for (uint32_t i = 0; buildids->files && i < BUILDIDS_MAX; i++) {
		const struct buildid_file *file = &buildids->files[i];
		int fd = file->path ? symfile_open_path(file->path) : -1;

		if (fd < 0)
			continue;
		count += put(file, body, fd);
		close(fd);
	}
	return count;
}
