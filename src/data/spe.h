#ifndef DATA_SPE_H
#define DATA_SPE_H

/*
 * Packets of Arm's Statistical Profiling Extension, as they lie in AUX data (Arm Architecture
 * Reference Manual, D17, "Statistical Profiling Extension Sample Record Specification"). Not
 * trusted: a byte that begins no packet is a packet of its own, SPE_BAD.
 */

#include "base/span.h"

enum spe_kind {
	SPE_BAD,
	SPE_PADDING,   /* several in a row are one */
	SPE_END,       /* of a sample without a time */
	SPE_TIME,      /* ends a sample too */
	SPE_ADDRESS,   /* index: enum spe_address */
	SPE_COUNTER,   /* index: enum spe_counter; cycles */
	SPE_CONTEXT,   /* index: exception level - 1 */
	SPE_OPERATION, /* index: 0 other, 1 load, store or atomic, 2 branch or exception return */
	SPE_EVENTS,    /* a mask, spe_event() names the bits */
	SPE_SOURCE,    /* of data: what it means is the processor's own */
	SPE_KINDS,
};

enum spe_address {
	SPE_PC,
	SPE_TARGET,
	SPE_VIRTUAL,
	SPE_PHYSICAL,
	SPE_PREVIOUS_TARGET
};
enum spe_counter {
	SPE_TOTAL,
	SPE_ISSUE,
	SPE_TRANSLATION
};

struct spe_packet {
	enum spe_kind kind;
	uint8_t index;
	uint8_t size;	  /* bytes, with its header */
	uint64_t payload; /* what follows the header */
};

/* An address packet's payload taken apart. */
struct spe_place {
	uint64_t address;
	uint8_t level;	  /* exception level; of PC, TARGET and PREVIOUS_TARGET */
	bool non_secure;  /* of these and of PHYSICAL */
	bool checked;	  /* of PHYSICAL: the access was tag checked */
	uint8_t physical; /* of PHYSICAL: the tag */
};

/* The packet at the begin of `s`, which lies `offset` bytes into the trace, and moves past it.
 * False at the end. */
bool spe_next(struct span *s, uint64_t offset, struct spe_packet *packet);

struct spe_place spe_place(const struct spe_packet *packet);

/* "L1D-REFILL", or NULL for a bit that means nothing everywhere. */
const char *spe_event(unsigned bit);

/* What an operation packet says, in words with a blank in front of each but the first; `to` is
 * always ended by a NUL. */
void spe_operation(const struct spe_packet *packet, char *to, size_t cap);

#endif
