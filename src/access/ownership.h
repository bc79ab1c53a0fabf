#ifndef ACCESS_OWNERSHIP_H
#define ACCESS_OWNERSHIP_H

/*
 * Who owns a file, its mode and its capabilities, as one thing that changes as a whole or not at
 * all. The kernel erases capabilities when the group changes, so they are set last; chmod leaves
 * them alone. Works on descriptors, which no rename or link can divert.
 */

#include "access/filecap.h"

#include <stdbool.h>
#include <sys/types.h>

struct ownership {
	uid_t uid;
	gid_t gid;
	mode_t mode;   /* permission bits, set-id and sticky: 07777 */
	bool has_caps; /* filecap holds */
	struct filecap filecap;
};

/* 0 or -errno; a file system without extended attributes has no capabilities, which is no error. */
int ownership_read(int fd, struct ownership *ownership);

/*
 * Gives the file this owner, mode and capabilities, and reads them back. On failure all is as it
 * was before and -errno says why (-EIO when the kernel took it but shows something else); where
 * even going back fails `*stuck` is set. Signals wait meanwhile.
 */
int ownership_apply(int fd, const struct ownership *want, bool *stuck);

/* "chgrp", "chmod" or "setcap": the step that the last ownership_apply failed at. */
const char *ownership_step(void);

#endif
