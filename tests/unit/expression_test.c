#include "unit.h"

#include "profile/expression.h"

#define SP 0x1000

static const uint64_t words[] = { 0x1122334455667788, 42, SP };
static const struct stack_copy stack = { (const uint8_t *)words, SP, sizeof(words), 8, NULL };
static struct registers regs; /* rsp = SP, rip = 0x40000f */

/* Bytes, and what they come to with 7 on the stack; see DWARF 5, 7.7.1 for the numbers. */
static const struct {
	uint8_t bytes[12], size;
	uint64_t result;
} good[] = {
	{ { 0x35 }, 1, 5 },
	{ { 0x09, 0xff }, 2, UINT64_MAX },		  /* const1s -1 */
	{ { 0x0a, 0x34, 0x12 }, 3, 0x1234 },		  /* const2u */
	{ { 0x10, 0xe5, 0x8e, 0x26 }, 4, 624485 },	  /* constu */
	{ { 0x11, 0x80, 0x7f }, 3, (uint64_t)-128 },	  /* consts */
	{ { 0x77, 0x08, 0x06 }, 3, 42 },		  /* breg7 8, deref */
	{ { 0x77, 0x00, 0x94, 0x01 }, 4, 0x88 },	  /* deref_size 1 */
	{ { 0x92, 0x07, 0x10 }, 3, SP + 16 },		  /* bregx 7 16 */
	{ { 0x33, 0x32, 0x31, 0x17, 0x1c }, 5, 3 - 2 },	  /* rot: 1 3 2, minus */
	{ { 0x33, 0x32, 0x16, 0x1c }, 4, (uint64_t)-1 },  /* swap */
	{ { 0x33, 0x14, 0x22 }, 3, 10 },		  /* over: 7 3 7, plus */
	{ { 0x12, 0x1e }, 2, 49 },			  /* dup, mul */
	{ { 0x15, 0x00, 0x22 }, 3, 14 },		  /* pick 0, plus */
	{ { 0x11, 0x79, 0x33, 0x1b }, 4, (uint64_t)-2 },  /* -7 / 3 */
	{ { 0x11, 0x79, 0x19 }, 3, 7 },			  /* abs */
	{ { 0x11, 0x70, 0x32, 0x26 }, 4, (uint64_t)-4 },  /* -16 shra 2 */
	{ { 0x31, 0x08, 64, 0x24 }, 4, 0 },		  /* 1 shl 64 */
	{ { 0x31, 0x28, 0x01, 0x00, 0x32, 0x36 }, 6, 6 }, /* bra over lit2 */
	{ { 0x23, 0x81, 0x01 }, 3, 7 + 129 },		  /* plus_uconst */
	/* where a procedure linkage table stands: rsp + 8 + (rip & 15 >= 11) * 8 */
	{ { 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 }, 11, SP + 16 },
};

static const struct {
	uint8_t bytes[40], size;
} bad[] = {
	{ { 0x30, 0x1b }, 2 },		   /* 7 / 0 */
	{ { 0x30, 0x1d }, 2 },		   /* 7 mod 0 */
	{ { 0x22 }, 1 },		   /* plus without a second */
	{ { 0x13, 0x13 }, 2 },		   /* drop twice */
	{ { 0x13 }, 1 },		   /* nothing left */
	{ { 0x2f, 0xfd, 0xff }, 3 },	   /* skip to itself */
	{ { 0x2f, 0xfc, 0xff }, 3 },	   /* before the beginning */
	{ { 0x2f, 0x01, 0x00 }, 3 },	   /* behind the end */
	{ { 0x08 }, 1 },		   /* cut operand */
	{ { 0x10, 0x80, 0x80 }, 3 },	   /* cut LEB128 */
	{ { 0x77, 0x70, 0x06 }, 3 },	   /* below the stack */
	{ { 0x77, 0x14, 0x06 }, 3 },	   /* across its end */
	{ { 0x08, 0xff, 0x06 }, 3 },	   /* nowhere */
	{ { 0x71, 0x00 }, 2 },		   /* a register that is not known */
	{ { 0x92, 0xff, 0x7f, 0x00 }, 4 }, /* one that nobody has */
	{ { 0x77, 0x00, 0x94, 0x09 }, 4 }, /* nine bytes */
	{ { 0xe0 }, 1 },		   /* no operation */
	{ { 0x15, 0x20 }, 2 },		   /* pick what is not there */
	{ { [0 ... 35] = 0x12 }, 36 },	   /* too deep */
};

static bool run(const uint8_t *bytes, size_t size, uint64_t *result)
{
	return expression_run(
		span_of(bytes, size), arch_x86_64.frames, &regs, &stack, true, 7, result);
}

static int setup(void **state)
{
	(void)state;
	regs.value[7] = SP;
	regs.value[8] = 0x40000f;
	regs.known = 1 << 7 | 1 << 8;
	return 0;
}

static void evaluates(void **state)
{
	uint64_t result;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		result = 0;
		if (!run(good[i].bytes, good[i].size, &result) || result != good[i].result)
			fail_msg("row %zu: %llx", i, (unsigned long long)result);
	}
}

static void refuses(void **state)
{
	uint64_t result;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (run(bad[i].bytes, bad[i].size, &result))
			fail_msg("row %zu: %llx", i, (unsigned long long)result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evaluates),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
