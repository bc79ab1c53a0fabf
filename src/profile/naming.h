#ifndef PROFILE_NAMING_H
#define PROFILE_NAMING_H

/*
 * The common part of naming an image's places, whatever its symbol table looks like: places go into
 * a match, the table's symbols are offered to it, what covers a place becomes its symbol. The match
 * and the names it meets on the way live in the upper half of the arena and are given back.
 */

#include "profile/image.h"
#include "profile/match.h"
#include "profile/resolve.h"

struct naming {
	struct arena *arena;  /* for what stays */
	struct arena scratch; /* for what does not: the end of the same memory */
	const struct resolve_options *options;
	struct resolve_result *result;
};

void naming_begin(struct naming *naming, struct arena *arena, const struct resolve_options *options,
	struct resolve_result *result);
void naming_end(struct naming *naming);

/* A match with room for all places of the image, empty. False (counted) when there is no room. */
bool naming_match(struct naming *naming, struct match *match, const struct image *image,
	match_name_of name_of, void *from);

/* After the last offer: names the places and counts what was dropped on the way. */
void naming_finish(struct naming *naming, struct match *match);

/* ELF files, the vDSO and their debug files (profile/naming_elf.c). */
enum image_status naming_elf(struct naming *naming, struct image *image);

/* The kernel and all its modules in one sweep (profile/naming_kernel.c). */
void naming_kernel(struct naming *naming, struct images *images);

#endif
