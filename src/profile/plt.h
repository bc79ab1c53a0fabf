#ifndef PROFILE_PLT_H
#define PROFILE_PLT_H

/*
 * Entries of the procedure linkage table have no symbols; they are named after the function they
 * jump to, "malloc@plt". Entry N belongs to relocation N of .rela.plt (psABI of both
 * architectures); .plt.sec is the second table that x86 linkers make for indirect branch tracking.
 */

#include "profile/elf.h"
#include "profile/match.h"

/* Offers the entries that hold an address of the match. False where the file has no PLT. */
bool plt_sweep(struct elf *elf, struct match *match);

#endif
