#ifndef CAPTURE_SESSION_H
#define CAPTURE_SESSION_H

/*
 * The descriptors of perf_event_open(2) for a list of events on a target: one per event, CPU and
 * thread. Groups share their leader's descriptor. Bits of an attr that this kernel is too old for
 * are left out (and told); the soft RLIMIT_NOFILE is raised to the hard one when it is reached.
 */

#include "base/arena.h"
#include "capture/event.h"
#include "capture/target.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	struct event_list *events; /* attrs as they were opened: size and missing bits adjusted */
	const struct target *target;
	int *fds;	       /* [event][CPU][thread]; -1: not there */
	uint64_t lacks_flags;  /* attr.flags this kernel does not know */
	uint64_t lacks_format; /* attr.read_format likewise */
	uint64_t lacks_type;   /* attr.sample_type likewise: one weight stands for three */
	uint32_t open;	       /* descriptors */
	uint32_t gone;	       /* threads that ended before they were opened */
};

/* The open that failed. */
struct session_fault {
	int event; /* index */
	int32_t pid, cpu;
	int error; /* errno; ENOMEM: the arena is full */
};

/* 0, or -1 with `fault`: what was opened stays open until session_close. */
int session_open(struct session *session, struct arena *arena, struct event_list *events,
	const struct target *target, struct session_fault *fault);
void session_close(struct session *session);

/* The same in steps, for those who can do without an event: one that fails stays closed, its
 * group's other members are opened without it. session_begin: 0 or -ENOMEM. */
int session_begin(struct session *session, struct arena *arena, struct event_list *events,
	const struct target *target);
int session_open_event(struct session *session, int event, struct session_fault *fault);

/* By index of event, CPU and thread; -1 where an event is not counted there. */
int session_fd(const struct session *session, int event, uint32_t cpu, uint32_t thread);

/* ioctl(2) on every descriptor of an event, or of all with event -1. 0, or -errno of one of them.
 */
int session_control(const struct session *session, int event, unsigned long request);

/* The kernel's id of a descriptor, as samples carry it. 0 or -errno. */
int session_id(int fd, uint64_t *id);

/* The syscall itself, close-on-exec. A descriptor or -errno. */
int session_event_open(const struct perf_event_attr *attr, int32_t pid, int32_t cpu, int group_fd);

#endif
