#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

/* An environment for a program to be run, built in fixed memory. */

#include <stdbool.h>
#include <stddef.h>

#define ENVIRONMENT_MAX 512
#define ENVIRONMENT_TEXT_BYTES 8192

struct environment {
	char *at[ENVIRONMENT_MAX + 1]; /* what execve(2) takes; ends in NULL */
	int count;
	int refused; /* variables that found no room */
	size_t used;
	char text[ENVIRONMENT_TEXT_BYTES]; /* what environment_set wrote */
};

/* Takes over the variables of `from` that `keep` names (NULL ends it; "LC_*" is all that start so);
 * all of them where `keep` is NULL. Their text is not copied. `environment` is zeroed before. */
void environment_take(
	struct environment *environment, char *const from[], const char *const keep[]);

/* Sets or replaces a variable; the text is copied. */
void environment_set(struct environment *environment, const char *name, const char *value);

#endif
