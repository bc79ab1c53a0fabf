#include "unit.h"

#include "profile/elf.h"
#include "profile/unwind.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A file made by hand, mapped at BASE: functions of 64 bytes with frame information, and some code
 * without. The same stacks on both architectures; only where a return address lies differs.
 */
#define BASE 0x10000ull
#define STACK 0x7000ull
enum {
	HEADER = 0x200,
	FRAMES = 0x210,
	LEAF = 0x400,	  /* CFA sp + 8 (x86_64) or sp (arm64) */
	MIDDLE = 0x440,	  /* CFA sp + 32, return address at -8, frame pointer at -16 */
	BY_FP = 0x480,	  /* CFA fp + 16, likewise */
	FIRST = 0x4c0,	  /* has no caller */
	CALLS = 0x500,	  /* as MIDDLE, and calls BARE */
	BARE = 0x600,	  /* has no frame information */
	SIGRETURN = 0x700 /* the end of a signal handler, without any either */
};

static struct arena arena;
static struct images images;
static struct processes processes;
static struct unwinder unwinder;
static const struct arch *arch;
static uint64_t regs[ARCH_REGS], stack[128];
static uint8_t file[0x1000];
static char path[32];
static int fd = -1;

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* An entry of .eh_frame: its id or CIE pointer, then the body, padded with nops. */
static uint8_t *entry(uint8_t *at, uint32_t id, const uint8_t *body, size_t size)
{
	uint32_t length = (uint32_t)(4 + size + 3) & ~3u;

	at = put(at, &length, 4);
	at = put(at, &id, 4);
	memset(at, 0, length - 4);
	memcpy(at, body, size);
	return at + length - 4;
}

static uint8_t *fde(uint8_t *at, uint32_t start, const uint8_t *program, size_t size)
{
	uint8_t body[64] = { 0 };
	uint32_t bytes = 64;

	memcpy(body, &start, 4);
	memcpy(body + 4, &bytes, 4);
	memcpy(body + 9, program, size);
	return entry(at, (uint32_t)(at + 4 - (file + FRAMES)), body, 9 + size);
}

static void write_frames(void)
{
	bool arm = arch == &arch_arm64;
	uint8_t ra = arm ? 30 : 16, sp = arm ? 31 : 7, fp = arm ? 29 : 6;
	/* version 1, "zR", code 1, data -8, return address, 1 byte: absolute and 4 bytes */
	uint8_t x86[] = { 1, 'z', 'R', 0, 1, 0x78, ra, 1, 3, 0x0c, sp, 8, 0x80 | ra, 1 };
	uint8_t arm64[] = { 1, 'z', 'R', 0, 1, 0x78, ra, 1, 3, 0x0c, sp, 0 };
	uint8_t middle[] = { 0x0c, sp, 32, 0x80 | ra, 1, 0x80 | fp, 2 };
	uint8_t by_fp[] = { 0x0c, fp, 16, 0x80 | ra, 1, 0x80 | fp, 2 };
	uint8_t first[] = { 7, ra };
	uint8_t header[] = { 1, 3, 0xff, 0xff, FRAMES & 255, FRAMES >> 8, 0, 0 };
	uint8_t *at = file + FRAMES;

	put(file + HEADER, header, sizeof(header));
	at = entry(at, 0, arm ? arm64 : x86, arm ? sizeof(arm64) : sizeof(x86));
	at = fde(at, LEAF, first, 0);
	at = fde(at, MIDDLE, middle, sizeof(middle));
	at = fde(at, BY_FP, by_fp, sizeof(by_fp));
	at = fde(at, FIRST, first, sizeof(first));
	at = fde(at, CALLS, middle, sizeof(middle));
	memset(at, 0, 4);
}

/* CALLS + 16 is where BARE returns to. */
static void write_code(void)
{
	const struct arch_frames *f = arch->frames;
	int32_t by = BARE - (CALLS + 16);
	uint32_t bl = 0x94000000u | ((uint32_t)(by + 4) / 4 & 0x3ffffff);

	if (arch == &arch_arm64) {
		put(file + CALLS + 12, &bl, 4);
	} else {
		file[CALLS + 11] = 0xe8;
		put(file + CALLS + 12, &by, 4);
	}
	put(file + SIGRETURN, f->sigreturn, f->sigreturn_bytes);
}

static void write_file(void)
{
	struct {
		uint8_t ident[16];
		uint16_t type, machine;
		uint32_t version;
		uint64_t entry, segments, sections;
		uint32_t flags;
		uint16_t rest[6];
		struct {
			uint32_t type, flags;
			uint64_t offset, address, physical, file_bytes, memory_bytes, align;
		} segment[2];
	} elf = { { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, 3, arch->elf_machine, 1, 0xf00, 64, 0, 0,
		{ 64, 56, 2, 64, 0, 0 },
		{ { ELF_PT_LOAD, 5, 0, 0, 0, sizeof(file), sizeof(file), 4096 },
			{ ELF_PT_GNU_EH_FRAME, 4, HEADER, HEADER, 0, 8, 8, 4 } } };

	memset(file, 0, sizeof(file));
	put(file, &elf, sizeof(elf));
	write_frames();
	write_code();
	assert_int_equal(pwrite(fd, file, sizeof(file), 0), sizeof(file));
}

static void begin(const struct arch *on)
{
	static const struct resolve_options options;
	struct record map = { .type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.mmap = { .pid = 7, .tid = 7, .start = BASE, .size = sizeof(file), .path = path } };

	arch = on;
	write_file();
	arena_back(&arena, 0);
	images_init(&images, &arena);
	processes_init(&processes, &arena, &images);
	processes_tell(&processes, &map, 0);
	assert_true(unwind_init(&unwinder, &arena, &processes, &options, arch));
	memset(regs, 0, sizeof(regs));
	memset(stack, 0, sizeof(stack));
	regs[arch->frames->sp] = STACK;
	regs[arch->frames->fp] = 1;
}

/* What the LEAF at `offset` returns to: x86_64 has it on the stack, arm64 in lr. The index in the
 * stack of what lies above. */
static unsigned leaf(unsigned offset, uint64_t caller)
{
	regs[arch->frames->ip] = BASE + offset;
	if (arch->frames->lr < ARCH_REGS) {
		regs[arch->frames->lr] = caller;
		return 0;
	}
	stack[0] = caller;
	return 1;
}

static enum unwind_stop run(size_t stack_words, uint32_t depth, struct sample *sample)
{
	static const uint64_t kernel[] = { PERF_CONTEXT_KERNEL, 0xffffffff81000000 };

	*sample = (struct sample){ .type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.pid = 7,
		.chain = { kernel, 2 },
		.user_regs = { PERF_SAMPLE_REGS_ABI_64, 0x1ffffffff, regs, ARCH_REGS },
		.user_stack = { stack, stack_words * 8 } };
	return unwind_sample(&unwinder, sample, 1, depth);
}

static void expect(enum unwind_stop stop, size_t stack_words, const unsigned *offsets, size_t count)
{
	struct sample s;

	assert_int_equal(run(stack_words, 100, &s), stop);
	assert_int_equal(s.chain.count, 3 + count);
	assert_int_equal(s.chain.at[1], 0xffffffff81000000);
	assert_int_equal(s.chain.at[2], PERF_CONTEXT_USER);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(s.chain.at[3 + i], BASE + offsets[i]);
	assert_int_equal(unwinder.stops[stop], 1);
}

#define EXPECT(stop, words, ...)                                                                   \
	expect(stop, words, (const unsigned[]){ __VA_ARGS__ },                                     \
		sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))
#define ON_BOTH(on) for (const struct arch **on = both; *on; on++)
static const struct arch *both[] = { &arch_x86_64, &arch_arm64, NULL };

static void to_the_first_function(void **state)
{
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		at = leaf(LEAF + 8, BASE + MIDDLE + 64); /* a call ended it: still MIDDLE */
		stack[at + 2] = STACK + 8 * (at + 6);	 /* the caller's frame pointer */
		stack[at + 3] = BASE + BY_FP + 8;
		stack[at + 7] = BASE + FIRST + 4;
		EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, MIDDLE + 64, BY_FP + 8, FIRST + 4);
	}
}

static void signed_addresses_lose_their_signature(void **state)
{
	(void)state;
	begin(&arch_arm64);
	leaf(LEAF + 8, (BASE + MIDDLE + 8) | 0x2a7f000000000000);
	stack[3] = (BASE + FIRST + 4) | 0x0013000000000000;
	EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, MIDDLE + 8, FIRST + 4);
}

static void copies_end(void **state)
{
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		at = leaf(LEAF + 8, BASE + MIDDLE + 8);
		EXPECT(UNWIND_COPY_END, at + 3, LEAF + 8, MIDDLE + 8);
	}
}

static void frames_grow(void **state)
{
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		at = leaf(LEAF + 8, BASE + BY_FP + 8);
		/* a frame that is its own caller */
		regs[arch->frames->fp] = STACK + 8 * (at + 2);
		stack[at + 2] = STACK + 8 * (at + 2);
		stack[at + 3] = BASE + BY_FP + 8;
		EXPECT(UNWIND_NO_GROWTH, 128, LEAF + 8, BY_FP + 8, BY_FP + 8);

		begin(*on); /* one that is below */
		at = leaf(LEAF + 8, BASE + MIDDLE + 8);
		stack[at + 2] = STACK + 8;
		stack[at + 3] = BASE + BY_FP + 8;
		stack[2] = stack[2] ? stack[2] : BASE + FIRST + 4;
		EXPECT(UNWIND_NO_GROWTH, 128, LEAF + 8, MIDDLE + 8, BY_FP + 8);
	}
}

static void chains_are_cut(void **state)
{
	struct sample s;
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		at = leaf(LEAF + 8, BASE + MIDDLE + 8);
		for (; at + 3 < 128; at += 4)
			stack[at + 3] = BASE + MIDDLE + 8;
		assert_int_equal(run(128, 5, &s), UNWIND_DEEP);
		assert_int_equal(s.chain.count, 3 + 5);
		assert_int_equal(run(128, 0, &s), UNWIND_NO_STACK);
		assert_int_equal(s.chain.count, 2);
	}
}

/* Both where the leaf has none, and where a caller has none. */
static void code_without_frame_information(void **state)
{
	(void)state;
	ON_BOTH(on)
	{
		unsigned at;

		begin(*on);
		at = leaf(BARE + 8, BASE + CALLS + 16);
		stack[at + 3] = BASE + FIRST + 4;
		EXPECT(UNWIND_COMPLETE, 128, BARE + 8, CALLS + 16, FIRST + 4);

		begin(*on);
		at = leaf(LEAF + 8, BASE + BARE + 32);
		stack[at] = BASE + BARE + 12; /* no call stands before these */
		stack[at + 1] = BASE + CALLS + 20;
		stack[at + 2] = BASE + CALLS + 16;
		stack[at + 6] = BASE + FIRST + 4;
		EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, BARE + 32, CALLS + 16, FIRST + 4);

		begin(*on);
		leaf(LEAF + 8, BASE + BARE + 32);
		EXPECT(UNWIND_NO_CFI, 128, LEAF + 8, BARE + 32);

		begin(*on); /* where a frame pointer of zero marks the end */
		leaf(LEAF + 8, BASE + BARE + 32);
		regs[arch->frames->fp] = 0;
		EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, BARE + 32);
	}
}

/* The interrupted address is exact: at the very begin of LEAF, where no call can have come from. */
static void signals(void **state)
{
	(void)state;
	ON_BOTH(on)
	{
		const struct arch_frames *f = (*on)->frames;
		unsigned at;
		uint64_t *context;

		begin(*on);
		at = leaf(LEAF + 8, BASE + SIGRETURN);
		context = stack + at + f->context_offset / 8;
		for (unsigned i = 0; i < f->context_count; i++) {
			if (f->context[i] == f->ip)
				context[i] = BASE + LEAF;
			if (f->context[i] == f->sp)
				context[i] = STACK + 8 * 100;
			if (f->context[i] == f->lr)
				context[i] = BASE + FIRST + 4;
		}
		if (f->lr == ARCH_NO_REG)
			stack[100] = BASE + FIRST + 4;
		EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, SIGRETURN, LEAF, FIRST + 4);
	}
}

static void no_stack_no_chain(void **state)
{
	struct sample s = { .user_regs = { .abi = PERF_SAMPLE_REGS_ABI_NONE } };

	(void)state;
	begin(&arch_x86_64);
	assert_int_equal(unwind_sample(&unwinder, &s, 1, 100), UNWIND_NO_STACK);
	assert_int_equal(s.chain.count, 0);
	begin(&arch_arm64); /* 32-bit Arm has no frame information of this kind */
	s.user_regs = (struct sample_regs){ PERF_SAMPLE_REGS_ABI_32, 0x1ffffffff, regs, ARCH_REGS };
	assert_int_equal(unwind_sample(&unwinder, &s, 1, 100), UNWIND_NO_STACK);
}

static void outside_every_mapping(void **state)
{
	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		regs[arch->frames->ip] = 0x30000;
		regs[arch->frames->lr < ARCH_REGS ? arch->frames->lr : 0] = 0x30000;
		EXPECT(UNWIND_NO_IMAGE, 128, 0x30000 - BASE);
	}
}

static void registers_of_a_future_kernel(void **state)
{
	struct sample s = { .user_regs = {
				    PERF_SAMPLE_REGS_ABI_MAX, 0x1ffffffff, regs, ARCH_REGS } };

	(void)state;
	begin(&arch_x86_64);
	assert_int_equal(unwind_sample(&unwinder, &s, 1, 100), UNWIND_NO_STACK);
}

/* Rules are made once, not at each sample. */
static void rules_are_kept(void **state)
{
	uint64_t made;
	struct sample s;
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		at = leaf(LEAF + 8, BASE + MIDDLE + 8);
		stack[at + 3] = BASE + FIRST + 4;
		assert_int_equal(run(128, 100, &s), UNWIND_COMPLETE);
		made = unwinder.rules_made;
		assert_int_equal(made, 3);
		for (int i = 0; i < 10; i++)
			assert_int_equal(run(128, 100, &s), UNWIND_COMPLETE);
		assert_int_equal(unwinder.rules_made, made);
	}
}

/* Without room for what a file tells, frames are lost, and the loss is counted. */
static void a_full_arena(void **state)
{
	struct sample s;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		leaf(LEAF + 8, BASE + MIDDLE + 8);
		process_find(&processes, 7, BASE, 1); /* has what it needs */
		arena.used = arena.size;
		assert_int_not_equal(run(128, 100, &s), UNWIND_COMPLETE);
		assert_true(s.chain.count >= 4);
		assert_int_equal(s.chain.at[3], BASE + LEAF + 8);
		assert_true(unwinder.codes.dropped > 0);
	}
}

static bool more_words(struct stack_rest *rest, uint64_t bytes)
{
	uint64_t *most = rest->context;

	if (bytes > *most)
		return false;
	rest->here = bytes;
	return true;
}

/* A stack that is read as far as it is looked at, and one whose rest cannot be read. */
static void stacks_in_parts(void **state)
{
	uint64_t most = 128 * 8;
	struct stack_rest rest = { .more = more_words, .context = &most };
	unsigned at;

	(void)state;
	ON_BOTH(on)
	{
		begin(*on);
		unwinder.rest = &rest;
		most = 128 * 8;
		rest.here = 0;
		at = leaf(LEAF + 8, BASE + MIDDLE + 8);
		stack[at + 3] = BASE + FIRST + 4;
		EXPECT(UNWIND_COMPLETE, 128, LEAF + 8, MIDDLE + 8, FIRST + 4);
		assert_int_equal(rest.here, (at + 4) * 8);
		rest.here = 0;
		most = (at + 3) * 8;
		EXPECT(UNWIND_COPY_END, 128, LEAF + 8, MIDDLE + 8);
	}
}

static int setup(void **state)
{
	(void)state;
	fd = memfd_create("made", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 || arena_reserve(&arena, 4 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_first_function),
		cmocka_unit_test(signed_addresses_lose_their_signature),
		cmocka_unit_test(copies_end),
		cmocka_unit_test(frames_grow),
		cmocka_unit_test(chains_are_cut),
		cmocka_unit_test(code_without_frame_information),
		cmocka_unit_test(signals),
		cmocka_unit_test(no_stack_no_chain),
		cmocka_unit_test(outside_every_mapping),
		cmocka_unit_test(registers_of_a_future_kernel),
		cmocka_unit_test(rules_are_kept),
		cmocka_unit_test(a_full_arena),
		cmocka_unit_test(stacks_in_parts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
