#ifndef VIEW_PRIVILEGE_H
#define VIEW_PRIVILEGE_H

/* What the calling process may do, in the lines that libcap's capsh prints. */

#include "access/users.h"
#include "base/out.h"

/* --current: the three sets, and the inheritable-ambient-blocked tuple. */
void privilege_current(struct out *out);

/* --print: all of it, ids with their names. */
void privilege_print(struct out *out, struct users *users);

/* libcap's name and number for the state of securebits and sets: "HYBRID (4)". */
const char *privilege_mode(void);

#endif
