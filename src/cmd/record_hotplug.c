#include "cmd/record_hotplug.h"

#include "base/file.h"
#include "base/message.h"
#include "base/number.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define CPUS_MAX 8192

static const struct target *target;
static bool others_matter;
static int online_fd = -1;
static char online[2048];
static bool is_online[CPUS_MAX], was_gone[CPUS_MAX], is_target[CPUS_MAX];

static bool read_online(void)
{
	char now[sizeof(online)];
	struct number_range range = { 0 };
	ssize_t size = file_pread(online_fd, now, sizeof(now) - 1, 0);
	const char *at = now;
	uint32_t cpu;

	now[size > 0 ? size : 0] = 0;
	now[strcspn(now, "\n")] = 0;
	if (!*now || !strcmp(now, online))
		return false;
	memcpy(online, now, sizeof(now));
	memset(is_online, 0, sizeof(is_online));
	while (number_list_next(&at, &range, &cpu) > 0)
		if (cpu < CPUS_MAX)
			is_online[cpu] = true;
	return true;
}

void record_hotplug_begin(const struct target *recorded, bool chosen)
{
	target = recorded;
	others_matter = !chosen;
	online_fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
	read_online();
	for (uint32_t i = 0; i < target->cpu_count; i++)
		if ((uint32_t)target->cpus[i] < CPUS_MAX)
			is_target[target->cpus[i]] = true;
}

static const char *news_of(int cpu)
{
	bool gone = was_gone[cpu], known = is_target[cpu];

	was_gone[cpu] = known && !is_online[cpu];
	if (was_gone[cpu] == gone && (known || !is_online[cpu] || !others_matter))
		return NULL;
	is_target[cpu] = true;
	if (!known)
		return "came online: what runs there is not recorded";
	if (!target->system_wide)
		return NULL;
	return gone ? "is online again, but no longer recorded: begin anew"
		    : "went offline: it is recorded up to here";
}

void record_hotplug_look(void)
{
	static time_t looked;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == looked)
		return;
	looked = now.tv_sec;
	if (!read_online())
		return;
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		const char *news = news_of(cpu);

		if (news)
			message("CPU %d %s", cpu, news);
	}
}
