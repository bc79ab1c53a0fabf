#include "capture/schedule.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#define SECOND 1000000000ull /* ns */

uint64_t schedule_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static sigset_t held(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	return set;
}

int schedule_hold_signals(void)
{
	sigset_t set = held();

	/* one that is ignored would take the command's status with it */
	signal(SIGCHLD, SIG_DFL);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static uint64_t next_due(const struct schedule *s)
{
	const uint64_t all[] = { s->enable_ns, s->interval_ns, s->timeout_ns, s->alive_ns };
	uint64_t next = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] && (!next || all[i] < next))
			next = all[i];
	return next;
}

int schedule_wait(const struct schedule *schedule)
{
	uint64_t due = next_due(schedule), now = schedule_now_ns(),
		 left = due > now ? due - now : 0;
	struct timespec time = { (time_t)(left / SECOND), (long)(left % SECOND) };
	sigset_t set = held();
	int signal = sigtimedwait(&set, NULL, due ? &time : NULL);

	/* where waiting itself fails, the command is looked after all the same */
	if (signal < 0 && errno != EAGAIN && errno != EINTR)
		return SIGCHLD;
	return signal > 0 ? signal : 0;
}

bool schedule_due(uint64_t *when, uint64_t now, uint64_t every)
{
	if (!*when || now < *when)
		return false;
	*when = every ? *when + ((now - *when) / every + 1) * every : 0;
	return true;
}
