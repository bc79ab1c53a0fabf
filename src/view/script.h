#ifndef VIEW_SCRIPT_H
#define VIEW_SCRIPT_H

/*
 * Samples as lines of text, laid out as `perf script` has them, since many programs read those.
 * Places must have their names (profile/resolve.h).
 */

#include "base/arena.h"
#include "base/out.h"
#include "data/reader.h"
#include "data/sample.h"
#include "data/tracing.h"
#include "profile/chain.h"

#include <stdbool.h>

enum script_field {
	SCRIPT_COMM,
	SCRIPT_PID, /* the process; perf's name for what is the thread group */
	SCRIPT_TID,
	SCRIPT_CPU,
	SCRIPT_MISC,
	SCRIPT_TIME,
	SCRIPT_PERIOD,
	SCRIPT_EVENT,
	SCRIPT_TRACE,
	SCRIPT_FLAGS,
	SCRIPT_ADDR,
	SCRIPT_DATA_SRC,
	SCRIPT_WEIGHT,
	SCRIPT_INS_LAT,
	SCRIPT_IP,
	SCRIPT_SYM,
	SCRIPT_SYMOFF,
	SCRIPT_DSO,
	SCRIPT_IREGS,
	SCRIPT_UREGS,
	SCRIPT_BRSTACK,
	SCRIPT_BRSTACKSYM,
	SCRIPT_PHYS_ADDR,
	SCRIPT_DATA_PAGE_SIZE,
	SCRIPT_CODE_PAGE_SIZE,
	SCRIPT_FIELDS,
};

/* By name as -F takes it, and the PERF_SAMPLE_* bit it needs (0: none). */
struct script_field_row {
	const char *name;
	uint64_t needs;
};
extern const struct script_field_row script_fields[SCRIPT_FIELDS];

/* What an event shows when nobody chose, as bits 1 << enum script_field. */
uint32_t script_default(const struct perf_event_attr *attr, bool any_chains);

struct script_frames {
	struct arena *arena;
	struct script_frame **table;
	uint32_t mask, count;
	uint64_t dropped; /* texts that found no room: they are made anew each time */
	uint32_t fields;
};

/* Call chains as they were written, in fixed memory: most come again and again. */
struct script_chains {
	struct script_chain *slot;
	uint64_t *ring; /* the chains' words and texts */
	uint64_t head;
};

#define SCRIPT_CHAIN_WORDS 512 /* what is longer is not kept */
#define SCRIPT_CHAIN_BYTES 7168

struct script_chain_key {
	const uint64_t *words;
	uint64_t count, time_ns, fields;
	uint32_t pid;
	uint8_t mode;
};

#define SCRIPT_TASKS 64
#define SCRIPT_COMM_BYTES 80 /* 16 bytes of the kernel's, each escaped */

/* How a thread's lines begin: its name and numbers, while it has the name. */
struct script_task {
	uint64_t from_ns, until_ns;
	uint32_t pid, tid, fields;
	uint32_t size;
	char text[SCRIPT_COMM_BYTES + 48];
};

struct script {
	struct out *out;
	struct chains *chains;
	struct script_frames frames;
	struct script_chains kept;
	uint64_t splits; /* pieces that did not fit into what was left of the buffer */
	struct script_task task[SCRIPT_TASKS];
	int data_src_width; /* of the widest so far */
	bool nanoseconds;
	const struct arch *arch; /* of the recording; NULL: not ours, registers have numbers */
	const struct tracing *tracing; /* NULL: the recording has none */
};

/* False: no room in the arena. */
bool script_init(
	struct script *script, struct out *out, struct chains *chains, struct arena *arena);

/* One sample, with a newline behind it, and after a call chain an empty line. `name` is the event's
 * column, its colon and all; `time_ns` is the time that facts go by (profile/recording.h). */
void script_sample(struct script *script, const struct reader_attr *event, const char *name,
	uint32_t fields, const struct sample *sample, uint64_t time_ns);

/* Finds the places that script_sample() will name, so that they can be resolved before. */
void script_places(struct script *script, const struct reader_attr *event, uint32_t fields,
	const struct sample *sample, uint64_t time_ns);

/* view/script_frame.c: " name+0x1 (file)" and, with `chain`, the address before and the newline. */
void script_frame(struct script *script, uint32_t fields, const struct place *place, bool chain);

/* view/script_chain.c. The text of a chain that was kept with one, or with `shown` false anything
 * of one that was kept at all; NULL: neither. PUT_BLOCK bytes behind it can be read. */
bool script_chains_init(struct script_chains *chains, struct arena *arena);
const char *script_chain_find(struct script_chains *chains, const struct script_chain_key *key,
	bool shown, size_t *bytes);
void script_chain_keep(struct script_chains *chains, const struct script_chain_key *key,
	const struct chain_times *holds, const char *text, size_t bytes);

/* view/script_machine.c */
void script_registers(struct script *script, uint32_t fields, const struct sample *sample);
struct place *script_place(
	struct script *script, const struct sample *s, uint64_t address, uint64_t time_ns);
void script_branches(
	struct script *script, uint32_t fields, const struct sample *sample, uint64_t time_ns);
void script_branch_places(
	struct script *script, uint32_t fields, const struct sample *sample, uint64_t time_ns);

#endif
