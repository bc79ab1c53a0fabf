#ifndef PROFILE_MATCH_H
#define PROFILE_MATCH_H

/*
 * Which symbol covers which address. All addresses are known first and sorted; then the symbols of
 * a table are offered in whatever order the table has them, and each costs one binary search. A
 * symbol that covers no address leaves nothing behind.
 *
 * Rules (as perf report chooses): the symbol with the greatest start that covers the address. One
 * without a size reaches to the next symbol. Of several with one start: sized before unsized; of
 * sized ones strong before weak, global before local, fewer leading underscores, the longer name,
 * the first offered; of unsized ones the last offered (in kallsyms __x64_sys_getpid comes behind
 * __ia32_sys_getpid).
 */

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum match_rank {
	MATCH_WEAK,
	MATCH_LOCAL,
	MATCH_GLOBAL,
};

struct match_symbol {
	uint64_t start;
	uint64_t size;	  /* bytes; 0: unknown */
	const char *name; /* copied; NULL: `name_of` will be asked for name_at when it matters */
	uint64_t name_at;
	uint8_t rank; /* enum match_rank */
};

/* The symbol's name: writes it to `to` and returns its length, or -1 where there is none. */
typedef int (*match_name_of)(void *from, uint64_t name_at, char *to, size_t cap);

/* A symbol that covers something. Its memory ends with the match's arena. */
struct match_found {
	uint64_t start, size;
	uint64_t name_at;
	char *name; /* NULL: ask name_of */
	void *user; /* the caller's, NULL at first */
	uint32_t name_room;
	uint16_t length, underscores;
	uint8_t rank;
	bool scored;
};

struct match_spot {
	void *place;	      /* the caller's */
	uint64_t first, last; /* least and greatest start between the spot before and this one */
	struct match_found *sized, *unsized;
};

struct match {
	struct arena *arena;
	match_name_of name_of;
	void *from;
	uint64_t *address; /* sorted */
	struct match_spot *spot;
	uint32_t count, cap;
	uint64_t after;	  /* least start behind the last spot */
	uint32_t dropped; /* symbols for which there was no room, or whose overlaps went too far */
	uint32_t steps;
	bool latest; /* also of sized ones the last offered is taken */
};

/* Room for `cap` addresses; everything comes from `arena`. False when it is full. */
bool match_init(
	struct match *match, struct arena *arena, uint32_t cap, match_name_of name_of, void *from);

/* An address and what it belongs to; at most `cap` of them, in any order. */
void match_add(struct match *match, uint64_t address, void *place);

/* Once, between the last match_add and the first match_offer. False when the arena is full. */
bool match_sort(struct match *match);

void match_offer(struct match *match, const struct match_symbol *symbol);

/* After the last offer: what covers each spot, found in `spot[i].sized` (or NULL). */
void match_finish(struct match *match);

#endif
