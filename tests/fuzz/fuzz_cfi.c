#include "profile/cfi.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span all;

static bool read_at(void *file, void *to, size_t size, uint64_t offset)
{
	(void)file;
	if (offset > span_left(&all) || size > span_left(&all) - offset)
		return false;
	memcpy(to, all.at + offset, size);
	return true;
}

/* A row's expressions over registers and a stack of any content. */
static void evaluate(const struct cfi *cfi, const struct cfi_row *row, const uint8_t *stack)
{
	struct registers regs = { .known = UINT64_MAX };
	struct stack_copy copy = { stack, 0x7000, 64, cfi->frames->word_bytes, NULL };
	uint64_t result;

	for (unsigned r = 0; r < ARCH_REGS; r++) {
		const struct cfi_rule *rule = &row->reg[r];

		regs.value[r] = 0x7000 + r;
		if (rule->kind >= CFI_AT_EXPRESSION)
			expression_run(span_of(row->text + rule->offset, rule->size), cfi->frames,
				&regs, &copy, true, 0x7010, &result);
	}
	if (row->cfa.kind == CFI_IS_EXPRESSION)
		expression_run(span_of(row->text + row->cfa.offset, row->cfa.size), cfi->frames,
			&regs, &copy, false, 0, &result);
}

/* The first byte chooses architecture and section, the second the size of a header; 64 bytes of
 * stack; then header and section. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arch_frames *frames[4];
	static struct cfi_row row;
	struct cfi_entry entries[64];
	struct cfi cfi = { .read_at = read_at };
	uint8_t choice, header;
	const uint8_t *stack;
	uint32_t count;

	all = span_of(data, size);
	choice = span_u8(&all);
	header = span_u8(&all);
	stack = span_take(&all, 64);
	if (!stack)
		return 0;
	frames[0] = arch_x86_64.frames;
	frames[1] = arch_arm64.frames;
	frames[2] = arch_x86_64.frames_32;
	frames[3] = arch_x86_64.frames;
	cfi.frames = frames[choice & 3];
	cfi.debug = choice & 4;
	cfi.offset = header < span_left(&all) ? header : 0;
	cfi.bytes = span_left(&all) - cfi.offset;
	cfi.address = 0x1000 + cfi.offset;
	if (choice & 8)
		cfi_header(&cfi, 0, header, 0x1000);
	if (!cfi.count) {
		count = cfi_list(&cfi, &row, entries, 64);
		cfi.entries = entries;
		cfi.count = count < 64 ? count : 64;
	}
	for (uint32_t i = 0; i < cfi.count && i < 64; i++) {
		uint64_t start = cfi.entries ? cfi.entries[i].start : 0x1000 + i * 16;

		for (uint64_t by = 0; by < 32; by += 5)
			if (cfi_find(&cfi, start + by, &row) == CFI_OK)
				evaluate(&cfi, &row, stack);
	}
	return 0;
}
