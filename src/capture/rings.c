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
	int error = 0;

	for (int event = 0; event < session->events->count; event++)
		for (uint32_t t = 0; t < session->target->thread_count && !error; t++) {
			int fd = session_fd(session, event, index / 2, t);

			if (fd < 0 || !belongs(rings, event, index))
				continue;
			if (ring->page)
				error = ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) ? -errno : 0;
			else
				error = ring_map(ring, fd, pages);
			if (!error && ring->fd == fd)
				rings->threads[index] = t;
		}
	rings->polls[index] = (struct pollfd){ .fd = ring->page ? ring->fd : -1, .events = POLLIN };
	return error;
}

int rings_map(struct rings *rings, struct arena *arena, const struct session *session, int sideband,
	const struct budget *budget)
{
	uint32_t count = session->target->cpu_count * 2;
	int error = 0;

	*rings = (struct rings){ .session = session, .sideband = sideband, .count = count };
	rings->at = arena_array(arena, struct ring, count);
	rings->polls = arena_array(arena, struct pollfd, count + 1);
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

bool rings_wait(struct rings *rings, int signal_fd, int timeout_ms, bool *signalled)
{
	struct pollfd *last = &rings->polls[rings->count];
	bool alive = false;

	*last = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	/* where waiting fails, signals are looked for all the same */
	*signalled = true;
	if (poll(rings->polls, rings->count + 1, timeout_ms) < 0)
		return true;
	*signalled = last->revents & POLLIN;
	for (uint32_t i = 0; i < rings->count; i++) {
		if (rings->polls[i].revents & (POLLHUP | POLLERR))
			poll_next_thread(rings, i);
		alive |= rings->polls[i].fd >= 0;
	}
	return alive;
}
