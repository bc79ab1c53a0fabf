#ifndef CAPTURE_RING_H
#define CAPTURE_RING_H

/*
 * One perf_events ring buffer, as perf_event_open(2) "MMAP layout" describes it: a control page and
 * 2^n data pages, written by the kernel, read by us. Records are 8-aligned and may wrap.
 * A ring of events with PERF_ATTR_WRITE_BACKWARD keeps the latest: the kernel writes downwards,
 * over the oldest, and never waits for us.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct perf_event_header;
struct perf_event_mmap_page;

struct ring {
	struct perf_event_mmap_page *page;
	const uint8_t *data;
	uint64_t size; /* bytes of data, a power of two */
	uint64_t tail; /* how far we have read */
	uint64_t head; /* how far we may read, as of ring_begin */
	int fd;	       /* the event whose ring it is, for poll(2); not owned */
	bool latest;   /* may be read while it is paused only (PERF_EVENT_IOC_PAUSE_OUTPUT) */
	uint64_t seen; /* of such a ring: where the latest record was at the last ring_begin */
};

/* Maps the ring of event `fd` with `pages` data pages (a power of two). 0 or -errno of mmap(2). */
int ring_map(struct ring *ring, int fd, uint32_t pages, bool latest);
void ring_unmap(struct ring *ring);

/* Takes what the kernel has written so far; the bytes to read. Nothing is given back before
 * ring_end. A head that claims more than the ring holds is cut to the ring. Where the latest is
 * kept that is what came since the last time and is whole, the latest record first. */
uint64_t ring_begin(struct ring *ring);

/* The bytes between tail and head as one or two pieces; their count. */
int ring_pieces(const struct ring *ring, struct iovec pieces[2]);

/* An aligned word of the record at `at` (from ring->tail upwards); no word wraps, records do.
 * Bounds are the caller's: at < head. */
static inline uint64_t ring_word(const struct ring *ring, uint64_t at)
{
	return *(const uint64_t *)(const void *)(ring->data + (at & (ring->size - 1)));
}

/* The record of `size` bytes at `at` as one piece: in `whole` (RECORD_MAX bytes) where it wraps. */
const struct perf_event_header *ring_record(
	const struct ring *ring, uint64_t at, uint64_t size, void *whole);

/* Gives everything up to head back to the kernel. */
void ring_end(struct ring *ring);

#endif
