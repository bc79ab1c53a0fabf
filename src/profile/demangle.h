#ifndef PROFILE_DEMANGLE_H
#define PROFILE_DEMANGLE_H

/*
 * Linker names of C++ (Itanium C++ ABI, chapter 5.1) and Rust (legacy, and v0 of RFC 2603) as
 * people wrote them. The name is untrusted: recursion, nodes and steps are bounded, nothing is
 * allocated; one static table of about 270 KiB is used, so a call is not reentrant.
 */

#include <stddef.h>

enum demangle_flags {
	DEMANGLE_PARAMETERS = 1, /* C++ functions with return type, parameters and [clone .x] */
	DEMANGLE_VERBOSE = 2,	 /* Rust hashes and types of constants; std::string in full */
};

/* Enough for nearly every name there is. */
#define DEMANGLE_BYTES 4096

/*
 * Writes the readable form, NUL-terminated, in at most `cap` bytes, and returns its length; 0 (and
 * an empty `to`) where the name is not mangled or its grammar is not met: then show it as it is.
 * What does not fit, or expands without end, is cut and ends in "...". Bytes of identifiers are
 * passed on as they are: escape them for where they go.
 * demangle() writes what perf writes: no parameters, no hashes.
 */
size_t demangle(char *to, size_t cap, const char *name);
size_t demangle_as(char *to, size_t cap, const char *name, int flags);

#endif
