#ifndef ACCESS_CAPS_H
#define ACCESS_CAPS_H

/*
 * Capabilities as numbers, names and sets, and the system calls that read and change them, without
 * a library. A set is a uint64_t: bit N is capability N, known by name here or not. Numbers and
 * names: include/uapi/linux/capability.h; rules: capabilities(7), prctl(2), capset(2). Everything
 * returns 0 or -errno and never prints.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The ones that the code speaks of; caps.c names them all. */
enum cap_number {
	CAP_CHOWN = 0,
	CAP_DAC_READ_SEARCH = 2,
	CAP_FOWNER = 3,
	CAP_SETGID = 6,
	CAP_SETUID = 7,
	CAP_SETPCAP = 8,
	CAP_IPC_LOCK = 14,
	CAP_SYS_PTRACE = 19,
	CAP_SYS_ADMIN = 21,
	CAP_SYS_RESOURCE = 24,
	CAP_SETFCAP = 31,
	CAP_SYSLOG = 34,
	CAP_PERFMON = 38, /* Linux 5.8 */
	CAP_NAMED = 41,	  /* numbers below have a name */
	CAP_BITS = 64,	  /* numbers below fit in a set */
};

#define CAP_BIT(number) ((uint64_t)1 << (number))

/* The sets of a task. What is not in `bounding` can never be gained by exec. */
struct caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

/* Securebits (capabilities(7)); each has its lock in the bit above. */
enum securebit {
	SECUREBIT_NOROOT = 1 << 0,
	SECUREBIT_NO_SETUID_FIXUP = 1 << 2,
	SECUREBIT_KEEP_CAPS = 1 << 4,
	SECUREBIT_NO_AMBIENT_RAISE = 1 << 6,
	SECUREBIT_ALL = 0xff, /* with the locks */
};

/* "cap_perfmon"; NULL for a number without a name. */
const char *cap_name(unsigned number);

/* What a capability lets one do, in a few words; "" for a number without a name. */
const char *cap_meaning(unsigned number);

/* The number of a name of `size` bytes, in any case ("CAP_PERFMON"), or of a number below CAP_BITS
 * written in decimal, 0x hexadecimal or 0 octal; -EINVAL for anything else. */
int cap_number(const char *name, size_t size);

/* "cap_a,cap_b" in the order of their numbers, and bare numbers where there is no name; "" for an
 * empty set. Cut at `cap` like snprintf; returns the length it has in full. */
size_t caps_list(char *to, size_t cap, uint64_t set);

/* The largest capability the running kernel knows (asked by prctl, so without /proc), and all that
 * it knows as a set. */
unsigned caps_last(void);
uint64_t caps_all(void);

/* All five sets of the calling thread. */
int caps_self(struct caps *caps);

/* Effective, permitted and inheritable of any task (0: the caller) by capget(2); the other two
 * stay as they are. Also works across user namespaces and without /proc. */
int caps_get(pid_t pid, struct caps *caps);

/* Sets the caller's effective, permitted and inheritable sets at once. */
int caps_set(const struct caps *caps);

int caps_ambient_raise(unsigned number);
int caps_ambient_lower(unsigned number);
int caps_ambient_clear(void);
bool caps_ambient_has(unsigned number);
bool caps_bounding_has(unsigned number);
int caps_bounding_drop(unsigned number);

/* The caller's own bits; the kernel shows those of other tasks to nobody. */
int securebits_get(unsigned *bits);
int securebits_set(unsigned bits);

#endif
