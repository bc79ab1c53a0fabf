#include "cmd/top_ids.h"

#include <stdlib.h>

static int by_id(const void *left, const void *right)
{
	const struct top_id *a = left, *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static void take_event(struct top_ids *ids, const struct sampler *s, int event)
{
	for (uint32_t cpu = 0; cpu < s->target.cpu_count; cpu++)
		for (uint32_t thread = 0; thread < s->target.thread_count; thread++) {
			int fd = session_fd(&s->session, event, cpu, thread);
			struct top_id *id = &ids->at[ids->count];

			id->event = (uint32_t)event;
			if (fd >= 0 && !session_id(fd, &id->id))
				ids->count++;
		}
}

bool top_ids_collect(struct top_ids *ids, struct arena *arena, const struct sampler *s)
{
	size_t most = (size_t)s->events.count * s->target.cpu_count * s->target.thread_count;

	ids->only = s->events.count == 2 ? !s->sideband : -1;
	ids->at = arena_array(arena, struct top_id, most);
	if (!ids->at)
		return false;
	for (int event = 0; event < s->events.count; event++)
		if (event != s->sideband)
			take_event(ids, s, event);
	qsort(ids->at, ids->count, sizeof(*ids->at), by_id);
	return true;
}

int top_ids_event(const struct top_ids *ids, uint64_t id)
{
	const struct top_id key = { .id = id };
	const struct top_id *found;

	if (ids->only >= 0)
		return ids->only;
	found = bsearch(&key, ids->at, ids->count, sizeof(key), by_id);
	return found ? (int)found->event : -1;
}
