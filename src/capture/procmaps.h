#ifndef CAPTURE_PROCMAPS_H
#define CAPTURE_PROCMAPS_H

/*
 * A line of /proc/PID/maps (proc_pid_maps(5)), parsed. The kernel made the line, but a path in it
 * is the process's own choice. Pure; nothing is copied.
 */

#include <stdbool.h>
#include <stdint.h>

struct procmap {
	uint64_t start, end;
	uint64_t page_offset; /* bytes into the file */
	uint32_t protection;  /* PROT_* of mmap(2) */
	uint32_t flags;	      /* MAP_SHARED or MAP_PRIVATE */
	uint32_t major, minor;
	uint64_t inode;
	const char *path; /* as the kernel shows it: "[vdso]", "/x (deleted)"; "" for anonymous */
};

/* False where the line is not of that form. */
bool procmap_parse(struct procmap *map, const char *line);

#endif
