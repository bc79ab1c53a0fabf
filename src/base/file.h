#ifndef BASE_FILE_H
#define BASE_FILE_H

/*
 * Whole reads and writes on descriptors, small kernel files, and directories, without the heap.
 * All are close-on-exec. Everything returns -errno on failure and never prints.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads at most cap - 1 bytes of a small file (procfs, sysfs) and ends them with a NUL.
 * Bytes read, or -errno; -EFBIG when the file is longer. */
ssize_t file_slurp(const char *path, char *to, size_t cap);

/* As file_slurp, without a trailing newline and as one number (any base C knows). */
int file_number(const char *path, int64_t *value);

/* All `size` bytes, past EINTR and short writes. 0 or -errno. */
int file_write(int fd, const void *bytes, size_t size);
int file_pwrite(int fd, const void *bytes, size_t size, uint64_t offset);

/* Up to `size` bytes, past EINTR and short reads: fewer only at the end of the file. */
ssize_t file_read(int fd, void *to, size_t size);
ssize_t file_pread(int fd, void *to, size_t size, uint64_t offset);

/* A directory walk in fixed memory (getdents64). */
struct dir {
	int fd;
	int used, at;
	_Alignas(8) char buffer[4096];
};

int dir_open(struct dir *dir, const char *path);

/* The next name but "." and "..", valid until the next call; NULL at the end. */
const char *dir_next(struct dir *dir);
void dir_close(struct dir *dir);

#endif
