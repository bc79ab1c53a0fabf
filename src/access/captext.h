#ifndef ACCESS_CAPTEXT_H
#define ACCESS_CAPTEXT_H

/*
 * Capability sets as text, in the grammar of cap_from_text(3) and cap_iab(3), which setcap, getcap
 * and capsh speak. Texts come from users and files and are not trusted; everything here is pure.
 *
 *   caps    clauses between white space, applied from left to right to three empty sets
 *   clause  NAMES [=][FLAGS] { (+|-) FLAGS }, or =[FLAGS] for all capabilities
 *   NAMES   names in any case, numbers, or "all", between commas
 *   FLAGS   letters of e, i, p: the effective, inheritable, permitted set
 *   iab     [!^%]NAME between commas: ! blocked from the bounding set, ^ inheritable and
 *           ambient, % or nothing inheritable
 *
 * "all" is what the kernel knows: `last` is the number of its last capability (caps_last).
 */

#include "access/caps.h"

#include <stddef.h>
#include <stdint.h>

/* A text is never longer than this: all eight groups with all names and numbers. */
#define CAPTEXT_BYTES 1280

struct captext_error {
	const char *at; /* in the text: where it stops making sense */
	const char *why;
};

struct caps_iab {
	uint64_t inheritable, ambient, blocked;
};

/* Sets effective, permitted and inheritable of `caps` (the others to nothing). 0, or -EINVAL with
 * `*error` filled. */
int captext_parse(const char *text, unsigned last, struct caps *caps, struct captext_error *error);

/* The shortest text in libcap's form: the most frequent combination first, as "=ep", the rest
 * against it. Cut at `cap` like snprintf; returns the length in full. */
size_t captext_print(char *to, size_t cap, const struct caps *caps, unsigned last);

int captext_parse_iab(const char *text, struct caps_iab *iab, struct captext_error *error);

/* Capabilities beyond `last` are left out. */
size_t captext_print_iab(char *to, size_t cap, const struct caps_iab *iab, unsigned last);

/* "NAME,NAME": a plain list, or "all". */
int captext_parse_list(const char *text, unsigned last, uint64_t *set, struct captext_error *error);

#endif
