#include "capture/rings.h"

#include <errno.h>
#include <sys/ioctl.h>

static bool is_sideband(uint32_t ring)
{
	return ring & 1;
}

static bool belongs(const struct rings *rings, int event, uint32_t ring)
{
	return (event == rings->sideband) == is_sideband(ring);
}

/* Maps the ring on the first event that belongs to it; the others send their records there. */
static int fill_ring(struct rings *rings, uint32_t index, uint32_t pages)
{
	const struct session *session = rings->session;
	struct ring *ring = &rings->at[index];
	bool latest = rings->latest && !is_sideband(index);
	int error = 0;

	for (int event = 0; event < session->events->count; event++)
		for (uint32_t t = 0; t < session->target->thread_count && !error; t++) {
			int fd = session_fd(session, event, index / 2, t);

			if (fd < 0 || !belongs(rings, event, index))
				continue;
			if (ring->page)
				error = ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) ? -errno : 0;
			else
				error = ring_map(ring, fd, pages, latest);
			if (!error && ring->fd == fd)
				rings->threads[index] = t;
		}
	/* a ring that keeps the latest never asks to be read */
	rings->polls[index] =
		(struct pollfd){ .fd = ring->page && !latest ? ring->fd : -1, .events = POLLIN };
	return error;
}

int rings_map(struct rings *rings, struct arena *arena, const struct session *session, int sideband,
	const struct budget *budget)
{
	uint32_t count = session->target->cpu_count * 2;
	int error = 0;

	*rings = (struct rings){ .session = session,
		.sideband = sideband,
		.count = count,
		.latest = session->events->at[0].attr.flags & PERF_ATTR_WRITE_BACKWARD };
	rings->at = arena_array(arena, struct ring, count);
	rings->polls = arena_array(arena, struct pollfd, count + RINGS_WAKERS);
	rings->threads = arena_array(arena, uint32_t, count);
	if (!rings->at || !rings->polls || !rings->threads)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !error; i++)
		error = fill_ring(
			rings, i, is_sideband(i) ? budget->sideband_pages : budget->sample_pages);
	if (error)
		rings_unmap(rings);
	return error;
}

void rings_unmap(struct rings *rings)
{
	for (uint32_t i = 0; i < rings->count; i++)
		ring_unmap(&rings->at[i]);
}

/* A descriptor hangs up when its thread has ended; the ring is polled through the next thread's. */
static void poll_next_thread(struct rings *rings, uint32_t ring)
{
	const struct session *session = rings->session;
	uint32_t threads = session->target->thread_count;
	int event = is_sideband(ring) ? rings->sideband : 0;
	int fd = -1;

	while (fd < 0 && ++rings->threads[ring] < threads)
		fd = session_fd(session, event, ring / 2, rings->threads[ring]);
	rings->polls[ring].fd = fd;
}

bool rings_wait(
	struct rings *rings, const int wakers[RINGS_WAKERS], int timeout_ms, unsigned *woken)
{
	struct pollfd *others = &rings->polls[rings->count];
	bool alive = false;

	/* where waiting fails, all are looked at all the same */
	*woken = (1u << RINGS_WAKERS) - 1;
	for (int i = 0; i < RINGS_WAKERS; i++)
		others[i] = (struct pollfd){ .fd = wakers[i], .events = POLLIN };
	if (poll(rings->polls, rings->count + RINGS_WAKERS, timeout_ms) < 0)
		return true;
	*woken = 0;
	for (int i = 0; i < RINGS_WAKERS; i++)
		*woken |= (unsigned)(others[i].revents != 0) << i;
	for (uint32_t i = 0; i < rings->count; i++) {
		if (rings->polls[i].revents & (POLLHUP | POLLERR))
			poll_next_thread(rings, i);
		alive |= rings->polls[i].fd >= 0;
	}
	return alive;
}

void rings_pause(const struct rings *rings, bool pause)
{
	for (uint32_t i = 0; i < rings->count; i++)
		if (rings->at[i].latest)
			ioctl(rings->at[i].fd, (int)PERF_EVENT_IOC_PAUSE_OUTPUT, (long)pause);
}
