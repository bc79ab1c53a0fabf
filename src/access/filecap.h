#ifndef ACCESS_FILECAP_H
#define ACCESS_FILECAP_H

/*
 * Capabilities of files: the extended attribute security.capability, as capabilities(7) and
 * include/uapi/linux/capability.h describe it. Little-endian words: magic with the effective flag,
 * then permitted and inheritable for capabilities 0-31 and (version 2 on) 32-63, then (version 3)
 * the id of the root of the user namespace in which alone it counts. The bytes come from the file
 * system and are not trusted. Returns are 0 or -errno.
 */

#include "access/caps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILECAP_BYTES_MAX 24
#define FILECAP_ROOTID_INITIAL 0u

struct filecap {
	uint64_t permitted, inheritable;
	uint32_t rootid; /* FILECAP_ROOTID_INITIAL unless version 3 */
	bool effective;	 /* the flag: all that exec gives is effective at once */
	uint8_t version; /* 1, 2, 3 */
};

/* -EINVAL for what the kernel would not honour either. Pure. */
int filecap_decode(const void *bytes, size_t size, struct filecap *filecap);

/* Version 2, or 3 where rootid is not the initial one. Returns the bytes used. */
size_t filecap_encode(const struct filecap *filecap, uint8_t bytes[FILECAP_BYTES_MAX]);

/* Between a file's form and three sets. A file has one effective flag for all, so -EINVAL where
 * some but not all of its capabilities are effective. */
int filecap_from_caps(const struct caps *caps, struct filecap *filecap);
void filecap_to_caps(const struct filecap *filecap, struct caps *caps);

/* A descriptor of a regular file that is no symbolic link; nothing else is ever opened, so no
 * device or FIFO notices. -ELOOP a link, -EISDIR a directory, -ENOTSUP another kind of file,
 * -ESTALE when the name was given to another file meanwhile. The caller closes it. */
int filecap_open(const char *path);

/* -ENODATA where the file has none. */
int filecap_get(int fd, struct filecap *filecap);
int filecap_set(int fd, const struct filecap *filecap);
int filecap_remove(int fd);

/* As filecap_get by name, for files that cannot be opened for reading; a link is not followed. */
int filecap_read(const char *path, struct filecap *filecap);

/* A clause that says why one of the above failed, for messages. */
const char *filecap_why(int err);

#endif
