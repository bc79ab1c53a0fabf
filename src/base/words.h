#ifndef BASE_WORDS_H
#define BASE_WORDS_H

/*
 * Tables of text without pointers: strings that follow one another, each with its NUL. A pointer
 * costs 32 bytes in a position-independent binary, its relocation included; a string costs itself.
 */

#include <string.h>

/* The n-th string, counted from 0; there must be so many. */
static inline const char *words_at(const char *words, unsigned n)
{
	while (n--)
		words += strlen(words) + 1;
	return words;
}

#endif
