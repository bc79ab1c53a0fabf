#ifndef DATA_REGISTERS_H
#define DATA_REGISTERS_H

/*
 * Sampled registers by name: "AX,SP,ip" to the masks that PERF_SAMPLE_REGS_USER and _INTR take, and
 * back. Names are perf's (arch.h), in any case.
 */

#include "arch.h"

/* NULL, or the word that names no register. */
const char *registers_parse(const struct arch *arch, const char *text, uint64_t *mask);

/* The names of the registers in `mask`, with a blank after each. */
void registers_names(const struct arch *arch, uint64_t mask, char *to, size_t cap);

#endif
