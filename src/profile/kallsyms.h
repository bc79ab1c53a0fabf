#ifndef PROFILE_KALLSYMS_H
#define PROFILE_KALLSYMS_H

/*
 * The kernel's own symbol table as text: /proc/kallsyms ("ffffffff81000000 T _stext", modules with
 * a "\t[name]" behind) and /proc/modules. Formats: kernel/kallsyms.c, kernel/module/procfs.c.
 * Pure: lines in, offers to matches out.
 */

#include "base/lines.h"
#include "profile/match.h"

struct kallsym {
	uint64_t address;
	char type;	    /* as nm(1) has it */
	const char *name;   /* inside the line */
	const char *module; /* "[name]" inside the line, or NULL for the kernel itself */
};

/* Reads one line, which is written to. False where it is none of that format. */
bool kallsyms_line(char *line, struct kallsym *symbol);

/* A line of /proc/modules: its name ("nf_tables") and address. */
bool kallsyms_module_line(char *line, const char **name, uint64_t *address);

/* Which symbols go to which match. */
struct kallsyms_want {
	const char *module; /* "[name]", or NULL for the kernel itself */
	struct match *match;
};

struct kallsyms_sum {
	uint32_t symbols; /* lines that are symbols */
	bool hidden;	  /* there are some and all addresses are zero: kptr_restrict */
};

/* Offers every code and data symbol to the match that wants it. */
struct kallsyms_sum kallsyms_sweep(
	struct lines *lines, const struct kallsyms_want *wants, uint32_t want_count);

/* The address of a symbol of the kernel itself, 0 where there is none; reads up to it. */
uint64_t kallsyms_find(struct lines *lines, const char *name);

#endif
