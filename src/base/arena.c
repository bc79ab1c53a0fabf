#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGN 16

int arena_reserve(struct arena *arena, size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	*arena = (struct arena){ .base = base, .size = size };
	return 0;
}

static size_t rounded(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t left = arena->size - arena->used;
	void *at = arena->base + arena->used;

	if (size && count > (left - left % ALIGN) / size) {
		arena->refused++;
		return NULL;
	}
	arena->used += rounded(count * size);
	return at;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	char *to = size < SIZE_MAX ? arena_take(arena, size + 1, 1) : NULL;

	if (to)
		memcpy(to, bytes, size);
	return to;
}

void arena_back(struct arena *arena, size_t mark)
{
	memset(arena->base + mark, 0, arena->used - mark);
	arena->used = mark;
}

void arena_trim(struct arena *arena, size_t mark, size_t size)
{
	arena->used = mark + rounded(size);
}

void arena_release(struct arena *arena)
{
	const uintptr_t page = (uintptr_t)getpagesize();
	char *end = arena->base + arena->used;
	char *first = (char *)(((uintptr_t)arena->base + page - 1) & ~(page - 1));
	char *last = (char *)((uintptr_t)end & ~(page - 1));

	if (first < last && !madvise(first, (size_t)(last - first), MADV_DONTNEED)) {
		memset(arena->base, 0, (size_t)(first - arena->base));
		memset(last, 0, (size_t)(end - last));
		arena->used = 0;
	}
	arena_back(arena, 0);
}
