#ifndef ACCESS_AUDIT_H
#define ACCESS_AUDIT_H

/*
 * Denied capabilities of perf events in audit records: audit.log, dmesg, and the interpreted form
 * of ausearch -i. The specification: a program whose records hold denials of both CAP_PERFMON and
 * CAP_SYS_ADMIN is to be given CAP_PERFMON alone. Lines are untrusted bytes; records of one event
 * share a serial and come close together. Pure: fixed memory, no I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_PROGRAMS 64
#define AUDIT_OPEN 64 /* events whose records may still come */

enum audit_answer {
	AUDIT_UNTOLD, /* no SYSCALL record */
	AUDIT_FAILED,
	AUDIT_SUCCEEDED,
	AUDIT_ANSWERS,
};

struct audit_program {
	char name[64];	 /* comm, undone where it was in hexadecimal; any byte but NUL */
	char path[128];	 /* exe of a SYSCALL record, or "" */
	char domain[96]; /* SELinux type or AppArmor profile, or "" */
	bool apparmor;
	uint64_t pairs[AUDIT_ANSWERS]; /* both denied in one event, by how the call ended */
	uint64_t perfmon_only, admin_only;
	uint64_t permissive; /* events that were logged but not enforced */
	uint64_t policy;     /* denials of SELinux's own class perf_event */
};

struct audit_event {
	uint64_t key; /* of time and serial; 0: free */
	bool perfmon, admin, policy, permissive, apparmor;
	bool call_seen, perf_call; /* a SYSCALL record; it is perf_event_open's or bpf's */
	enum audit_answer answer;
	char name[64], path[128], domain[96];
};

struct audit {
	uint64_t lines, malformed, records; /* records: of a denial that matters here */
	uint64_t unlisted;		    /* events of programs that the table had no room for */
	int program_count;
	struct audit_program programs[AUDIT_PROGRAMS];
	int next; /* the event to be closed when one more is opened */
	struct audit_event open[AUDIT_OPEN];
};

/* One line without its newline; any bytes, NULs too. `audit` starts zeroed. */
void audit_line(struct audit *audit, const char *line, size_t size);

/* After the last line. */
void audit_end(struct audit *audit);

#endif
