#ifndef PROFILE_KEPT_H
#define PROFILE_KEPT_H

/*
 * What symbols are found by, opened while there is the right to: the kernel's tables, which tell
 * addresses to whoever opened them privileged, and the roots of processes in other mount namespaces
 * or below a chroot, which are out of reach in a sandbox. Processes that start later are not known.
 */

#include <stddef.h>
#include <stdint.h>

#define KEPT_ROOTS_MAX 24 /* directories handed out by kept_begin() */
#define KEPT_ROOT_TEXT 32

/* Opens them once. `kallsyms` (or NULL) is the file of --kallsyms; with `symfs` (or NULL) nothing
 * of this machine is needed. Puts descriptors of all directories below which files may be looked
 * for into `roots`; how many. They stay open. */
unsigned kept_begin(const char *symfs, const char *kallsyms, int roots[KEPT_ROOTS_MAX]);

/* A descriptor of its own of a file that was kept, at its start; -1: it was not. */
int kept_open(const char *path);

/* What to put before a path of process `pid`: "/proc/self/fd/N", where its root was kept, else
 * "/proc/PID/root". */
void kept_root(uint32_t pid, char to[KEPT_ROOT_TEXT]);

#endif
