#include "unit.h"

#include "view/trace.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct out out;
static char said[16384];

/* What is written meanwhile. */
static void begin(void)
{
	out_begin(&out, memfd_create("said", 0));
}

static const char *end(void)
{
	ssize_t got;

	assert_int_equal(out_flush(&out), 0);
	got = pread(out.fd, said, sizeof(said) - 1, 0);
	said[got > 0 ? got : 0] = 0;
	close(out.fd);
	return said;
}

static struct span raw_of(uint8_t *to, uint32_t capabilities, const uint64_t *words, size_t count)
{
	memcpy(to, &capabilities, 4);
	memcpy(to + 4, words, count * 8);
	return span_of(to, 4 + count * 8);
}

#define BIT(n) (1ull << (n))

/* The words are put together from the bits that the kernel's amd/ibs.h tells. */
static const uint64_t fetch[] = { 0x1234 | 0x0010ull << 16 | 77ull << 32 | BIT(48) | BIT(49) |
					  BIT(50) | BIT(52) | 1ull << 53 | BIT(56) | BIT(58) |
					  BIT(60),
	0xffffffff81000040, 0x100000040, 0x15 };

static void a_fetch(void **state)
{
	uint8_t raw[64];

	(void)state;
	begin();
	assert_true(trace_ibs(&out, IBS_FETCH, raw_of(raw, 0, fetch, 4)));
	assert_string_equal(end(),
		"ibs_fetch_ctl:\t1537004d00101234 MaxCnt   74560 Cnt     256 Lat    77 En 1 Val 1 "
		"Comp 1 IcMiss 0 PhyAddrValid 1 L1TlbPgSz 2MB L1TlbMiss 0 L2TlbMiss 1 RandEn 0 "
		"L2Miss 1\n"
		"IbsFetchLinAd:\tffffffff81000040\n"
		"IbsFetchPhysAd:\t0000000100000040\n"
		"ic_ibs_ext_ctl:\t0000000000000015 IbsItlbRefillLat  21\n");
}

/* Newer processors tell more, and older kernels hand on fewer registers. */
static void what_is_told_depends(void **state)
{
	uint64_t words[4];
	uint8_t raw[64];

	(void)state;
	memcpy(words, fetch, sizeof(words));
	words[0] &= ~(BIT(52) | BIT(50));
	begin();
	assert_true(trace_ibs(&out, IBS_FETCH, raw_of(raw, 1u << 11, words, 3)));
	assert_string_equal(end(),
		"ibs_fetch_ctl:\t1523004d00101234 MaxCnt   74560 Cnt     256 Lat    77 En 1 Val 1 "
		"Comp 0 IcMiss 0 PhyAddrValid 0 L1TlbMiss 0 L2TlbMiss 1 RandEn 0 "
		"L3MissOnly 0 FetchOcMiss 1 FetchL3Miss 0\n"
		"IbsFetchLinAd:\tffffffff81000040\n");
}

static const uint64_t op[] = { 0x0f42 | BIT(17) | BIT(18) | BIT(19) | 1ull << 20 | 99ull << 32,
	0x401000, 3 | 9ull << 16 | BIT(35) | BIT(37), 2 | BIT(5) | BIT(4),
	BIT(0) | BIT(7) | BIT(17) | 4ull << 22 | 2ull << 26 | 300ull << 32 | 7ull << 48, 0x7ffc0010,
	0x99, 0x402000 };

static void an_op(void **state)
{
	uint8_t raw[80];

	(void)state;
	begin();
	assert_true(trace_ibs(&out, IBS_OP, raw_of(raw, 0, op, 8)));
	assert_string_equal(end(),
		"ibs_op_ctl:\t00000063001e0f42 MaxCnt   1111072 En 1 Val 1 CntCtl 1=uOps CurCnt    "
		"    99\n"
		"IbsOpRip:\t0000000000401000\n"
		"ibs_op_data:\t0000002800090003 CompToRetCtr     3 TagToRetCtr     9 OpReturn 0 "
		"OpBrnTaken 1 OpBrnMisp 0 BrnRet 1 RipInvalid 0 BrnFuse 0 Microcode 0\n"
		"ibs_op_data2:\t0000000000000032 CacheHitSt 1=O-State RmtNode 1 DataSrc 2=Local "
		"node cache\n"
		"ibs_op_data3:\t0007012c09020081 LdOp 1 StOp 0 DcL1TlbMiss 0 DcL2TlbMiss 0 "
		"DcL1TlbHit2M 0 DcL1TlbHit1G 0 DcL2TlbHit2M 0 DcMiss 1 DcMisAcc 0 DcWcMemAcc 0 "
		"DcUcMemAcc 0 DcLockedOp 0 DcMissNoMabAlloc 0 DcLinAddrValid 1 DcPhyAddrValid 0 "
		"DcL2TlbHit1G 0 L2Miss 0 SwPf 0 OpMemWidth  8 bytes OpDcMissOpenMemReqs  2 "
		"DcMissLat   300 TlbRefillLat     7\n"
		"IbsDCLinAd:\t000000007ffc0010\n"
		"IbsBrTarget:\t0000000000402000\n");
}

static void sources_of_data(void **state)
{
	static const struct {
		uint32_t capabilities;
		uint64_t word;
		const char *text;
	} cases[] = {
		{ 0, 3, "0000000000000003 RmtNode 0 DataSrc 3=DRAM\n" },
		{ 0, 0, "0000000000000000 RmtNode 0\n" },
		{ 1u << 11, 5,
			"0000000000000005 CacheHitSt 0=M-state RmtNode 0 DataSrc 5=Another CCX "
			"cache in a different NUMA node\n" },
		{ 1u << 11, BIT(6), "0000000000000040 RmtNode 0 DataSrc 8=Extension Memory\n" },
		{ 1u << 11, 7 | 3ull << 6, "00000000000000c7 RmtNode 0\n" },
	};
	uint64_t words[4];
	uint8_t raw[64];

	(void)state;
	memcpy(words, op, sizeof(words));
	words[2] |= BIT(38);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		words[3] = cases[i].word;
		begin();
		assert_true(trace_ibs(&out, IBS_OP, raw_of(raw, cases[i].capabilities, words, 4)));
		assert_string_equal(strstr(end(), "op_data2:\t") + 10, cases[i].text);
		assert_null(strstr(said, "IbsOpRip"));
	}
}

/* Cut anywhere it shows fewer registers; one that says it is none is none. */
static void raw_data_that_cannot_be(void **state)
{
	uint64_t none = op[0] & ~BIT(18);
	uint8_t raw[80];
	size_t longest = 0;

	(void)state;
	for (size_t size = 0; size <= 68; size++) {
		struct span s = raw_of(raw, 0, op, 8);

		s.end = s.at + size;
		begin();
		assert_int_equal(trace_ibs(&out, IBS_OP, s), size >= 12);
		assert_true(strlen(end()) >= longest);
		longest = strlen(said);
	}
	begin();
	assert_false(trace_ibs(&out, IBS_OP, raw_of(raw, 0, &none, 1)));
	assert_string_equal(end(), "");
}

/* Headers by the Arm ARM's packet formats. */
static void packets(void **state)
{
	static const struct {
		uint8_t bytes[12], size;
		const char *text;
	} cases[] = {
		{ { 0xb0, 0x40, 0x10, 0x08, 0x80, 0, 0x80, 0xff, 0xc0 }, 9,
			"PC 0xff800080081040 el2 ns=1" },
		{ { 0xb1, 0x00, 0x10, 0, 0, 0, 0, 0, 0x80 }, 9, "TGT 0x1000 el0 ns=1" },
		{ { 0xb2, 1, 2, 3, 4, 0, 0, 0xff, 0xb4 }, 9, "VA 0xb4ff000004030201" },
		{ { 0xb3, 1, 0, 0, 0, 0, 0, 0, 0xc5 }, 9, "PA 0x1 ns=1 ch=1 pat=5" },
		{ { 0xb4, 1, 0, 0, 0, 0, 0, 0, 0x20 }, 9, "PBT 0x1 el1 ns=0" },
		{ { 0x21, 0xb0, 1, 0, 0, 0, 0, 0, 0, 0 }, 10, "ADDR 0x1 (8)" },
		{ { 0x98, 0x34, 0x12 }, 3, "LAT 4660 TOT" },
		{ { 0x99, 3, 0 }, 3, "LAT 3 ISSUE" },
		{ { 0x9a, 3, 0 }, 3, "LAT 3 XLAT" },
		{ { 0x9b, 3, 0 }, 3, "LAT 3" },
		{ { 0x20, 0x9a, 7, 0 }, 4, "LAT 7 XLAT" },
		{ { 0x65, 0x11, 0x22, 0, 0 }, 5, "CONTEXT 0x2211 el2" },
		{ { 0x52, 0x1e, 0x04 }, 3,
			"EV RETIRED L1D-ACCESS L1D-REFILL TLB-ACCESS REMOTE-ACCESS" },
		{ { 0x62, 0, 0, 6, 0x80 }, 5, "EV SVE-PARTIAL-PRED SVE-EMPTY-PRED" },
		{ { 0x43, 0x08 }, 2, "DATA-SOURCE 8" },
		{ { 0x48, 0x00 }, 2, "OTHER INSN-OTHER" },
		{ { 0x48, 0x01 }, 2, "OTHER COND-SELECT" },
		{ { 0x48, 0x2a }, 2, "SVE-OTHER EVLEN 128 FP" },
		{ { 0x49, 0x00 }, 2, "LD GP-REG" },
		{ { 0x49, 0x05 }, 2, "ST SIMD-FP" },
		{ { 0x49, 0x1e }, 2, "LD AT EXCL AR" },
		{ { 0x49, 0x25 }, 2, "ST MEMSET" },
		{ { 0x49, 0x98 }, 2, "LD EVLEN 64 SG" },
		{ { 0x4a, 0x03 }, 2, "B COND IND" },
		{ { 0x4b, 0x03 }, 2, "OP-TYPE 0x3 (3)" },
		{ { 0x71, 1, 0, 0, 0, 0, 0, 0, 0 }, 9, "TS 1" },
		{ { 0x01 }, 1, "END" },
		{ { 0, 0, 0 }, 3, "PAD" },
		{ { 0x22, 0, 0, 0, 0, 0, 0, 0 }, 8, "PAD" },
		{ { 0xff }, 1, "BAD" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *colon, *text;

		begin();
		assert_int_equal(
			trace_spe(&out, span_of(cases[i].bytes, cases[i].size), 0x40, false),
			cases[i].size);
		colon = strchr(end(), ':');
		text = colon + 2 + 3 * 16 + 1;
		assert_memory_equal(said, ".  00000040: ", 13);
		assert_int_equal(strlen(text), strlen(cases[i].text) + 1);
		assert_memory_equal(text, cases[i].text, strlen(cases[i].text));
	}
}

/* A packet whose end is not there is a byte that is none, and reading goes on behind it. */
static void packets_that_are_cut(void **state)
{
	static const uint8_t bytes[] = { 0xb0, 1, 1, 1, 1, 1, 1, 1, 1, 0x20 };
	struct span s = span_of(bytes, sizeof(bytes));
	struct spe_packet p;
	int bad = 0;

	(void)state;
	assert_true(spe_next(&s, 0, &p));
	assert_int_equal(p.kind, SPE_ADDRESS);
	assert_true(spe_next(&s, 9, &p));
	assert_int_equal(p.kind, SPE_BAD);
	assert_false(spe_next(&s, 10, &p));
	s = span_of(bytes, 8);
	while (spe_next(&s, 0, &p))
		bad += p.kind == SPE_BAD;
	assert_int_equal(bad, 1);
	s = span_of((const uint8_t[]){ 0x23, 0, 0 }, 3);
	assert_true(spe_next(&s, 0, &p));
	assert_int_equal(p.kind, SPE_BAD);
}

/* Alignment goes by where the packet lies in the trace. */
static void alignment(void **state)
{
	static const uint8_t bytes[16] = { 0x21, 0 };
	struct span s = span_of(bytes, sizeof(bytes));
	struct spe_packet p;

	(void)state;
	assert_true(spe_next(&s, 5, &p));
	assert_int_equal(p.kind, SPE_PADDING);
	assert_int_equal(p.size, 3);
}

static char recorded[32768];
static size_t recorded_size;

static void put(const void *bytes, size_t size)
{
	memcpy(recorded + recorded_size, bytes, size);
	recorded_size += size;
}

static void put_record(uint32_t type, const void *body, size_t size)
{
	put(&(struct perf_event_header){ type, 0,
		    (uint16_t)(sizeof(struct perf_event_header) + size) },
		sizeof(struct perf_event_header));
	put(body, size);
}

/* A pipe's recording with two IBS events' types, one sample, and SPE's bytes in two pieces. */
static void make_recording(const uint8_t *trace, size_t size)
{
	struct {
		struct perf_event_attr attr;
		uint64_t id;
	} attr = { { .type = 9,
			   .size = sizeof(attr.attr),
			   .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_RAW },
		7 };
	struct {
		uint64_t feature;
		uint32_t count, type, bytes;
		char name[12];
		uint32_t type_2, bytes_2;
		char name_2[8];
	} pmus = { HEADER_PMU_MAPPINGS, 2, 8, 12, "ibs_fetch", 9, 8, "ibs_op" };
	uint8_t sample[8 + 4 + 4 + 64] = { 0 };
	uint32_t raw = 4 + 64;

	recorded_size = 0;
	put("PERFILE2", 8);
	put(&(uint64_t){ 16 }, 8);
	put_record(PERF_RECORD_HEADER_ATTR, &attr, sizeof(attr));
	put_record(PERF_RECORD_HEADER_FEATURE, &pmus, sizeof(pmus));
	memcpy(sample + 8, &raw, 4);
	memcpy(sample + 16, op, 64);
	put_record(PERF_RECORD_SAMPLE, sample, sizeof(sample));
	put_record(PERF_RECORD_AUXTRACE, (uint64_t[]){ size, 0, 0, 0, 0 }, 40);
	put(trace, size); /* before anything tells whose trace it is */
	put_record(PERF_RECORD_AUXTRACE_INFO, (uint64_t[]){ 4, 0 }, 16);
	put_record(PERF_RECORD_AUXTRACE, (uint64_t[]){ size, 0x100, 0, 0, 0 }, 40);
	put(trace, size);
}

static void a_recording(void **state)
{
	static uint8_t bytes[9 * 1000];
	static struct arena arena;
	struct trace trace;
	struct reader reader;
	int fd = memfd_create("made", 0), packets = 0;
	static char all[1 << 20];
	ssize_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i += 9)
		bytes[i] = 0x71, bytes[i + 1] = 42;
	make_recording(bytes, sizeof(bytes));
	assert_int_equal(write(fd, recorded, recorded_size), recorded_size);
	assert_int_equal(arena_reserve(&arena, 4 << 20), 0);
	assert_int_equal(reader_open(&reader, fd, &arena), READER_OK);
	trace_begin(&trace, &reader);
	assert_int_equal(trace.ibs_type[IBS_FETCH], 8);
	assert_int_equal(trace.ibs_type[IBS_OP], 9);
	begin();
	while (reader_next(&reader) == READER_OK)
		trace_record(&trace, &out, &reader);
	assert_int_equal(reader.payload_bytes, 2 * sizeof(bytes));
	reader_close(&reader);
	assert_int_equal(out_flush(&out), 0);
	got = pread(out.fd, all, sizeof(all) - 1, 0);
	assert_true(got > 0);
	close(out.fd);
	assert_memory_equal(all, "ibs_op_ctl:", 11);
	for (const char *at = all; (at = strstr(at, " TS 42\n")); at++)
		packets++;
	assert_int_equal(packets, 1000);
	assert_non_null(strstr(all, "\n.  00000100:  71 2a "));
	assert_null(strstr(all, "BAD"));
	arena_release(&arena);
}

static void names_of_pmus(void **state)
{
	enum ibs_kind kind;

	(void)state;
	assert_true(trace_ibs_pmu("ibs_op", &kind));
	assert_int_equal(kind, IBS_OP);
	assert_true(trace_ibs_pmu("ibs_fetch", &kind));
	assert_int_equal(kind, IBS_FETCH);
	assert_false(trace_ibs_pmu("ibs", &kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fetch),
		cmocka_unit_test(what_is_told_depends),
		cmocka_unit_test(an_op),
		cmocka_unit_test(sources_of_data),
		cmocka_unit_test(raw_data_that_cannot_be),
		cmocka_unit_test(packets),
		cmocka_unit_test(packets_that_are_cut),
		cmocka_unit_test(alignment),
		cmocka_unit_test(names_of_pmus),
		cmocka_unit_test(a_recording),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
