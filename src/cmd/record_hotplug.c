#include "cmd/record_hotplug.h"

#include "base/file.h"
#include "base/message.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

static int online_fd = -1;
static char online[2048]; /* "0-3,6" */

static void read_online(char text[sizeof(online)])
{
	ssize_t size = file_pread(online_fd, text, sizeof(online) - 1, 0);

	text[size > 0 ? size : 0] = 0;
	text[strcspn(text, "\n")] = 0;
}

void record_hotplug_begin(void)
{
	online_fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
	read_online(online);
}

void record_hotplug_look(void)
{
	static time_t looked;
	struct timespec now;
	char text[sizeof(online)];

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == looked)
		return;
	looked = now.tv_sec;
	read_online(text);
	if (!*text || !strcmp(text, online))
		return;
	message("CPUs %s are online, %s were: one that comes later is not recorded, nor, "
		"system-wide, one that comes back",
		text, online);
	memcpy(online, text, sizeof(online));
}
