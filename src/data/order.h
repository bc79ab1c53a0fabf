#ifndef DATA_ORDER_H
#define DATA_ORDER_H

/*
 * Records in the order of their times, in fixed memory. A recorder drains the CPUs one after the
 * other and writes FINISHED_ROUND after each turn: what is older than the latest record of the turn
 * before cannot be preceded by anything still to come. Records wait here, as copies, until then.
 * Equal times stay in the order of the file.
 *
 *	while (reader_next(...) == READER_OK) {
 *		while (!order_put(&order, record, time_ns))
 *			... all of order_next(): the memory is full, the oldest half is given early
 *		if (it was FINISHED_ROUND) { order_round(&order); ... all of order_next() }
 *	}
 *	order_end(&order); ... all of order_next()
 */

#include "base/arena.h"
#include "data/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order {
	uint64_t forced; /* times the memory was full before the round was over */
	uint64_t late;	 /* records given after one with a later time */

	struct order_item *item, *spare_item;
	size_t count, room;
	size_t due, given; /* items [given, due) are sorted and can be had */
	char *bytes, *spare_bytes;
	size_t used, cap;
	uint64_t round_ns, latest_ns, given_ns;
};

/* Takes `size` bytes of the arena. False: no room. */
bool order_init(struct order *order, struct arena *arena, size_t size);

/* False (and nothing is put) when the memory is full: order_next() has half of it then. */
bool order_put(struct order *order, const struct perf_event_header *record, uint64_t time_ns);

void order_round(struct order *order);
void order_end(struct order *order);

/* The next record that can be had, valid until the next order_put(); NULL: put more. */
const struct perf_event_header *order_next(struct order *order);

#endif
