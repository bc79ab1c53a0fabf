#include "access/caps.h"

#include "base/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Name and meaning of each, by number. */
static const char table[] =
	"cap_chown\0give files to any user and group\0"
	"cap_dac_override\0read, write and run files whatever their mode says\0"
	"cap_dac_read_search\0read files and search directories whatever their mode says\0"
	"cap_fowner\0act as the owner of any file\0"
	"cap_fsetid\0keep set-id bits of files it changes\0"
	"cap_kill\0signal processes of any user\0"
	"cap_setgid\0become any group\0"
	"cap_setuid\0become any user, root too\0"
	"cap_setpcap\0change its bounding set, inheritable set and securebits\0"
	"cap_linux_immutable\0set the immutable and append-only marks of files\0"
	"cap_net_bind_service\0listen on ports below 1024\0"
	"cap_net_broadcast\0nothing: unused\0"
	"cap_net_admin\0set up interfaces, routes and firewalls\0"
	"cap_net_raw\0send and receive raw packets\0"
	"cap_ipc_lock\0lock memory beyond every limit, perf's rings too\0"
	"cap_ipc_owner\0use System V queues and memory whatever their mode says\0"
	"cap_sys_module\0load code into the kernel\0"
	"cap_sys_rawio\0reach I/O ports, device memory and raw disk commands\0"
	"cap_sys_chroot\0change its root directory\0"
	"cap_sys_ptrace\0read and change the memory of any process\0"
	"cap_sys_pacct\0switch process accounting\0"
	"cap_sys_admin\0mount, and most else that only root may do\0"
	"cap_sys_boot\0reboot, and boot another kernel\0"
	"cap_sys_nice\0raise priorities and place processes of others\0"
	"cap_sys_resource\0exceed quotas and raise hard limits\0"
	"cap_sys_time\0set the clock\0"
	"cap_sys_tty_config\0hang up terminals\0"
	"cap_mknod\0make device files\0"
	"cap_lease\0take leases on files of others\0"
	"cap_audit_write\0write to the audit log\0"
	"cap_audit_control\0change the audit rules\0"
	"cap_setfcap\0give files any capability\0"
	"cap_mac_override\0get past a mandatory access control\0"
	"cap_mac_admin\0change a mandatory access control\0"
	"cap_syslog\0read the kernel's log and addresses\0"
	"cap_wake_alarm\0set timers that wake the system\0"
	"cap_block_suspend\0keep the system awake\0"
	"cap_audit_read\0read the audit log\0"
	"cap_perfmon\0observe performance of the whole system\0"
	"cap_bpf\0load BPF programs and make maps\0"
	"cap_checkpoint_restore\0checkpoint and restore processes\0";

const char *cap_name(unsigned number)
{
	return number < CAP_NAMED ? words_at(table, 2 * number) : NULL;
}

const char *cap_meaning(unsigned number)
{
	return number < CAP_NAMED ? words_at(table, 2 * number + 1) : "";
}

static int digit(char c)
{
	return c >= '0' && c <= '9'		    ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : 16;
}

static int number(const char *text, size_t size)
{
	int value = 0, base = 10;

	if (size && *text == '0') {
		base = size > 1 && (text[1] | 32) == 'x' ? 16 : 8;
		text += base == 16 ? 2 : 0;
		size -= base == 16 ? 2 : 0;
	}
	for (size_t i = 0; i < size; i++) {
		if (digit(text[i]) >= base)
			return -EINVAL;
		value = value * base + digit(text[i]);
		if (value >= CAP_BITS)
			return -EINVAL;
	}
	return size ? value : -EINVAL;
}

int cap_number(const char *name, size_t size)
{
	for (unsigned i = 0; i < CAP_NAMED; i++)
		if (strlen(cap_name(i)) == size && !strncasecmp(cap_name(i), name, size))
			return (int)i;
	return number(name, size);
}

size_t caps_list(char *to, size_t cap, uint64_t set)
{
	size_t used = 0;

	if (cap)
		*to = 0;
	for (unsigned i = 0; i < CAP_BITS; i++) {
		char number[16];

		if (!(set & CAP_BIT(i)))
			continue;
		snprintf(number, sizeof(number), "%u", i);
		used += (size_t)snprintf(used < cap ? to + used : NULL, used < cap ? cap - used : 0,
			"%s%s", used ? "," : "", cap_name(i) ? cap_name(i) : number);
	}
	return used;
}

/* The kernel keeps no gaps, and EINVAL from PR_CAPBSET_READ means a number beyond the last. */
unsigned caps_last(void)
{
	static unsigned known;

	if (!known)
		while (known + 1 < CAP_BITS && prctl(PR_CAPBSET_READ, known + 1, 0, 0, 0) >= 0)
			known++;
	return known;
}

uint64_t caps_all(void)
{
	return UINT64_MAX >> (CAP_BITS - 1 - caps_last());
}

/* capget(2), version 3: sets come as pairs of words, low word first. */
struct header {
	uint32_t version;
	int32_t pid;
};
struct words {
	uint32_t effective, permitted, inheritable;
};
#define VERSION_3 0x20080522u

static uint64_t join(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

int caps_get(pid_t pid, struct caps *caps)
{
	struct header header = { .version = VERSION_3, .pid = pid };
	struct words words[2] = { 0 };

	if (syscall(SYS_capget, &header, words))
		return -errno;
	caps->effective = join(words[0].effective, words[1].effective);
	caps->permitted = join(words[0].permitted, words[1].permitted);
	caps->inheritable = join(words[0].inheritable, words[1].inheritable);
	return 0;
}

int caps_set(const struct caps *caps)
{
	struct header header = { .version = VERSION_3 };
	struct words words[2];

	for (int i = 0; i < 2; i++)
		words[i] = (struct words){ (uint32_t)(caps->effective >> 32 * i),
			(uint32_t)(caps->permitted >> 32 * i),
			(uint32_t)(caps->inheritable >> 32 * i) };
	return syscall(SYS_capset, &header, words) ? -errno : 0;
}

int caps_self(struct caps *caps)
{
	int err = caps_get(0, caps);

	caps->bounding = caps->ambient = 0;
	for (unsigned i = 0; !err && i <= caps_last(); i++) {
		caps->bounding |= caps_bounding_has(i) ? CAP_BIT(i) : 0;
		caps->ambient |= caps_ambient_has(i) ? CAP_BIT(i) : 0;
	}
	return err;
}

static int ambient(int what, unsigned number)
{
	return prctl(PR_CAP_AMBIENT, what, (unsigned long)number, 0, 0) < 0 ? -errno : 0;
}

int caps_ambient_raise(unsigned number)
{
	return ambient(PR_CAP_AMBIENT_RAISE, number);
}

int caps_ambient_lower(unsigned number)
{
	return ambient(PR_CAP_AMBIENT_LOWER, number);
}

int caps_ambient_clear(void)
{
	return ambient(PR_CAP_AMBIENT_CLEAR_ALL, 0);
}

bool caps_ambient_has(unsigned number)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)number, 0, 0) == 1;
}

bool caps_bounding_has(unsigned number)
{
	return prctl(PR_CAPBSET_READ, (unsigned long)number, 0, 0, 0) == 1;
}

int caps_bounding_drop(unsigned number)
{
	return prctl(PR_CAPBSET_DROP, (unsigned long)number, 0, 0, 0) ? -errno : 0;
}

int securebits_get(unsigned *bits)
{
	int value = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	*bits = value < 0 ? 0 : (unsigned)value;
	return value < 0 ? -errno : 0;
}

int securebits_set(unsigned bits)
{
	return prctl(PR_SET_SECUREBITS, (unsigned long)bits, 0, 0, 0) ? -errno : 0;
}
