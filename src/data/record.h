#ifndef DATA_RECORD_H
#define DATA_RECORD_H

/*
 * The records of perf.data beside samples: their names, and the bodies of those that tell of
 * processes, mappings and losses as structures, read and written. Bytes that are read are not
 * trusted; strings point into the record and are always ended by a NUL inside it.
 * Layout: perf_event_open(2) and include/uapi/linux/perf_event.h.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_TYPES 96	 /* counters by type; what lies beyond is counted as type 0 */
#define RECORD_MAX 65528 /* bytes, the largest multiple of 8 that header.size can tell */

enum record_status {
	RECORD_OK,
	RECORD_OTHER, /* a type without a structure here: only header and id are set */
	RECORD_SHORT, /* the record ends before its fields do: do not use it */
};

/* What sample_id_all puts behind every record; 0 and SAMPLE_NO_CPU where it is not known. */
struct record_id {
	uint32_t pid, tid;
	uint64_t time_ns;
	uint64_t id, stream_id;
	uint32_t cpu;
};

/* MMAP, MMAP2 */
struct record_mmap {
	uint32_t pid, tid; /* pid -1: the kernel */
	uint64_t start, size;
	uint64_t pgoff; /* bytes into the file */
	uint32_t major, minor;
	uint64_t inode, inode_generation; /* 0 where a build ID is told instead */
	uint32_t prot, flags;		  /* of mmap(2); MMAP has none */
	const uint8_t *build_id;	  /* or NULL */
	uint8_t build_id_size;		  /* <= 20 */
	const char *path;
};

struct record_comm {
	uint32_t pid, tid;
	const char *name;
	bool exec;
};

/* FORK, EXIT */
struct record_task {
	uint32_t pid, parent_pid, tid, parent_tid;
	uint64_t time_ns;
};

/* LOST, LOST_SAMPLES: how many; THROTTLE, UNTHROTTLE: when */
struct record_lost {
	uint64_t id, count;
};

struct record_throttle {
	uint64_t time_ns, id, stream_id;
};

/* SWITCH, SWITCH_CPU_WIDE; the other task is 0 in SWITCH */
struct record_switch {
	bool out, preempted;
	uint32_t other_pid, other_tid;
};

struct record_namespace {
	uint64_t device, inode;
};

/* NAMESPACES: net, uts, ipc, pid, user, mnt, cgroup */
struct record_namespaces {
	uint32_t pid, tid;
	uint64_t count;
	const struct record_namespace *at;
};

enum record_ksymbol_type {
	RECORD_KSYMBOL_BPF = 1,
	RECORD_KSYMBOL_OUT_OF_LINE = 2
};

struct record_ksymbol {
	uint64_t start;
	uint32_t size;
	uint16_t type; /* enum record_ksymbol_type */
	bool unregistered;
	const char *name;
};

struct record_cgroup {
	uint64_t id;
	const char *path;
};

/* AUX, ITRACE_START */
struct record_aux {
	uint64_t offset, size, flags;
};

/* The record HEADER_BUILD_ID of a pipe, and each entry of the BUILD_ID feature. */
struct record_build_id {
	uint32_t pid;
	uint8_t build_id[20];
	uint8_t size;
	const char *path;
};

struct record {
	uint32_t type;
	uint16_t misc;
	struct record_id id;
	union {
		struct record_mmap mmap;
		struct record_comm comm;
		struct record_task task;
		struct record_lost lost;
		struct record_throttle throttle;
		struct record_switch switched;
		struct record_namespaces namespaces;
		struct record_ksymbol ksymbol;
		struct record_cgroup cgroup;
		struct record_aux aux;
		struct record_build_id build_id;
	};
};

/* "MMAP2", or NULL for a type nobody knows. */
const char *record_name(uint32_t type);

/*
 * `from` has header.size bytes and begins on 8 bytes. `attr` (NULL: none known) tells whether and
 * which ids stand behind the body. Samples are RECORD_OTHER: see data/sample.h.
 */
enum record_status record_decode(struct record *record, const struct perf_event_header *from,
	const struct perf_event_attr *attr);

/*
 * Writes MMAP2, COMM, FORK, EXIT, KSYMBOL or LOST_SAMPLES as the kernel would for `attr`, with its
 * ids. Names too long for a record are cut. The bytes written (a multiple of 8), or 0 for another
 * type or a small `cap`.
 */
size_t record_encode(
	void *to, size_t cap, const struct record *record, const struct perf_event_attr *attr);

#endif
