#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/*
 * The few names that look most like a mistyped one, for the end of an error message. Names are
 * offered one by one; those too far from it (more than a third of its letters wrong) are forgotten.
 */

#include <stddef.h>

#define NEAREST_MAX 3
#define NEAREST_NAME_MAX 64 /* longer names are not looked at */

struct nearest {
	const char *wanted;
	size_t length;
	int count;
	int distance[NEAREST_MAX]; /* ascending */
	char name[NEAREST_MAX][NEAREST_NAME_MAX];
};

/* `wanted` is kept, not copied; its first `length` bytes count. */
void nearest_begin(struct nearest *nearest, const char *wanted, size_t length);
void nearest_offer(struct nearest *nearest, const char *name);

/* Letters to insert, drop, change or swap (neighbours), without regard to case. */
int nearest_distance(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
