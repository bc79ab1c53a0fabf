#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * The one piece of memory a command has. It is reserved once at start, pages are touched only when
 * used, nothing is freed but by going back to a mark. A table that finds the arena full says so in
 * its own counter; the arena never exits and never grows.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena {
	char *base;
	size_t size; /* bytes reserved */
	size_t used;
	size_t refused; /* requests that did not fit */
};

/* Reserves `size` bytes of zeroed memory. 0, or -errno of mmap(2). */
int arena_reserve(struct arena *arena, size_t size);

/* Zeroed memory for `count` things of `size` bytes, aligned to 16; NULL (counted) when full. */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* As arena_take for a copy of `size` bytes plus a NUL; NULL when full. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* Gives back what was taken since `used` was `mark`; the bytes are zeroed again. */
void arena_back(struct arena *arena, size_t mark);

/* The last thing taken, at `mark`, needed only `size` bytes: gives back the rest, unwritten. */
void arena_trim(struct arena *arena, size_t mark, size_t size);

/* Gives all back, the pages to the kernel as well. */
void arena_release(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_take(arena, 1, sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_take(arena, count, sizeof(type)))

#endif
