#include "capture/session.h"

#include "base/number.h"
#include "data/attr.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What kernels learnt one after the other; the newest first. An older one answers EINVAL. */
static const struct optional {
	uint64_t flags;
	uint64_t read_format;
	uint64_t sample_type;
} optionals[] = {
	{ 0, PERF_FORMAT_LOST, 0 },			   /* 6.0 */
	{ PERF_ATTR_INHERIT_THREAD, 0, 0 },		   /* 5.13 */
	{ PERF_ATTR_BUILD_ID, 0, 0 },			   /* 5.12 */
	{ 0, 0, PERF_SAMPLE_WEIGHT_STRUCT },		   /* 5.12 */
	{ PERF_ATTR_CGROUP, 0, 0 },			   /* 5.7 */
	{ PERF_ATTR_KSYMBOL | PERF_ATTR_BPF_EVENT, 0, 0 }, /* 5.1 */
	{ PERF_ATTR_NAMESPACES, 0, 0 },			   /* 4.12 */
};

#define OPTIONALS (sizeof(optionals) / sizeof(*optionals))
#define MOST_DESCRIPTORS (1u << 20) /* fs.nr_open as it comes */

int session_event_open(const struct perf_event_attr *attr, int32_t pid, int32_t cpu, int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group_fd, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* ioctl(2), past EINTR. 0 or -errno. */
static int control(int fd, unsigned long request, void *argument)
{
	int error;

	do
		error = ioctl(fd, (int)request, argument) ? -errno : 0;
	while (error == -EINTR);
	return error;
}

int session_id(int fd, uint64_t *id)
{
	return control(fd, PERF_EVENT_IOC_ID, id);
}

static bool opens(const struct optional *wish)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = PERF_ATTR_SIZE_VER5,
		.config = PERF_COUNT_SW_DUMMY,
		.flags = wish->flags | PERF_ATTR_DISABLED | PERF_ATTR_EXCLUDE_KERNEL |
			 PERF_ATTR_EXCLUDE_HV,
		.read_format = wish->read_format,
		.sample_type = wish->sample_type,
	};
	int fd = session_event_open(&attr, 0, -1, -1);

	if (fd >= 0)
		close(fd);
	return fd != -EINVAL;
}

static struct optional both(const struct optional *a, const struct optional *b)
{
	return (struct optional){ a->flags & b->flags, a->read_format & b->read_format,
		a->sample_type & b->sample_type };
}

static void add(struct optional *to, const struct optional *more)
{
	to->flags |= more->flags;
	to->read_format |= more->read_format;
	to->sample_type |= more->sample_type;
}

/* Which of the bits asked for this kernel lacks: tried on a dummy of our own, only where needed. */
static void probe_optionals(struct session *session)
{
	struct optional asked = { 0 }, wanted = { 0 }, lacks = { 0 }, each;

	for (int i = 0; i < session->events->count; i++) {
		const struct perf_event_attr *attr = &session->events->at[i].attr;

		add(&asked,
			&(struct optional){ attr->flags, attr->read_format, attr->sample_type });
	}
	for (size_t i = 0; i < OPTIONALS; i++) {
		each = both(&optionals[i], &asked);
		add(&wanted, &each);
	}
	if (!(wanted.flags | wanted.read_format | wanted.sample_type) || opens(&wanted))
		return;
	for (size_t i = 0; i < OPTIONALS; i++) {
		each = both(&optionals[i], &asked);
		if (!opens(&each))
			add(&lacks, &each);
	}
	session->lacks_flags = lacks.flags;
	session->lacks_format = lacks.read_format;
	session->lacks_type = lacks.sample_type;
}

/* To the hard limit; beyond it where we may (CAP_SYS_RESOURCE). False: there is no more. */
static bool raise_descriptors(void)
{
	struct rlimit limit;

	if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) || limit.rlim_cur >= MOST_DESCRIPTORS)
		return false;
	if (limit.rlim_cur >= limit.rlim_max)
		limit.rlim_max = MOST_DESCRIPTORS;
	limit.rlim_cur = limit.rlim_max;
	return !prlimit(0, RLIMIT_NOFILE, &limit, NULL);
}

static int *slot(const struct session *session, int event, uint32_t cpu, uint32_t thread)
{
	const struct target *target = session->target;

	return &session->fds[((size_t)event * target->cpu_count + cpu) * target->thread_count +
			     thread];
}

int session_fd(const struct session *session, int event, uint32_t cpu, uint32_t thread)
{
	return *slot(session, event, cpu, thread);
}

static bool counts_on(const struct event *event, int32_t cpu)
{
	struct number_range range = { 0 };
	const char *at = event->cpus;
	uint32_t one;

	if (!*at || cpu < 0)
		return true;
	while (number_list_next(&at, &range, &one) > 0)
		if ((int32_t)one == cpu)
			return true;
	return false;
}

static int open_one(struct session *session, int index, uint32_t cpu, uint32_t thread)
{
	const struct event *event = &session->events->at[index];
	const struct target *target = session->target;
	int group = event->leader == index ? -1 : *slot(session, event->leader, cpu, thread);
	int32_t pid = event->cpus_only ? -1 : target->threads[thread];
	int fd = session_event_open(&event->attr, pid, target->cpus[cpu], group);

	if (fd == -EMFILE && raise_descriptors())
		fd = session_event_open(&event->attr, pid, target->cpus[cpu], group);
	if (fd >= 0) {
		*slot(session, index, cpu, thread) = fd;
		session->open++;
	}
	return fd < 0 ? fd : 0;
}

static size_t slots_each(const struct session *session)
{
	return (size_t)session->target->cpu_count * session->target->thread_count;
}

static void close_event(struct session *session, int index)
{
	int *fds = slot(session, index, 0, 0);

	for (size_t i = 0; i < slots_each(session); i++)
		if (fds[i] >= 0) {
			close(fds[i]);
			fds[i] = -1;
			session->open--;
		}
}

int session_open_event(struct session *session, int index, struct session_fault *fault)
{
	struct event *event = &session->events->at[index];
	const struct target *target = session->target;

	event->attr.flags &= ~session->lacks_flags;
	event->attr.read_format &= ~session->lacks_format;
	if (event->attr.sample_type & session->lacks_type)
		event->attr.sample_type |= PERF_SAMPLE_WEIGHT;
	event->attr.sample_type &= ~session->lacks_type;
	event->attr.size = attr_size(&event->attr);
	for (uint32_t cpu = 0; cpu < target->cpu_count; cpu++)
		for (uint32_t thread = 0; thread < target->thread_count; thread++) {
			int error;

			if (event->tool || !counts_on(event, target->cpus[cpu]))
				continue;
			error = open_one(session, index, cpu, thread);
			/* one thread of several may end at any moment */
			if (error == -ESRCH && target->thread_count > 1) {
				session->gone++;
				continue;
			}
			if (error) {
				*fault = (struct session_fault){ index, target->threads[thread],
					target->cpus[cpu], -error };
				close_event(session, index);
				return -1;
			}
		}
	return 0;
}

int session_begin(struct session *session, struct arena *arena, struct event_list *events,
	const struct target *target)
{
	size_t count;

	*session = (struct session){ .events = events, .target = target };
	count = (size_t)events->count * slots_each(session);
	session->fds = arena_array(arena, int, count);
	if (!session->fds)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		session->fds[i] = -1;
	probe_optionals(session);
	return 0;
}

int session_open(struct session *session, struct arena *arena, struct event_list *events,
	const struct target *target, struct session_fault *fault)
{
	int status = session_begin(session, arena, events, target);

	if (status) {
		*fault = (struct session_fault){ .error = ENOMEM };
		return -1;
	}
	for (int i = 0; i < events->count && !status; i++)
		status = session_open_event(session, i, fault);
	if (!status && !session->open && session->gone) {
		*fault = (struct session_fault){ 0, target->threads[0], target->cpus[0], ESRCH };
		status = -1;
	}
	return status;
}

void session_close(struct session *session)
{
	for (int i = 0; session->fds && i < session->events->count; i++)
		close_event(session, i);
	session->fds = NULL;
}

int session_control(const struct session *session, int event, unsigned long request)
{
	int first = event < 0 ? 0 : event, end = event < 0 ? session->events->count : event + 1;
	int error = 0, failed = 0;

	for (int i = first; i < end; i++)
		for (size_t j = 0; j < slots_each(session); j++)
			if (slot(session, i, 0, 0)[j] >= 0 &&
				(error = control(slot(session, i, 0, 0)[j], request, NULL)))
				failed = error;
	return failed;
}
