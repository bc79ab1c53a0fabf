#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

/* Whether `text` matches a pattern of glob(7): *, ?, [a-z], [!a-z]; bytes, no locale. A '[' that is
 * never closed stands for itself. (fnmatch(3) would bring 15 KiB of character classes along.) */
bool glob_match(const char *pattern, const char *text);

#endif
