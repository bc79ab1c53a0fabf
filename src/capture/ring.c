#include "capture/ring.h"

#include "data/abi.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Keeps positions in a ring that is written downwards from 0 growing, and does not move them. */
#define UPWARDS (1ull << 63)

int ring_map(struct ring *ring, int fd, uint32_t pages, bool latest)
{
	size_t page_bytes = (size_t)getpagesize();
	/* what we may write, the kernel waits for */
	int protection = latest ? PROT_READ : PROT_READ | PROT_WRITE;
	void *at = mmap(NULL, (pages + 1) * page_bytes, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*ring = (struct ring){
		.page = at,
		.data = (const uint8_t *)at + page_bytes,
		.size = pages * page_bytes,
		.fd = fd,
		.latest = latest,
		.seen = UPWARDS,
	};
	return 0;
}

void ring_unmap(struct ring *ring)
{
	if (ring->page)
		munmap(ring->page, ring->size + (size_t)(ring->data - (uint8_t *)ring->page));
	ring->page = NULL;
}

/* The kernel may be over the oldest record already: it is not whole, and the last that counts. */
static uint64_t begin_latest(struct ring *ring, uint64_t head)
{
	uint64_t end = head + ring->size, at, size;

	if (ring->seen - head < ring->size)
		end = ring->seen;
	for (at = head; at < end; at += size) {
		size = ring_word(ring, at) >> 48;
		if (size < sizeof(struct perf_event_header) || size > end - at)
			break;
	}
	ring->tail = ring->seen = head;
	ring->head = at;
	return at - head;
}

uint64_t ring_begin(struct ring *ring)
{
	/* acquire: the records must not be read before the head that announces them */
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);

	if (ring->latest)
		return begin_latest(ring, head + UPWARDS);
	if (head - ring->tail > ring->size)
		head = ring->tail + ring->size;
	ring->head = head;
	return head - ring->tail;
}

int ring_pieces(const struct ring *ring, struct iovec pieces[2])
{
	uint64_t at = ring->tail & (ring->size - 1), size = ring->head - ring->tail;
	uint64_t first = size < ring->size - at ? size : ring->size - at;

	if (!size)
		return 0;
	pieces[0] = (struct iovec){ (void *)(ring->data + at), first };
	pieces[1] = (struct iovec){ (void *)ring->data, size - first };
	return size > first ? 2 : 1;
}

const struct perf_event_header *ring_record(
	const struct ring *ring, uint64_t at, uint64_t size, void *whole)
{
	uint64_t from = at & (ring->size - 1), first = ring->size - from;

	if (size <= first)
		return (const void *)(ring->data + from);
	memcpy(whole, ring->data + from, first);
	memcpy((char *)whole + first, ring->data, size - first);
	return whole;
}

void ring_end(struct ring *ring)
{
	ring->tail = ring->head;
	if (ring->latest)
		return;
	/* release: the kernel may overwrite the records once it sees the tail */
	__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}
