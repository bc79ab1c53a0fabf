#include "unit.h"

#include "data/memory.h"

#include <string.h>

/* As perf 6.1 script -F data_src prints them. */
static const struct {
	uint64_t value;
	const char *text;
} known[] = {
	{ 0x260101800250, "|OP EXEC|LVL board  hit|SNP HitM|TLB Fault|LCK N/A|BLK  Data Addr" },
	{ 0x18048000c0, "|OP No|LVL LFB/MAB hit miss|SNP HitM|TLB N/A|LCK No|BLK  N/A" },
	{ 0x13629080021,
		"|OP N/A|LVL Remote N/A or Any cache|SNP N/A|TLB L1 hit|LCK N/A|BLK  N/A" },
	{ 0x24900080148, "|OP PFETCH|LVL L1 or L4 hit|SNP N/A or Fwd|TLB Fault|LCK No|BLK  Data" },
	{ 0x220806808042, "|OP LOAD|LVL board L4 hit|SNP HitM|TLB N/A|LCK Yes|BLK  Data" },
	{ 0x1a1c28100142,
		"|OP LOAD|LVL socket, same board PMEM hit|SNP None|TLB L1 hit|LCK No|BLK  Data" },
	{ 0x2582a200240,
		"|OP No|LVL LFB/MAB or LFB/MAB hit|SNP Hit or Fwd|TLB L1 hit|LCK Yes|BLK  Data" },
	{ 0x1c0029080082,
		"|OP LOAD|LVL socket, same board  miss|SNP N/A|TLB L1 hit|LCK N/A|BLK  Addr" },
	{ 0x21a01000240, "|OP No|LVL LFB/MAB or RAM hit|SNP N/A|TLB N/A|LCK N/A|BLK  Data" },
	{ 0x60068000022, "|OP LOAD|LVL N/A|SNP N/A|TLB L1 or L2 hit|LCK No|BLK  Data Addr" },
	{ 0x122004200006,
		"|OP LOAD|LVL Remote node, same socket |SNP Hit|TLB N/A|LCK No|BLK  Data" },
	{ 0x60000101046, "|OP LOAD|LVL Local RAM hit|SNP None|TLB N/A|LCK No|BLK  Data Addr" },
	{ 0x21a51800444, "|OP STORE|LVL L2 or RAM hit|SNP HitM|TLB L2 miss|LCK N/A|BLK  Data" },
	{ 0x29e91200442,
		"|OP LOAD|LVL L2 or N/A hit|SNP Hit or Peer|TLB Walker miss|LCK N/A|BLK  Data" },
	{ 0x11c02140000, "|OP No|LVL Uncached or PMEM|SNP None|TLB N/A|LCK Yes|BLK  N/A" },
	{ 0x2050840002, "|OP LOAD|LVL Remote Uncached|SNP HitM|TLB L2 miss|LCK No|BLK  N/A" },
	{ 0x6126a000450,
		"|OP EXEC|LVL L2 or CXL hit|SNP N/A|TLB L1 or L2 hit|LCK Yes|BLK  Data Addr" },
	{ 0x10101200144, "|OP STORE|LVL L1 hit|SNP Hit|TLB Fault|LCK N/A|BLK  N/A" },
	{ 0x40005200850, "|OP EXEC|LVL L3 hit|SNP Hit|TLB N/A|LCK N/A|BLK  Addr" },
	{ 0x20091420042, "|OP LOAD|LVL I/O hit|SNP Miss|TLB Walker miss|LCK N/A|BLK  Data" },
	{ 0x121e50101044,
		"|OP STORE|LVL node, same socket N/A hit|SNP None|TLB L2 miss|LCK No|BLK  Data" },
	{ 0x1e0029080041,
		"|OP N/A|LVL socket, same board  hit|SNP N/A|TLB L1 hit|LCK N/A|BLK  Data Addr" },
	{ 0x1206840004, "|OP STORE|LVL Uncached or CXL|SNP HitM|TLB N/A|LCK Yes|BLK  N/A" },
	{ 0x401010000d0, "|OP EXEC|LVL N/A hit miss|SNP N/A|TLB Fault|LCK N/A|BLK  Addr" },
};

static void words_are_perfs(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		memory_text(text, sizeof(text), known[i].value);
		assert_string_equal(text, known[i].text);
	}
}

static void small_rooms_are_kept(void **state)
{
	char text[300];

	(void)state;
	for (size_t cap = 1; cap < sizeof(text); cap++) {
		memset(text, 'x', sizeof(text));
		memory_text(text, cap, UINT64_MAX);
		assert_true(strlen(text) < cap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_perfs),
		cmocka_unit_test(small_rooms_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
