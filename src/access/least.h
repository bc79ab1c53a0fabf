#ifndef ACCESS_LEAST_H
#define ACCESS_LEAST_H

/* The least privilege for monitoring the whole system. */

#include "access/facts.h"

/* CAP_PERFMON; before Linux 5.9 CAP_SYS_PTRACE with it, for tasks of other users; before 5.8, where
 * there is no CAP_PERFMON, CAP_SYS_ADMIN in its place. */
uint64_t least_caps(const struct facts *facts);

#endif
