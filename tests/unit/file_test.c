#include "base/file.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path that names an anonymous file with this content; its descriptor in *fd. */
static const char *file_with(const char *content, int *fd)
{
	static char path[64];

	*fd = memfd_create("file", 0);
	assert_true(*fd >= 0);
	assert_int_equal(file_write(*fd, content, strlen(content)), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	return path;
}

static void slurp_fits_or_says_so(void **state)
{
	char to[8];
	int fd;
	const char *path = file_with("1234567", &fd);

	(void)state;
	assert_int_equal(file_slurp(path, to, 8), 7);
	assert_string_equal(to, "1234567");
	assert_int_equal(file_slurp(path, to, 7), -EFBIG);
	assert_int_equal(file_slurp("/nonexistent/file", to, 8), -ENOENT);
	close(fd);
}

static void numbers_with_a_newline(void **state)
{
	static const struct {
		const char *text;
		int status;
		int64_t value;
	} rows[] = { { "-1\n", 0, -1 }, { "516", 0, 516 }, { "0x10\n", 0, 16 }, { "", -EINVAL, 0 },
		{ "x\n", -EINVAL, 0 }, { "5 6\n", -EINVAL, 0 },
		{ "99999999999999999999\n", -EINVAL, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd;
		int64_t value = 0;

		assert_int_equal(file_number(file_with(rows[i].text, &fd), &value), rows[i].status);
		if (!rows[i].status)
			assert_int_equal(value, rows[i].value);
		close(fd);
	}
}

static void positioned_reads_and_writes(void **state)
{
	char to[8] = "";
	int fd;

	(void)state;
	file_with("abcdef", &fd);
	assert_int_equal(file_pwrite(fd, "XY", 2, 2), 0);
	assert_int_equal(file_pread(fd, to, 4, 1), 4);
	assert_memory_equal(to, "bXYe", 4);
	assert_int_equal(file_pread(fd, to, 8, 4), 2);
	assert_int_equal(file_pread(fd, to, 8, 6), 0);
	assert_int_equal(file_pread(fd, to, 8, UINT64_MAX - 2), -EINVAL);
	close(fd);
}

static void short_pipes_are_read_to_the_end(void **state)
{
	char to[8];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(file_write(ends[1], "abc", 3), 0);
	close(ends[1]);
	assert_int_equal(file_read(ends[0], to, sizeof(to)), 3);
	close(ends[0]);
	assert_int_equal(file_read(ends[0], to, sizeof(to)), -EBADF);
}

static void a_full_disk_is_said(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(file_write(fd, "x", 1), -ENOSPC);
	assert_int_equal(file_pwrite(fd, "x", 1, 0), -ENOSPC);
	close(fd);
}

static void a_directory_gives_every_name_once(void **state)
{
	char path[] = "/tmp/perfbox-dir-XXXXXX", name[64];
	static char seen[300];
	struct dir dir;
	int count = 0;

	(void)state;
	assert_non_null(mkdtemp(path));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%s/entry-with-a-long-name-%d", path, i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	assert_int_equal(dir_open(&dir, path), 0);
	for (const char *at; (at = dir_next(&dir)); count++) {
		int i = atoi(strrchr(at, '-') + 1);

		assert_int_equal(seen[i]++, 0);
	}
	dir_close(&dir);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%s/entry-with-a-long-name-%d", path, i);
		unlink(name);
	}
	rmdir(path);
	assert_int_equal(count, 300);
	assert_int_equal(dir_open(&dir, path), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(slurp_fits_or_says_so),
		cmocka_unit_test(numbers_with_a_newline),
		cmocka_unit_test(positioned_reads_and_writes),
		cmocka_unit_test(short_pipes_are_read_to_the_end),
		cmocka_unit_test(a_full_disk_is_said),
		cmocka_unit_test(a_directory_gives_every_name_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
