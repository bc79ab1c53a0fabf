#include "access/filecap.h"

#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME "security.capability"
#define FLAG_EFFECTIVE 1u
#define VERSION_SHIFT 24

static const size_t sizes[] = { [1] = 12, [2] = 20, [3] = 24 };

int filecap_decode(const void *bytes, size_t size, struct filecap *filecap)
{
	struct span span = span_of(bytes, size);
	uint32_t magic = span_u32(&span), version = magic >> VERSION_SHIFT;

	memset(filecap, 0, sizeof(*filecap));
	if (version < 1 || version > 3 || size != sizes[version])
		return -EINVAL;
	filecap->version = (uint8_t)version;
	filecap->effective = magic & FLAG_EFFECTIVE;
	for (unsigned i = 0; i < (version == 1 ? 1u : 2u); i++) {
		filecap->permitted |= (uint64_t)span_u32(&span) << 32 * i;
		filecap->inheritable |= (uint64_t)span_u32(&span) << 32 * i;
	}
	if (version == 3)
		filecap->rootid = span_u32(&span);
	return span.bad ? -EINVAL : 0;
}

static void put(uint8_t **to, uint64_t word)
{
	for (int i = 0; i < 4; i++)
		*(*to)++ = (uint8_t)(word >> 8 * i);
}

size_t filecap_encode(const struct filecap *filecap, uint8_t bytes[FILECAP_BYTES_MAX])
{
	bool rooted = filecap->rootid != FILECAP_ROOTID_INITIAL;
	uint8_t *to = bytes;

	put(&to, (rooted ? 3u : 2u) << VERSION_SHIFT | (filecap->effective ? FLAG_EFFECTIVE : 0));
	for (int i = 0; i < 2; i++) {
		put(&to, filecap->permitted >> 32 * i);
		put(&to, filecap->inheritable >> 32 * i);
	}
	if (rooted)
		put(&to, filecap->rootid);
	return (size_t)(to - bytes);
}

int filecap_from_caps(const struct caps *caps, struct filecap *filecap)
{
	*filecap = (struct filecap){ .permitted = caps->permitted,
		.inheritable = caps->inheritable,
		.effective = caps->effective != 0,
		.version = 2 };
	if (caps->effective && (caps->permitted | caps->inheritable) & ~caps->effective)
		return -EINVAL;
	return 0;
}

void filecap_to_caps(const struct filecap *filecap, struct caps *caps)
{
	uint64_t both = filecap->permitted | filecap->inheritable;

	*caps = (struct caps){ .permitted = filecap->permitted,
		.inheritable = filecap->inheritable,
		.effective = filecap->effective ? both : 0 };
}

static int kind(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return 0;
	return S_ISLNK(st->st_mode) ? -ELOOP : S_ISDIR(st->st_mode) ? -EISDIR : -ENOTSUP;
}

/* Looked at through O_PATH first, which opens nothing, then opened; both must be the same file. */
int filecap_open(const char *path)
{
	struct stat seen, opened;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &seen) ? -errno : kind(&seen);
	close(fd);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &opened) ? -errno : 0;
	if (!err && (opened.st_dev != seen.st_dev || opened.st_ino != seen.st_ino))
		err = -ESTALE;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* One byte more than is ever right, so that a value too long is seen as such. */
static int decode(const void *bytes, ssize_t size, struct filecap *filecap)
{
	if (size >= 0)
		return filecap_decode(bytes, (size_t)size, filecap);
	return errno == ERANGE ? -EINVAL : -errno;
}

int filecap_get(int fd, struct filecap *filecap)
{
	uint8_t bytes[FILECAP_BYTES_MAX + 1];

	return decode(bytes, fgetxattr(fd, NAME, bytes, sizeof(bytes)), filecap);
}

int filecap_read(const char *path, struct filecap *filecap)
{
	uint8_t bytes[FILECAP_BYTES_MAX + 1];

	return decode(bytes, lgetxattr(path, NAME, bytes, sizeof(bytes)), filecap);
}

int filecap_set(int fd, const struct filecap *filecap)
{
	uint8_t bytes[FILECAP_BYTES_MAX];
	size_t size = filecap_encode(filecap, bytes);

	return fsetxattr(fd, NAME, bytes, size, 0) ? -errno : 0;
}

int filecap_remove(int fd)
{
	return fremovexattr(fd, NAME) ? -errno : 0;
}

const char *filecap_why(int err)
{
	static const struct {
		int err;
		const char *why;
	} table[] = {
		{ ELOOP, "it is a symbolic link; name the file it points to" },
		{ EISDIR, "it is a directory; only regular files have capabilities" },
		{ ESTALE, "another file took its name meanwhile; look who did that, then retry" },
		{ EPERM, "not permitted; it takes CAP_SETFCAP, which root has" },
		{ EACCES, "the file cannot be opened for reading; run this as root" },
		{ ENODATA, "it has no capabilities" },
		{ EINVAL, "the capabilities stored, or asked for, are not valid" },
		{ EROFS, "the file system is mounted read-only" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].err == -err)
			return table[i].why;
	if (err == -ENOTSUP)
		return "it is no regular file, or its file system keeps no capabilities (nfs, "
		       "vfat, "
		       "procfs); 'perfbox shell' needs none";
	return strerror(-err);
}
