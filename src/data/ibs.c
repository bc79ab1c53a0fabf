#include "data/ibs.h"

#define CAPS_EXTENDED (1u << 11) /* more data sources, filtering by L3 misses */
#define ALWAYS 0xff
#define EXTENDED 0xfe /* where the capabilities say so */
#define NO_RIP 38     /* of ibs_op_data */
#define COUNT_HIGH 20 /* of ibs_op_ctl: the upper 7 bits of the count */

/* Registers in their order, as perf labels them. */
enum {
	FETCH_CTL,
	FETCH_LINEAR,
	FETCH_PHYSICAL,
	FETCH_EXTENDED,
	FETCH_WORDS,

	OP_CTL = 0,
	OP_RIP,
	OP_DATA,
	OP_DATA2,
	OP_DATA3,
	OP_LINEAR,
	OP_PHYSICAL,
	OP_TARGET,
	OP_WORDS,
};

/* What a value means, by number; "" means nothing. */
static const char *const page_sizes[] = { "4KB", "2MB", "1GB", "RESERVED" };
static const char *const units[] = { "cycles", "uOps" };
static const char *const states[] = { "M-state", "O-State" };
static const char *const sources[] = { "", "(reserved)", "Local node cache", "DRAM",
	"Remote node cache", "(reserved)", "(reserved)", "Other" };
static const char *const more_sources[] = { "", "Local L3 or other L1/L2 in CCX",
	"Another CCX cache in the same NUMA node", "DRAM", "(reserved)",
	"Another CCX cache in a different NUMA node", "Long-latency DIMM", "MMIO/Config/PCI/APIC",
	"Extension Memory", "(reserved)", "(reserved)", "(reserved)",
	"Coherent Memory of a different processor type" };

enum form {
	PLAIN,
	COUNT16,
	COUNT_OP,
	PAGES,
	UNITS,
	STATE,
	SOURCE,
	WIDTH
};

/* bits 0: the register as a whole. `needs`: a bit of the same register, or of `of` where it is a
 * register as a whole. */
struct field {
	const char *name;
	uint8_t word, shift, bits, width, form, needs, of;
};

#define REGISTER(label, word, needs, of)                                                           \
	{                                                                                          \
		label, word, 0, 0, 0, PLAIN, needs, of                                             \
	}
#define BIT(name, word, shift)                                                                     \
	{                                                                                          \
		name, word, shift, 1, 0, PLAIN, ALWAYS, 0                                          \
	}

static const struct field fetch_fields[] = {
	REGISTER("ibs_fetch_ctl", FETCH_CTL, ALWAYS, 0),
	{ "MaxCnt", FETCH_CTL, 0, 16, 7, COUNT16, ALWAYS, 0 },
	{ "Cnt", FETCH_CTL, 16, 16, 7, COUNT16, ALWAYS, 0 },
	{ "Lat", FETCH_CTL, 32, 16, 5, PLAIN, ALWAYS, 0 },
	BIT("En", FETCH_CTL, 48),
	BIT("Val", FETCH_CTL, 49),
	BIT("Comp", FETCH_CTL, 50),
	BIT("IcMiss", FETCH_CTL, 51),
	BIT("PhyAddrValid", FETCH_CTL, 52),
	{ "L1TlbPgSz", FETCH_CTL, 53, 2, 0, PAGES, 52, 0 },
	BIT("L1TlbMiss", FETCH_CTL, 55),
	BIT("L2TlbMiss", FETCH_CTL, 56),
	BIT("RandEn", FETCH_CTL, 57),
	{ "L2Miss", FETCH_CTL, 58, 1, 0, PLAIN, 50, 0 },
	{ "L3MissOnly", FETCH_CTL, 59, 1, 0, PLAIN, EXTENDED, 0 },
	{ "FetchOcMiss", FETCH_CTL, 60, 1, 0, PLAIN, EXTENDED, 0 },
	{ "FetchL3Miss", FETCH_CTL, 61, 1, 0, PLAIN, EXTENDED, 0 },
	REGISTER("IbsFetchLinAd", FETCH_LINEAR, ALWAYS, 0),
	REGISTER("IbsFetchPhysAd", FETCH_PHYSICAL, 52, FETCH_CTL),
	REGISTER("ic_ibs_ext_ctl", FETCH_EXTENDED, ALWAYS, 0),
	{ "IbsItlbRefillLat", FETCH_EXTENDED, 0, 16, 3, PLAIN, ALWAYS, 0 },
};

static const struct field op_fields[] = {
	REGISTER("ibs_op_ctl", OP_CTL, ALWAYS, 0),
	{ "MaxCnt", OP_CTL, 0, 16, 9, COUNT_OP, ALWAYS, 0 },
	{ "L3MissOnly", OP_CTL, 16, 1, 0, PLAIN, EXTENDED, 0 },
	BIT("En", OP_CTL, 17),
	BIT("Val", OP_CTL, 18),
	{ "CntCtl", OP_CTL, 19, 1, 0, UNITS, ALWAYS, 0 },
	{ "CurCnt", OP_CTL, 32, 27, 9, PLAIN, ALWAYS, 0 },
	REGISTER("IbsOpRip", OP_RIP, NO_RIP, OP_DATA),
	REGISTER("ibs_op_data", OP_DATA, ALWAYS, 0),
	{ "CompToRetCtr", OP_DATA, 0, 16, 5, PLAIN, ALWAYS, 0 },
	{ "TagToRetCtr", OP_DATA, 16, 16, 5, PLAIN, ALWAYS, 0 },
	{ "OpReturn", OP_DATA, 34, 1, 0, PLAIN, 37, 0 },
	{ "OpBrnTaken", OP_DATA, 35, 1, 0, PLAIN, 37, 0 },
	{ "OpBrnMisp", OP_DATA, 36, 1, 0, PLAIN, 37, 0 },
	BIT("BrnRet", OP_DATA, 37),
	BIT("RipInvalid", OP_DATA, NO_RIP),
	BIT("BrnFuse", OP_DATA, 39),
	BIT("Microcode", OP_DATA, 40),
	REGISTER("ibs_op_data2", OP_DATA2, ALWAYS, 0),
	{ "CacheHitSt", OP_DATA2, 5, 1, 0, STATE, ALWAYS, 0 },
	BIT("RmtNode", OP_DATA2, 4),
	{ "DataSrc", OP_DATA2, 0, 3, 0, SOURCE, ALWAYS, 0 },
	REGISTER("ibs_op_data3", OP_DATA3, ALWAYS, 0),
	BIT("LdOp", OP_DATA3, 0),
	BIT("StOp", OP_DATA3, 1),
	BIT("DcL1TlbMiss", OP_DATA3, 2),
	BIT("DcL2TlbMiss", OP_DATA3, 3),
	BIT("DcL1TlbHit2M", OP_DATA3, 4),
	BIT("DcL1TlbHit1G", OP_DATA3, 5),
	BIT("DcL2TlbHit2M", OP_DATA3, 6),
	BIT("DcMiss", OP_DATA3, 7),
	BIT("DcMisAcc", OP_DATA3, 8),
	BIT("DcWcMemAcc", OP_DATA3, 13),
	BIT("DcUcMemAcc", OP_DATA3, 14),
	BIT("DcLockedOp", OP_DATA3, 15),
	BIT("DcMissNoMabAlloc", OP_DATA3, 16),
	BIT("DcLinAddrValid", OP_DATA3, 17),
	BIT("DcPhyAddrValid", OP_DATA3, 18),
	BIT("DcL2TlbHit1G", OP_DATA3, 19),
	BIT("L2Miss", OP_DATA3, 20),
	BIT("SwPf", OP_DATA3, 21),
	{ "OpMemWidth", OP_DATA3, 22, 4, 2, WIDTH, ALWAYS, 0 },
	{ "OpDcMissOpenMemReqs", OP_DATA3, 26, 6, 2, PLAIN, ALWAYS, 0 },
	{ "DcMissLat", OP_DATA3, 32, 16, 5, PLAIN, ALWAYS, 0 },
	{ "TlbRefillLat", OP_DATA3, 48, 16, 5, PLAIN, ALWAYS, 0 },
	REGISTER("IbsDCLinAd", OP_LINEAR, 17, OP_DATA3),
	REGISTER("IbsDCPhysAd", OP_PHYSICAL, 18, OP_DATA3),
	REGISTER("IbsBrTarget", OP_TARGET, 37, OP_DATA),
};

static const struct {
	const struct field *field;
	uint8_t fields, words;
	uint8_t enabled, valid; /* bits of the first register that a sample has */
} kinds[] = {
	[IBS_FETCH] = { fetch_fields, sizeof(fetch_fields) / sizeof(*fetch_fields), FETCH_WORDS, 48,
		49 },
	[IBS_OP] = { op_fields, sizeof(op_fields) / sizeof(*op_fields), OP_WORDS, 17, 18 },
};

bool ibs_begin(struct ibs *ibs, enum ibs_kind kind, struct span raw)
{
	*ibs = (struct ibs){ .kind = kind, .capabilities = span_u32(&raw) };
	while (ibs->count < kinds[kind].words && span_left(&raw) >= sizeof(*ibs->word))
		ibs->word[ibs->count++] = span_u64(&raw);
	return ibs->count && ibs->word[0] >> kinds[kind].enabled & 1 &&
	       ibs->word[0] >> kinds[kind].valid & 1;
}

static bool holds(const struct ibs *ibs, const struct field *f)
{
	uint64_t word = ibs->word[f->bits ? f->word : f->of];

	if (f->word >= ibs->count)
		return false;
	if (f->needs == ALWAYS)
		return true;
	if (f->needs == EXTENDED)
		return ibs->capabilities & CAPS_EXTENDED;
	if (!f->bits && f->needs == NO_RIP)
		return !(word >> NO_RIP & 1);
	return word >> f->needs & 1 && (f->bits || f->needs != 37 || ibs->word[f->word]);
}

static void name_source(const struct ibs *ibs, struct ibs_value *v)
{
	bool more = ibs->capabilities & CAPS_EXTENDED;
	size_t count = more ? sizeof(more_sources) / sizeof(*more_sources)
			    : sizeof(sources) / sizeof(*sources);

	if (more)
		v->value |= (ibs->word[OP_DATA2] >> 6 & 3) << 3;
	v->means = v->value < count ? (more ? more_sources : sources)[v->value] : "";
}

/* Only data from a cache has a state. */
static bool has_state(const struct ibs *ibs)
{
	struct ibs_value v = { .value = ibs->word[OP_DATA2] & 7 };

	name_source(ibs, &v);
	if (ibs->capabilities & CAPS_EXTENDED)
		return v.value == 1 || v.value == 2 || v.value == 5;
	return v.value == 2;
}

/* False: says nothing. */
static bool interpret(const struct ibs *ibs, const struct field *f, struct ibs_value *v)
{
	switch (f->form) {
	case COUNT_OP:
		v->value |= (ibs->word[OP_CTL] >> COUNT_HIGH & 0x7f) << 16;
		v->value <<= 4;
		break;
	case COUNT16:
		v->value <<= 4;
		break;
	case PAGES:
		v->means = page_sizes[v->value];
		v->between = 0;
		break;
	case UNITS:
		v->means = units[v->value];
		break;
	case STATE:
		v->means = states[v->value];
		return has_state(ibs);
	case SOURCE:
		name_source(ibs, v);
		return *v->means;
	case WIDTH:
		v->means = "bytes";
		v->between = ' ';
		if (!v->value)
			return false;
		v->value = 1ull << (v->value - 1);
		break;
	}
	return true;
}

bool ibs_next(struct ibs *ibs, struct ibs_value *value)
{
	const struct field *fields = kinds[ibs->kind].field;

	while (ibs->at < kinds[ibs->kind].fields) {
		const struct field *f = &fields[ibs->at++];
		uint64_t word = ibs->word[f->word];

		*value = (struct ibs_value){
			.label = f->name, .between = '=', .value = word, .width = f->width
		};
		if (!holds(ibs, f))
			continue;
		if (!f->bits)
			return true;
		value->name = f->name;
		value->value = word >> f->shift & ((1ull << f->bits) - 1);
		if (interpret(ibs, f, value))
			return true;
	}
	return false;
}
