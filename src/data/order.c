#include "data/order.h"

#include <string.h>

#define SAMPLE_BYTES 64 /* what a small sample takes: items are as many as would fit */

struct order_item {
	uint64_t time_ns;
	size_t at; /* in bytes */
};

bool order_init(struct order *order, struct arena *arena, size_t size)
{
	size_t room = size / (2 * (SAMPLE_BYTES + sizeof(struct order_item)));

	*order = (struct order){ .room = room, .cap = room * SAMPLE_BYTES };
	order->item = arena_array(arena, struct order_item, room);
	order->spare_item = arena_array(arena, struct order_item, room);
	order->bytes = arena_take(arena, 1, order->cap);
	order->spare_bytes = arena_take(arena, 1, order->cap);
	return order->item && order->spare_item && order->bytes && order->spare_bytes;
}

/* Where the ascending run that begins at `from` ends. */
static size_t run_end(const struct order *order, size_t from)
{
	const struct order_item *item = order->item;

	if (from < order->count)
		from++;
	while (from < order->count && item[from - 1].time_ns <= item[from].time_ns)
		from++;
	return from;
}

/* Merges two neighbouring runs of items into spare_item. */
static void merge(struct order *order, size_t a, size_t b, size_t end)
{
	const struct order_item *item = order->item;
	struct order_item *to = order->spare_item + a;
	size_t middle = b;

	while (a < middle && b < end)
		*to++ = item[b].time_ns < item[a].time_ns ? item[b++] : item[a++];
	memcpy(to, item + a, (middle - a) * sizeof(*to));
	to += middle - a;
	memcpy(to, item + b, (end - b) * sizeof(*to));
}

/* Items come in few long runs, one per CPU and turn: a natural merge sort. Keeps the order of equal
 * times. */
static void sort(struct order *order)
{
	while (run_end(order, 0) < order->count) {
		struct order_item *sorted = order->spare_item;

		for (size_t from = 0; from < order->count;) {
			size_t middle = run_end(order, from), end = run_end(order, middle);

			merge(order, from, middle, end);
			from = end;
		}
		order->spare_item = order->item;
		order->item = sorted;
	}
}

static size_t size_at(const struct order *order, size_t at)
{
	const void *record = order->bytes + at;

	return ((const struct perf_event_header *)record)->size;
}

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Forgets what was given; the rest moves to the other half of the memory. */
static void compact(struct order *order)
{
	const struct order_item *item = order->item + order->given;
	size_t left = order->count - order->given;
	char *bytes = order->spare_bytes;

	order->used = 0;
	for (size_t i = 0; i < left; i++) {
		size_t size = size_at(order, item[i].at);

		memcpy(bytes + order->used, order->bytes + item[i].at, size);
		order->item[i] = (struct order_item){ item[i].time_ns, order->used };
		order->used += aligned(size);
	}
	order->spare_bytes = order->bytes;
	order->bytes = bytes;
	order->count = left;
	order->given = order->due = 0;
}

bool order_put(struct order *order, const struct perf_event_header *record, uint64_t time_ns)
{
	if (order->given)
		compact(order);
	if (order->count == order->room || order->cap - order->used < aligned(record->size)) {
		sort(order);
		order->due = (order->count + 1) / 2;
		order->forced++;
		return false;
	}
	order->item[order->count++] = (struct order_item){ time_ns, order->used };
	memcpy(order->bytes + order->used, record, record->size);
	order->used += aligned(record->size);
	if (time_ns > order->latest_ns)
		order->latest_ns = time_ns;
	return true;
}

void order_round(struct order *order)
{
	sort(order);
	while (order->due < order->count && order->item[order->due].time_ns <= order->round_ns)
		order->due++;
	order->round_ns = order->latest_ns;
}

void order_end(struct order *order)
{
	if (order->given)
		compact(order);
	sort(order);
	order->due = order->count;
}

const struct perf_event_header *order_next(struct order *order)
{
	const void *record;

	if (order->given == order->due)
		return NULL;
	record = order->bytes + order->item[order->given].at;
	order->late += order->item[order->given].time_ns < order->given_ns;
	order->given_ns = order->item[order->given++].time_ns;
	return record;
}
