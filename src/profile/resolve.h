#ifndef PROFILE_RESOLVE_H
#define PROFILE_RESOLVE_H

/*
 * Gives every collected place its symbol. Image by image it finds the file (build-ID debug files,
 * debuglinks, --symfs, other mount namespaces, the vDSO in this process, perf-PID.map, kallsyms),
 * checks that it is the recorded one, and sweeps its symbol table once. A file that is not there or
 * not the same costs names, never an error: image->status and image->error tell it per image.
 */

#include "profile/image.h"

struct resolve_options {
	const char *symfs;    /* --symfs DIR: files of another machine lie below it; or NULL */
	const char *kallsyms; /* --kallsyms FILE instead of /proc/kallsyms; or NULL */
	bool foreign; /* recorded on another machine: no /proc/PID/root, vDSO or perf-PID.map */
	bool raw;     /* names as the table has them, not demangled (--no-demangle) */
};

struct resolve_result {
	uint32_t named;	    /* places with a symbol */
	uint32_t unnamed;   /* places without */
	uint32_t dropped;   /* symbols that found no room in the arena */
	uint32_t images[8]; /* images with places, by enum image_status */
};

void resolve_images(struct images *images, const struct resolve_options *options,
	struct resolve_result *result);

/*
 * The same for images that are still growing: only places that came since the last call are looked
 * at. Those in functions that were met before are named from memory, the others by a sweep; what it
 * cannot name gets the image's nameless symbol. Where a sweep is too dear for now (`sweep` false)
 * they wait for a later call. Counts of places and images are not told. Returns how many wait.
 */
uint32_t resolve_more(struct images *images, const struct resolve_options *options,
	struct resolve_result *result, bool sweep);

/* "[unnamed]", one per image: it stands for all that nothing names. NULL: no room. */
struct symbol *resolve_nameless(struct images *images, struct image *image);

#endif
