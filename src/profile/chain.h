#ifndef PROFILE_CHAIN_H
#define PROFILE_CHAIN_H

/*
 * From a sample's addresses to a node of the call tree. Most samples of a thread share their outer
 * callers with the one before, so only what differs is looked up; addresses already met in a
 * process are found in a cache, as long as its mappings stay as they were.
 */

#include "data/sample.h"
#include "profile/process.h"
#include "profile/tree.h"

#define CHAIN_DEPTH_MAX 1024 /* frames of one chain; the outer ones beyond are cut and counted */

struct chains {
	struct processes *processes;
	struct images *images;
	struct tree *tree;
	uint64_t cut;	/* chains deeper than CHAIN_DEPTH_MAX */
	bool collapsed; /* addresses outside all mappings are one place: see chains_collapse() */
	struct chain_recent *recent;
	struct chain_known *known;
	struct image *nowhere; /* "[unknown]": the image of what lies in no mapping */
	struct place *unmapped;
	uint8_t *modes;
};

/* False: the arena is full. */
bool chains_init(struct chains *chains, struct arena *arena, struct processes *processes,
	struct images *images, struct tree *tree);

/*
 * The leaf's node below `root`, all callers added; `root` itself for a sample without addresses.
 * With `callers` false only the sampled address counts. `time_ns` is as processes_tell() has it.
 */
uint32_t chains_node(struct chains *chains, uint32_t root, const struct sample *sample,
	uint64_t time_ns, bool callers);

/*
 * Code without frame pointers leaves stray words in chains, and each stray outermost caller grows
 * a tree of its own. Once room is short this makes all addresses outside any mapping one place,
 * with its symbol "[unknown]", in the tree and in what follows. False: no room even for that.
 */
bool chains_collapse(struct chains *chains, struct arena *arena);

/* Must be called once the tree was made anew: nodes that are remembered are no more. */
void chains_forget(struct chains *chains);

/* PERF_RECORD_MISC_* of what follows a PERF_CONTEXT_* marker. */
#define CHAIN_MODE_NONE 0xff /* no addresses */
uint8_t chains_mode(uint64_t marker);

/* The place of one address, cpumode as PERF_RECORD_MISC_*. */
struct place *chains_place(
	struct chains *chains, uint32_t pid, uint8_t cpumode, uint64_t address, uint64_t time_ns);

/* An answer that stays the same for all times in [from_ns, until_ns). */
struct chain_times {
	uint64_t from_ns, until_ns;
};

/* The same; narrows `holds` to the times for which it is this place. */
struct place *chains_place_during(struct chains *chains, uint32_t pid, uint8_t cpumode,
	uint64_t address, uint64_t time_ns, struct chain_times *holds);

#endif
