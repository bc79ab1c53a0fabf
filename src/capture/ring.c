#include "capture/ring.h"

#include "data/abi.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_map(struct ring *ring, int fd, uint32_t pages)
{
	size_t page_bytes = (size_t)getpagesize();
	void *at = mmap(NULL, (pages + 1) * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*ring = (struct ring){
		.page = at,
		.data = (const uint8_t *)at + page_bytes,
		.size = pages * page_bytes,
		.fd = fd,
	};
	return 0;
}

void ring_unmap(struct ring *ring)
{
	if (ring->page)
		munmap(ring->page, ring->size + (size_t)(ring->data - (uint8_t *)ring->page));
	ring->page = NULL;
}

uint64_t ring_begin(struct ring *ring)
{
	/* acquire: the records must not be read before the head that announces them */
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);

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

void ring_end(struct ring *ring)
{
	ring->tail = ring->head;
	/* release: the kernel may overwrite the records once it sees the tail */
	__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}
