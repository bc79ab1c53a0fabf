#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t file_slurp(const char *path, char *to, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = file_read(fd, to, cap);
	close(fd);
	if (n < 0)
		return n;
	if ((size_t)n == cap)
		return -EFBIG;
	to[n] = 0;
	return n;
}

int file_number(const char *path, int64_t *value)
{
	char text[64], *end;
	ssize_t n = file_slurp(path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	errno = 0;
	*value = strtoll(text, &end, 0);
	return errno || end == text || (*end && *end != '\n') ? -EINVAL : 0;
}

int file_write(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			from += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

int file_pwrite(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const char *from = bytes;

	while (size) {
		ssize_t n = pwrite(fd, from, size, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			from += n;
			offset += (uint64_t)n;
			size -= (size_t)n;
		}
	}
	return 0;
}

ssize_t file_read(int fd, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t file_pread(int fd, void *to, size_t size, uint64_t offset)
{
	size_t done = 0;

	if (offset > INT64_MAX - size)
		return -EINVAL;
	while (done < size) {
		ssize_t n = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

/* struct linux_dirent64, getdents64(2) */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int dir_open(struct dir *dir, const char *path)
{
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir->used = dir->at = 0;
	return dir->fd < 0 ? -errno : 0;
}

const char *dir_next(struct dir *dir)
{
	for (;;) {
		struct entry *entry = (struct entry *)(void *)(dir->buffer + dir->at);

		if (dir->at >= dir->used) {
			dir->used = (int)syscall(
				SYS_getdents64, dir->fd, dir->buffer, sizeof(dir->buffer));
			dir->at = 0;
			if (dir->used <= 0)
				return NULL;
			continue;
		}
		dir->at += entry->size;
		if (strcmp(entry->name, ".") && strcmp(entry->name, ".."))
			return entry->name;
	}
}

void dir_close(struct dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}
