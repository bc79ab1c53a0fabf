#include "profile/symfile.h"

#include "base/file.h"
#include "profile/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOTS_MAX 3
#define DEBUG_DIR "/usr/lib/debug"

int symfile_open_path(const char *path)
{
	struct stat st;
	int fd = kept_open(path);

	if (fd >= 0)
		return fd;
	/* stat first: opening some devices has effects even with O_NONBLOCK */
	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

static bool read_at(void *from, void *to, size_t size, uint64_t offset)
{
	struct symfile *file = from;

	if (!file->memory)
		return file_pread(file->fd, to, size, offset) == (ssize_t)size;
	memcpy(to, file->memory + offset, size);
	return true;
}

void symfile_close(struct symfile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

bool symfile_same_build(const struct image *image, const uint8_t *build_id, size_t size)
{
	size_t common = image->build_id_size < size ? image->build_id_size : size;

	if (!common || memcmp(image->build_id, build_id, common))
		return false;
	for (size_t i = common; i < image->build_id_size; i++)
		if (image->build_id[i])
			return false;
	return true;
}

/* What stands before a recorded path: --symfs, or nothing and the roots of who mapped it. */
static int list_roots(const struct image *image, const struct resolve_options *options,
	char text[ROOTS_MAX][KEPT_ROOT_TEXT], const char *roots[ROOTS_MAX])
{
	uint32_t pids[] = { image->pid, image->last_pid };
	int count = 1;

	roots[0] = options->symfs ? options->symfs : "";
	if (options->symfs || options->foreign)
		return count;
	for (int i = 0; i < 2; i++) {
		if (!pids[i] || (i && pids[1] == pids[0]))
			continue;
		kept_root(pids[i], text[count]);
		roots[count] = text[count];
		count++;
	}
	return count;
}

/* Opens ROOT + path as ELF, and reads its build ID. */
static enum image_status open_elf(
	struct symfile *file, struct image *image, const char *root, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	file->memory = NULL;
	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		file->fd = -ENAMETOOLONG;
	else
		file->fd = symfile_open_path(full);
	if (file->fd >= 0 && !fstat(file->fd, &st) && st.st_size >= 0) {
		file->inode = st.st_ino;
		if (elf_open(&file->elf, read_at, file, (uint64_t)st.st_size) == ELF_OK) {
			file->build_id_size = elf_build_id(&file->elf, file->build_id);
			return IMAGE_NAMED;
		}
		symfile_close(file);
		return IMAGE_NOT_ELF;
	}
	if (!image->error || image->error == ENOENT)
		image->error = file->fd < 0 ? -file->fd : EIO;
	symfile_close(file);
	return IMAGE_NO_FILE;
}

/* The same file as was recorded, as far as both sides know. */
static bool is_recorded(const struct symfile *file, const struct image *image, bool strict)
{
	if (image->build_id_size)
		return symfile_same_build(image, file->build_id, file->build_id_size);
	return !strict || !image->inode || image->inode == file->inode;
}

/* This process's own vDSO is every process's, as long as the kernel is the recorded one. */
static enum image_status open_vdso(
	struct symfile *file, const struct image *image, const struct resolve_options *options)
{
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	uint64_t size;

	if (!base || options->foreign || options->symfs)
		return IMAGE_NO_FILE;
	file->memory = (const uint8_t *)base;
	if (elf_open(&file->elf, read_at, file, 4096) != ELF_OK)
		return IMAGE_NOT_ELF;
	/* the kernel's own file: its section headers stand at the end */
	size = file->elf.sections_at + (uint64_t)file->elf.section_count * file->elf.section_bytes;
	if (elf_open(&file->elf, read_at, file, size > 4096 ? size : 4096) != ELF_OK)
		return IMAGE_NOT_ELF;
	file->build_id_size = elf_build_id(&file->elf, file->build_id);
	return is_recorded(file, image, false) ? IMAGE_NAMED : IMAGE_OTHER_BUILD;
}

enum image_status symfile_open(
	struct symfile *file, struct image *image, const struct resolve_options *options)
{
	enum image_status status = IMAGE_NO_FILE, tried;
	char text[ROOTS_MAX][KEPT_ROOT_TEXT];
	const char *roots[ROOTS_MAX];
	int count = list_roots(image, options, text, roots);

	file->fd = -1;
	file->root = "";
	file->build_id_size = 0;
	if (image->kind == IMAGE_VDSO)
		return open_vdso(file, image, options);
	for (int strict = 1; strict >= 0; strict--)
		for (int i = 0; i < count; i++) {
			tried = open_elf(file, image, roots[i], image->path);
			if (tried == IMAGE_NAMED && is_recorded(file, image, strict)) {
				snprintf(file->root_text, sizeof(file->root_text), "%s", roots[i]);
				file->root = options->symfs ? options->symfs : file->root_text;
				return IMAGE_NAMED;
			}
			symfile_close(file);
			if (tried != IMAGE_NO_FILE && status != IMAGE_OTHER_BUILD)
				status = tried == IMAGE_NAMED ? IMAGE_OTHER_BUILD : tried;
		}
	return status;
}

/* CRC-32 as .gnu_debuglink has it (IEEE 802.3, reflected). */
static bool has_crc(const struct symfile *file, uint32_t wanted)
{
	static uint32_t table[256];
	uint8_t bytes[4096];
	uint32_t crc = UINT32_MAX;
	uint64_t at = 0;
	ssize_t got;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	while ((got = file_pread(file->fd, bytes, sizeof(bytes), at)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
		at += (uint64_t)got;
	}
	return !got && ~crc == wanted;
}

/* What a debug file must agree with. */
struct wanted {
	const uint8_t *build_id;
	size_t build_id_size;
	const uint32_t *crc;
};

static bool try_debug(
	struct symfile *debug, const char *root, const char *path, const struct wanted *wanted)
{
	struct image unused = { 0 };
	struct elf_symbols symbols;

	if (open_elf(debug, &unused, root, path) != IMAGE_NAMED)
		return false;
	if (elf_symbols_begin(&debug->elf, ELF_SHT_SYMTAB, &symbols)) {
		if (wanted->build_id_size && wanted->build_id_size == debug->build_id_size &&
			!memcmp(wanted->build_id, debug->build_id, debug->build_id_size))
			return true;
		if (wanted->crc && !(wanted->build_id_size && debug->build_id_size) &&
			has_crc(debug, *wanted->crc))
			return true;
	}
	symfile_close(debug);
	return false;
}

static bool open_by_build_id(struct symfile *debug, const char *root, const struct wanted *wanted)
{
	char path[sizeof(DEBUG_DIR) + 32 + ELF_BUILD_ID_MAX * 2];
	int at = snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/");

	if (wanted->build_id_size < 2)
		return false;
	for (size_t i = 0; i < wanted->build_id_size; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, i == 1 ? "/%02x" : "%02x",
			wanted->build_id[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	return try_debug(debug, root, path, wanted);
}

static bool open_by_link(struct symfile *debug, const struct symfile *file,
	const struct image *image, const char *name, const struct wanted *wanted)
{
	static const char *const places[][2] = {
		{ "", "" },
		{ "", ".debug/" },
		{ DEBUG_DIR, "" },
	};
	const char *slash = strrchr(image->path, '/');
	char path[PATH_MAX];

	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++)
		if (snprintf(path, sizeof(path), "%s%.*s/%s%s", places[i][0],
			    (int)(slash - image->path), image->path, places[i][1],
			    name) < (int)sizeof(path) &&
			try_debug(debug, file->root, path, wanted))
			return true;
	return false;
}

bool symfile_open_debug(struct symfile *debug, struct symfile *file, const struct image *image,
	const struct resolve_options *options)
{
	struct wanted wanted = { file->build_id, file->build_id_size, NULL };
	const char *root = file->fd >= 0 || !options->symfs ? file->root : options->symfs;
	char name[256];
	uint32_t crc;

	debug->fd = -1;
	if (!wanted.build_id_size) {
		wanted.build_id = image->build_id;
		wanted.build_id_size = image->build_id_size;
	}
	if (open_by_build_id(debug, root, &wanted) ||
		(*root && !options->symfs && open_by_build_id(debug, "", &wanted)))
		return true;
	if (file->fd < 0 || !elf_debug_link(&file->elf, name, sizeof(name), &crc))
		return false;
	wanted.crc = &crc;
	return open_by_link(debug, file, image, name, &wanted);
}

/* The pid that the process has in its own namespace: the last one of "NSpid:". */
static uint32_t inner_pid(uint32_t pid)
{
	char path[64], text[4096];
	const char *at, *end;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (file_slurp(path, text, sizeof(text)) <= 0 || !(at = strstr(text, "\nNSpid:")))
		return pid;
	end = at + 1 + strcspn(at + 1, "\n");
	while (end[-1] >= '0' && end[-1] <= '9')
		end--;
	return (uint32_t)strtoul(end, NULL, 10);
}

/* Anybody can put a file in /tmp: names are taken from who could have lied anyway. */
static int open_owned(const char *path, uint32_t pid)
{
	char proc[64];
	struct stat st, process;
	int fd = symfile_open_path(path);

	if (fd < 0)
		return fd;
	snprintf(proc, sizeof(proc), "/proc/%u", pid);
	if (!fstat(fd, &st) && (!st.st_uid || st.st_uid == geteuid() ||
				       (!stat(proc, &process) && process.st_uid == st.st_uid)))
		return fd;
	close(fd);
	return -EPERM;
}

int symfile_open_perfmap(const struct image *image, const struct resolve_options *options)
{
	char path[PATH_MAX], root[KEPT_ROOT_TEXT];
	int fd;

	if (!options->symfs && !options->foreign) {
		kept_root(image->pid, root);
		snprintf(path, sizeof(path), "%s/tmp/perf-%u.map", root, inner_pid(image->pid));
		fd = open_owned(path, image->pid);
		if (fd >= 0)
			return fd;
	}
	if (options->foreign && !options->symfs)
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s%s", options->symfs ? options->symfs : "",
		    image->path) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return open_owned(path, image->pid);
}
