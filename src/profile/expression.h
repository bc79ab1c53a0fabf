#ifndef PROFILE_EXPRESSION_H
#define PROFILE_EXPRESSION_H

/*
 * DWARF expressions as call frame information uses them (DWARF 5, 2.5), over the registers of one
 * frame and a copy of its stack. The expression is not trusted: steps and depth are bounded.
 */

#include "arch.h"
#include "base/span.h"

/* Registers by perf's numbers. */
struct registers {
	uint64_t value[ARCH_REGS];
	uint64_t known; /* mask */
};

/* A copy of which only the first `here` bytes are read so far. */
struct stack_rest {
	uint64_t here;
	/* Reads on, at least up to `bytes`; false where that fails. */
	bool (*more)(struct stack_rest *rest, uint64_t bytes);
	void *context;
};

/* What was copied of a stack, the bytes at `start` and above. */
struct stack_copy {
	const uint8_t *bytes;
	uint64_t start, size;
	uint8_t word_bytes;
	struct stack_rest *rest; /* or NULL: all is there */
};

/* `bytes` bytes from an address on. NULL where they were not copied. */
static inline const uint8_t *stack_bytes(
	const struct stack_copy *stack, uint64_t address, uint64_t bytes)
{
	uint64_t at = address - stack->start, end = at + bytes;

	if (end > stack->size || end < at)
		return NULL;
	if (stack->rest && end > stack->rest->here && !stack->rest->more(stack->rest, end))
		return NULL;
	return stack->bytes + at;
}

/* The word at an address. False where it was not copied. */
static inline bool stack_word(const struct stack_copy *stack, uint64_t address, uint64_t *value)
{
	const uint8_t *at = stack_bytes(stack, address, stack->word_bytes);
	uint32_t narrow;

	if (!at)
		return false;
	if (stack->word_bytes == sizeof(*value)) {
		memcpy(value, at, sizeof(*value));
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		*value = narrow;
	}
	return true;
}

/* An integer in as many bytes as it needs (LEB128); bits above 63 are lost. */
uint64_t expression_uleb(struct span *s);
int64_t expression_sleb(struct span *s);

/* With `first` on the stack (the CFA) where `begins`. False where it cannot be evaluated. */
bool expression_run(struct span expression, const struct arch_frames *frames,
	const struct registers *regs, const struct stack_copy *stack, bool begins, uint64_t first,
	uint64_t *result);

#endif
