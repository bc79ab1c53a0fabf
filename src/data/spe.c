#include "data/spe.h"

#include <stdio.h>

#define LINE_BYTES 16 /* the most padding that is one packet */

/* A packet's first byte; behind EXTENDED's stands a second, of an address or a counter. */
static const struct header {
	uint8_t mask, value, kind;
	uint8_t index; /* mask of the bits that are its index */
} headers[] = {
	{ 0xff, 0x01, SPE_END, 0 },
	{ 0xff, 0x71, SPE_TIME, 0 },
	{ 0xcf, 0x42, SPE_EVENTS, 0 },
	{ 0xcf, 0x43, SPE_SOURCE, 0 },
	{ 0xfc, 0x64, SPE_CONTEXT, 3 },
	{ 0xfc, 0x48, SPE_OPERATION, 3 },
	{ 0xf8, 0xb0, SPE_ADDRESS, 7 },
	{ 0xf8, 0x98, SPE_COUNTER, 7 },
};

#define EXTENDED_MASK 0xfc
#define EXTENDED 0x20
#define EXTENDED_INDEX 3 /* of its bits, above those of the second byte */

static const struct header *header_of(uint8_t byte, bool extended)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if ((byte & headers[i].mask) == headers[i].value &&
			(!extended || headers[i].index == 7))
			return &headers[i];
	return NULL;
}

/* Zeroes, from the first on or (an alignment packet's) up to a multiple of 2, 4, 8 or 16 bytes;
 * 0: the trace ends before. */
static size_t padding(const struct span *s, uint64_t offset)
{
	size_t left = span_left(s), size = 1;

	if (s->at[0]) {
		uint64_t to = 2ull << (s->at[0] & 0xf);

		size = to - offset % to;
		return size > left ? 0 : size;
	}
	while (size < left && size < LINE_BYTES && !s->at[size])
		size++;
	return size;
}

static bool take_bad(struct span *s, struct spe_packet *packet)
{
	packet->kind = SPE_BAD;
	packet->payload = span_u8(s);
	packet->size = 1;
	return true;
}

bool spe_next(struct span *s, uint64_t offset, struct spe_packet *packet)
{
	size_t left = span_left(s), ahead = 1, bytes;
	bool extended = left > 1 && (s->at[0] & EXTENDED_MASK) == EXTENDED;
	const struct header *h;

	*packet = (struct spe_packet){ .kind = SPE_PADDING };
	if (s->bad || !left)
		return false;
	if (!s->at[0] || (extended && !s->at[1])) {
		bytes = padding(s, offset);
		packet->size = (uint8_t)bytes;
		return bytes ? span_take(s, bytes) != NULL : take_bad(s, packet);
	}
	h = header_of(s->at[extended], extended);
	ahead += extended;
	bytes = !h || h->kind == SPE_END ? 0 : (size_t)1 << (s->at[extended] >> 4 & 3);
	if (!h || ahead + bytes > left)
		return take_bad(s, packet);
	packet->kind = h->kind;
	packet->index = s->at[extended] & h->index;
	if (extended)
		packet->index |= (uint8_t)((s->at[0] & EXTENDED_INDEX) << 3);
	packet->size = (uint8_t)(ahead + bytes);
	memcpy(&packet->payload, s->at + ahead, bytes);
	return span_take(s, packet->size) != NULL;
}

struct spe_place spe_place(const struct spe_packet *packet)
{
	uint64_t v = packet->payload;
	struct spe_place place = { .address = v };

	if (packet->index == SPE_VIRTUAL)
		return place;
	place.address = v << 8 >> 8;
	place.non_secure = v >> 63;
	if (packet->index == SPE_PHYSICAL) {
		place.checked = v >> 62 & 1;
		place.physical = v >> 56 & 0xf;
	} else {
		place.level = v >> 61 & 3;
	}
	return place;
}

const char *spe_event(unsigned bit)
{
	static const char *const names[] = {
		[0] = "EXCEPTION-GEN",
		[1] = "RETIRED",
		[2] = "L1D-ACCESS",
		[3] = "L1D-REFILL",
		[4] = "TLB-ACCESS",
		[5] = "TLB-REFILL",
		[6] = "NOT-TAKEN",
		[7] = "MISPRED",
		[8] = "LLC-ACCESS",
		[9] = "LLC-REFILL",
		[10] = "REMOTE-ACCESS",
		[11] = "ALIGNMENT",
		[17] = "SVE-PARTIAL-PRED",
		[18] = "SVE-EMPTY-PRED",
	};

	return bit < sizeof(names) / sizeof(*names) ? names[bit] : NULL;
}

enum vector {
	ANY,
	SCALAR,
	VECTOR
};

/* Every row whose bits are as they should be is said, in order. */
static const struct word {
	uint8_t index, vector, mask, value;
	const char *name; /* NULL: the length of the vectors */
} words[] = {
	{ 0, SCALAR, 0, 0, "OTHER" },
	{ 0, SCALAR, 0x01, 0x01, "COND-SELECT" },
	{ 0, SCALAR, 0x01, 0x00, "INSN-OTHER" },
	{ 0, VECTOR, 0, 0, "SVE-OTHER" },
	{ 0, VECTOR, 0, 0, NULL },
	{ 0, VECTOR, 0x02, 0x02, "FP" },
	{ 0, VECTOR, 0x04, 0x04, "PRED" },
	{ 1, ANY, 0x01, 0x00, "LD" },
	{ 1, ANY, 0x01, 0x01, "ST" },
	{ 1, ANY, 0xe6, 0x06, "AT" },
	{ 1, ANY, 0xea, 0x0a, "EXCL" },
	{ 1, ANY, 0xf2, 0x12, "AR" },
	{ 1, ANY, 0xfe, 0x00, "GP-REG" },
	{ 1, ANY, 0xfe, 0x04, "SIMD-FP" },
	{ 1, ANY, 0xfe, 0x10, "UNSPEC-REG" },
	{ 1, ANY, 0xfe, 0x14, "MTE-TAG" },
	{ 1, ANY, 0xfe, 0x20, "MEMCPY" },
	{ 1, ANY, 0xfe, 0x24, "MEMSET" },
	{ 1, ANY, 0xfe, 0x30, "NV-SYSREG" },
	{ 1, VECTOR, 0, 0, NULL },
	{ 1, VECTOR, 0x04, 0x04, "PRED" },
	{ 1, VECTOR, 0x80, 0x80, "SG" },
	{ 2, ANY, 0, 0, "B" },
	{ 2, ANY, 0x01, 0x01, "COND" },
	{ 2, ANY, 0xfe, 0x02, "IND" },
};

void spe_operation(const struct spe_packet *packet, char *to, size_t cap)
{
	uint64_t v = packet->payload;
	bool vector = packet->index ? (v & 0x0a) == 0x08 : (v & 0x89) == 0x08;
	size_t used = 0;

	*to = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && used < cap; i++) {
		const struct word *w = &words[i];

		if (w->index != packet->index || (v & w->mask) != w->value ||
			(w->vector != ANY && vector != (w->vector == VECTOR)))
			continue;
		used += (size_t)(w->name ? snprintf(to + used, cap - used, "%s%s", used ? " " : "",
						   w->name)
					 : snprintf(to + used, cap - used, " EVLEN %d",
						   32 << (v >> 4 & 7)));
	}
}
