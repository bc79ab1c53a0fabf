#include "profile/unwind.h"

#define MAPPINGS 1024
#define RULES 4096
#define WAYS 4
#define RULE_REGS 12
#define NEAR_WORDS 64	       /* saved registers that lie so close are read together */
#define KERNEL_WORDS 256       /* of a chain, before the user part */
#define SCAN_WORDS 1024	       /* how far above sp a return address is looked for */
#define FUNCTION_MAX (8 << 10) /* bytes; a call that leads farther back is hardly one of it */
#define JUMP_BYTES 64	       /* of a function, in which it may have left for another */
#define STUB_BYTES 16	       /* of a procedure linkage table's entry */
#define PAGE_SHIFT 12
#define PROLOGUE_BYTES 4096 /* of a function, looked through for what it did to the stack */
#define UNKNOWN UINT64_MAX

enum rule_kind {
	RULE_SMALL,  /* CFA = register + offset, registers saved around it */
	RULE_ROW,    /* anything else that CFI says: asked for again each time */
	RULE_SIGNAL, /* the kernel's frame below a signal handler */
	RULE_END,    /* has no caller */
	RULE_NONE,   /* there is no CFI */
	RULE_BAD,
};

struct unwind_rule {
	const struct code *code;
	uint64_t where; /* offset in the image * 2 + exact */
	uint64_t saved; /* mask; of RULE_NONE: bytes into the function, or UNKNOWN */
	int32_t cfa_offset;
	uint8_t kind, cfa_reg, return_reg;
	int16_t at[RULE_REGS]; /* words from the CFA, in the order of the mask */
	int16_t low;	       /* the lowest of them, and how many there are from it up to the */
	uint16_t words;	       /* highest; 0: too many */
};

/* Where a page of a process belonged in [from_ns, until_ns). */
struct unwind_mapping {
	uint64_t page, from_ns, until_ns;
	const struct mapping *mapping;
	uint32_t pid, generation;
};

/* One stack on its way. */
struct walk {
	const struct arch_frames *frames;
	struct registers regs;
	struct stack_copy stack;
	uint64_t time_ns, address_mask;
	uint32_t pid;
	bool exact; /* ip is where execution stood, and no return address */
};

bool unwind_init(struct unwinder *unwinder, struct arena *arena, struct processes *processes,
	const struct resolve_options *options, const struct arch *arch)
{
	*unwinder = (struct unwinder){ .processes = processes, .arch = arch, .generation = 1 };
	unwinder->mappings = arena_array(arena, struct unwind_mapping, MAPPINGS);
	unwinder->rules = arena_array(arena, struct unwind_rule, RULES);
	unwinder->words = arena_array(arena, uint64_t, KERNEL_WORDS + 1 + UNWIND_DEPTH_MAX);
	unwinder->row = arena_new(arena, struct cfi_row);
	return codes_init(&unwinder->codes, arena, options) && unwinder->mappings &&
	       unwinder->rules && unwinder->words && unwinder->row;
}

void unwind_end(struct unwinder *unwinder)
{
	codes_end(&unwinder->codes);
}

void unwind_changed(struct unwinder *unwinder)
{
	unwinder->generation++;
}

static const struct mapping *mapping_of(struct unwinder *u, const struct walk *w, uint64_t address)
{
	uint64_t page = address >> PAGE_SHIFT;
	uint64_t mix = (page ^ (uint64_t)w->pid << 40) * 0x9e3779b97f4a7c15ull;
	struct unwind_mapping *m = &u->mappings[mix >> 54];
	struct process_hit hit;

	if (m->generation == u->generation && m->page == page && m->pid == w->pid &&
		w->time_ns >= m->from_ns && w->time_ns < m->until_ns)
		return m->mapping;
	hit = process_find(u->processes, w->pid, address, w->time_ns);
	*m = (struct unwind_mapping){ page, hit.from_ns, hit.until_ns, hit.mapping, w->pid,
		u->generation };
	return hit.mapping;
}

static uint64_t offset_in(const struct mapping *m, uint64_t address)
{
	return image_offset(m->image, address, m->start, m->pgoff);
}

static bool pack(struct unwind_rule *rule, const struct cfi_row *row, unsigned word_bytes)
{
	int count = 0, low = INT16_MAX, high = INT16_MIN;

	if (row->cfa.kind != CFI_IS)
		return false;
	rule->cfa_reg = row->cfa.reg;
	rule->cfa_offset = row->cfa.offset;
	rule->return_reg = row->return_reg;
	rule->saved = 0;
	for (unsigned r = 0; r < ARCH_REGS; r++) {
		const struct cfi_rule *reg = &row->reg[r];
		int32_t word = reg->offset / (int)word_bytes;

		if (reg->kind == CFI_SAME)
			continue;
		if (reg->kind != CFI_AT || reg->offset % (int)word_bytes || count == RULE_REGS ||
			word < INT16_MIN || word > INT16_MAX)
			return false;
		rule->saved |= 1ull << r;
		rule->at[count++] = (int16_t)word;
		low = word < low ? word : low;
		high = word > high ? word : high;
	}
	rule->low = (int16_t)low;
	rule->words = word_bytes == 8 && count && high - low < NEAR_WORDS
			      ? (uint16_t)(high - low + 1)
			      : 0;
	return true;
}

static bool is_sigreturn(struct code *code, uint64_t offset)
{
	uint8_t bytes[16];
	const struct arch_frames *f = code->frames;

	return code_bytes(code, bytes, f->sigreturn_bytes, offset) &&
	       !memcmp(bytes, f->sigreturn, f->sigreturn_bytes);
}

/* `offset` is where the frame stands: behind the call, unless `exact`. */
static void compile(struct unwinder *u, struct unwind_rule *rule, struct code *code,
	uint64_t offset, bool exact)
{
	struct cfi_row *row = u->row;
	enum cfi_status status = code_row(&u->codes, code, offset - !exact, row);

	if ((status || row->signal) && is_sigreturn(code, offset))
		rule->kind = RULE_SIGNAL;
	else if (status == CFI_NONE && code_is_entry(code, offset - !exact))
		rule->kind = RULE_END;
	else if (status == CFI_NONE) {
		rule->kind = RULE_NONE;
		rule->saved = (uint64_t)code_into_function(&u->codes, code, offset - !exact);
	} else if (status)
		rule->kind = RULE_BAD;
	else if (row->reg[row->return_reg].kind == CFI_UNDEFINED)
		rule->kind = RULE_END;
	else
		rule->kind = !row->signal && pack(rule, row, code->frames->word_bytes) ? RULE_SMALL
										       : RULE_ROW;
}

/* One of the WAYS places that a rule may have; the oldest gives way. */
static const struct unwind_rule *rule_of(
	struct unwinder *u, struct code *code, uint64_t offset, bool exact)
{
	uint64_t where = offset * 2 + exact;
	uint64_t mix = (where ^ (uintptr_t)code) * 0x9e3779b97f4a7c15ull;
	struct unwind_rule *set = &u->rules[(mix >> 52) / WAYS * WAYS], *rule = set;

	while (rule < set + WAYS && (rule->code != code || rule->where != where))
		rule++;
	if (rule < set + WAYS)
		return rule;
	u->rules_made++;
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	set->code = code;
	set->where = where;
	compile(u, set, code, offset, exact);
	return set;
}

/* To the caller, whose frame begins at `cfa` and continues at `ip`. */
static enum unwind_stop enter(struct walk *w, uint64_t cfa, uint64_t ip, bool signal)
{
	const struct arch_frames *f = w->frames;
	uint64_t sp = w->regs.value[f->sp];

	ip &= w->address_mask;
	if (!ip)
		return UNWIND_COMPLETE;
	if (!signal && (cfa < sp || (cfa == sp && !w->exact)))
		return UNWIND_NO_GROWTH;
	w->regs.value[f->sp] = cfa;
	w->regs.value[f->ip] = ip;
	w->regs.known |= 1ull << f->sp | 1ull << f->ip;
	/* the call overwrote it: only the frame that saved it can tell */
	if (f->lr < ARCH_REGS && !signal)
		w->regs.known &= ~(1ull << f->lr);
	w->exact = signal;
	return UNWIND_STOPS;
}

static bool known(const struct walk *w, unsigned reg)
{
	return reg < ARCH_REGS && w->regs.known >> reg & 1;
}

/* Registers that lie one by one, some maybe outside the copy. False: one that is needed does. */
static bool restore_each(struct walk *w, const struct unwind_rule *rule, uint64_t cfa)
{
	const int16_t *at = rule->at;

	for (uint64_t saved = rule->saved; saved; saved &= saved - 1) {
		unsigned r = (unsigned)__builtin_ctzll(saved);
		uint64_t where = cfa + (uint64_t)(int64_t)(*at++ * w->stack.word_bytes);

		if (stack_word(&w->stack, where, &w->regs.value[r]))
			w->regs.known |= 1ull << r;
		else if (r == rule->return_reg || where >= w->regs.value[w->frames->sp])
			return false;
		/* else it was taken back from the stack already, and has its value */
	}
	return true;
}

static bool restore(struct walk *w, const struct unwind_rule *rule, uint64_t cfa)
{
	const int16_t *at = rule->at;
	const uint8_t *words =
		!rule->words
			? NULL
			: stack_bytes(&w->stack, cfa + (uint64_t)(rule->low * 8), rule->words * 8u);

	if (!words)
		return restore_each(w, rule, cfa);
	for (uint64_t saved = rule->saved; saved; saved &= saved - 1)
		memcpy(&w->regs.value[__builtin_ctzll(saved)], words + (*at++ - rule->low) * 8, 8);
	w->regs.known |= rule->saved;
	return true;
}

static enum unwind_stop by_small(struct walk *w, const struct unwind_rule *rule)
{
	uint64_t cfa = w->regs.value[rule->cfa_reg] + (uint64_t)(int64_t)rule->cfa_offset;

	if (!known(w, rule->cfa_reg))
		return UNWIND_NO_REGISTER;
	if (!restore(w, rule, cfa))
		return UNWIND_COPY_END;
	if (!known(w, rule->return_reg) ||
		(rule->return_reg == w->frames->ip && !(rule->saved >> w->frames->ip & 1)))
		return UNWIND_NO_REGISTER;
	return enter(w, cfa, w->regs.value[rule->return_reg], false);
}

static bool rule_value(
	const struct walk *w, const struct cfi_row *row, unsigned r, uint64_t cfa, uint64_t *value)
{
	const struct cfi_rule *rule = &row->reg[r];
	uint64_t at = cfa + (uint64_t)(int64_t)rule->offset;

	switch (rule->kind) {
	case CFI_SAME:
		*value = w->regs.value[r];
		return known(w, r);
	case CFI_IS:
		*value = at;
		return true;
	case CFI_REGISTER:
		*value = known(w, rule->reg) ? w->regs.value[rule->reg] : 0;
		return known(w, rule->reg);
	case CFI_AT_EXPRESSION:
	case CFI_IS_EXPRESSION:
		if (!expression_run(span_of(row->text + rule->offset, rule->size), w->frames,
			    &w->regs, &w->stack, true, cfa, &at))
			return false;
		*value = at;
		if (rule->kind == CFI_IS_EXPRESSION)
			return true;
		break;
	case CFI_UNDEFINED:
		return false;
	}
	return stack_word(&w->stack, at, value);
}

static enum unwind_stop by_row(struct walk *w, const struct cfi_row *row)
{
	struct registers caller = { .known = 0 };
	uint64_t cfa;

	if (row->cfa.kind == CFI_IS) {
		cfa = w->regs.value[row->cfa.reg] + (uint64_t)(int64_t)row->cfa.offset;
		if (!known(w, row->cfa.reg))
			return UNWIND_NO_REGISTER;
	} else if (row->cfa.kind != CFI_IS_EXPRESSION ||
		   !expression_run(span_of(row->text + row->cfa.offset, row->cfa.size), w->frames,
			   &w->regs, &w->stack, false, 0, &cfa)) {
		return UNWIND_NO_REGISTER;
	}
	for (unsigned r = 0; r < ARCH_REGS; r++)
		if (rule_value(w, row, r, cfa, &caller.value[r]))
			caller.known |= 1ull << r;
	if (!(caller.known >> row->return_reg & 1))
		return UNWIND_COPY_END;
	/* a signal's frame tells the stack pointer; elsewhere it is the CFA */
	if (row->reg[w->frames->sp].kind != CFI_SAME && caller.known >> w->frames->sp & 1)
		cfa = caller.value[w->frames->sp];
	caller.value[w->frames->sp] = w->regs.value[w->frames->sp];
	w->regs = caller;
	return enter(w, cfa, caller.value[row->return_reg], row->signal);
}

static enum unwind_stop by_signal(struct walk *w)
{
	const struct arch_frames *f = w->frames;
	uint64_t at = w->regs.value[f->sp] + f->context_offset, value;

	for (unsigned i = 0; i < f->context_count; i++, at += f->word_bytes) {
		if (!stack_word(&w->stack, at, &value))
			return UNWIND_COPY_END;
		if (f->context[i] < ARCH_REGS)
			w->regs.value[f->context[i]] = value;
	}
	w->regs.known |= f->sampled;
	return enter(w, w->regs.value[f->sp], w->regs.value[f->ip], true);
}

/* How likely an address is the one that the code at ip returns to. */
enum likely {
	NOT,
	JITTED, /* it is in code that cannot be read */
	FIRST,	/* it is where the program began */
	WEAK,	/* it follows a call through a pointer or into another file */
	STRONG, /* it follows a call to the function at ip */
};

static enum likely likely_target(const struct walk *w, struct code *code, const struct mapping *m,
	uint64_t start, uint64_t target)
{
	uint64_t ip = w->regs.value[w->frames->ip];
	uint64_t offset = offset_in(m, target);
	uint8_t bytes[JUMP_BYTES];

	if (start == UNKNOWN ? target <= ip && ip - target < FUNCTION_MAX : target == start)
		return STRONG;
	if (!code_bytes(code, bytes, sizeof(bytes), offset))
		return NOT;
	if (start != UNKNOWN && w->frames->jump(bytes, sizeof(bytes), target, start))
		return STRONG;
	return w->frames->jump(bytes, STUB_BYTES, target, 0) ? WEAK : NOT;
}

static enum likely likely_return(
	struct unwinder *u, const struct walk *w, uint64_t start, uint64_t address)
{
	const struct mapping *m = address ? mapping_of(u, w, address - 1) : NULL;
	uint8_t bytes[ARCH_CALL_BYTES];
	uint64_t size, offset, target;
	struct code *code;

	if (!m || m->image->kind == IMAGE_OTHER)
		return NOT;
	code = code_of(&u->codes, m->image);
	if (!code)
		return m->image->kind == IMAGE_JIT ? JITTED : NOT;
	offset = offset_in(m, address);
	size = offset < sizeof(bytes) ? offset : sizeof(bytes);
	if (!code_bytes(code, bytes, size, offset - size) ||
		!w->frames->call(bytes, size, address, &target))
		return NOT;
	if (code_is_entry(code, offset))
		return FIRST;
	return target ? likely_target(w, code, m, start, target) : WEAK;
}

/* The lowest address from `at` up to `end` that holds a likely return address; 0: none. */
static uint64_t scan(
	struct unwinder *u, const struct walk *w, uint64_t start, uint64_t end, enum likely *best)
{
	uint64_t sp = w->regs.value[w->frames->sp], found = 0, value;
	enum likely likely;

	*best = NOT;
	for (uint64_t at = sp; at < end && stack_word(&w->stack, at, &value);
		at += w->frames->word_bytes) {
		likely = likely_return(u, w, start, value & w->address_mask);
		if (likely <= *best || likely == JITTED)
			continue;
		*best = likely;
		found = at;
		if (likely == STRONG)
			break;
	}
	return found;
}

/* By what the code from the function's begin to here did to the stack; UNWIND_NO_CFI: that does not
 * lead to a return address. */
static enum unwind_stop by_prologue(
	struct unwinder *u, struct walk *w, const struct mapping *here, uint64_t start)
{
	const struct arch_frames *f = w->frames;
	uint64_t ip = w->regs.value[f->ip], cfa, ra;
	unsigned reg = f->lr < ARCH_REGS ? f->lr : f->ip;
	struct registers caller = w->regs;
	struct arch_prologue p;
	uint8_t code[PROLOGUE_BYTES];

	if (start == UNKNOWN || ip - start > sizeof(code) || !f->prologue ||
		!code_bytes(here->image->code, code, ip - start, offset_in(here, start)) ||
		!f->prologue(code, ip - start, &p))
		return UNWIND_NO_CFI;
	cfa = w->regs.value[f->sp] + p.frame_bytes;
	for (unsigned r = 0; r < ARCH_REGS; r++)
		if (p.saved >> r & 1 &&
			stack_word(&w->stack, cfa + (uint64_t)(int64_t)p.at[r], &caller.value[r]))
			caller.known |= 1ull << r;
	ra = caller.value[reg] & w->address_mask;
	if ((!w->exact && (!(p.saved >> reg & 1) || !p.frame_bytes)) ||
		!(caller.known >> reg & 1) || likely_return(u, w, start, ra) < FIRST)
		return UNWIND_NO_CFI;
	caller.value[f->sp] = w->regs.value[f->sp];
	w->regs = caller;
	return enter(w, cfa, ra, false);
}

/*
 * Without CFI: the return address is in the link register, or somewhere above the stack pointer, or
 * above the frame pointer. `start` is where the function begins, or UNKNOWN.
 */
static enum unwind_stop by_guess(
	struct unwinder *u, struct walk *w, const struct mapping *here, uint64_t start)
{
	const struct arch_frames *f = w->frames;
	uint64_t sp = w->regs.value[f->sp], fp = w->regs.value[f->fp];
	uint64_t end = sp + SCAN_WORDS * f->word_bytes, caller_fp = 0, framed = 0, at, value;
	enum likely by_fp = NOT, by_scan = NOT;
	enum unwind_stop stop = by_prologue(u, w, here, start);

	if (stop != UNWIND_NO_CFI)
		return stop;
	if (w->exact && known(w, f->lr) &&
		likely_return(u, w, start, w->regs.value[f->lr] & w->address_mask) == STRONG)
		return enter(w, sp, w->regs.value[f->lr], false);
	if (known(w, f->fp) && fp >= sp && stack_word(&w->stack, fp, &caller_fp) &&
		stack_word(&w->stack, fp + f->word_bytes, &framed))
		by_fp = likely_return(u, w, start, framed & w->address_mask);
	/* a frame that begins above is not this one's, if it begins here at all */
	if (by_fp != NOT && fp < end)
		end = fp;
	at = here && here->image->code ? scan(u, w, start, end, &by_scan) : 0;
	if (by_scan >= by_fp && at && stack_word(&w->stack, at, &value))
		return enter(w, at + f->word_bytes, value, false);
	if (by_fp != NOT) {
		w->regs.value[f->fp] = caller_fp;
		return enter(w, fp + 2 * f->word_bytes, framed, false);
	}
	if (known(w, f->fp) && !fp)
		return UNWIND_COMPLETE;
	return here ? UNWIND_NO_CFI : UNWIND_NO_IMAGE;
}

/* UNWIND_STOPS: there is a caller. */
static enum unwind_stop step(struct unwinder *u, struct walk *w)
{
	uint64_t ip = w->regs.value[w->frames->ip], offset;
	const struct mapping *m = mapping_of(u, w, ip - !w->exact);
	struct code *code = m ? code_of(&u->codes, m->image) : NULL;
	const struct unwind_rule *rule;

	if (!code || code->frames != w->frames)
		return by_guess(u, w, m, UNKNOWN);
	offset = offset_in(m, ip);
	rule = rule_of(u, code, offset, w->exact);
	switch (rule->kind) {
	case RULE_SMALL:
		return by_small(w, rule);
	case RULE_ROW:
		if (code_row(&u->codes, code, offset - !w->exact, u->row))
			return UNWIND_BAD_CFI;
		return by_row(w, u->row);
	case RULE_SIGNAL:
		return by_signal(w);
	case RULE_END:
		return UNWIND_COMPLETE;
	case RULE_BAD:
		return UNWIND_BAD_CFI;
	}
	return by_guess(u, w, m, rule->saved == UNKNOWN ? UNKNOWN : ip - !w->exact - rule->saved);
}

static void take_registers(struct walk *w, const struct sample_regs *from)
{
	uint64_t left = from->mask;

	for (uint32_t at = 0; at < from->count && left; at++, left &= left - 1) {
		unsigned r = (unsigned)__builtin_ctzll(left);

		if (r >= ARCH_REGS)
			break;
		w->regs.value[r] = from->at[at];
		w->regs.known |= 1ull << r;
	}
}

static bool begin(const struct unwinder *u, struct walk *w, const struct sample *s)
{
	const struct sample_regs *regs = &s->user_regs;
	bool narrow = regs->abi == PERF_SAMPLE_REGS_ABI_32;

	w->frames = narrow ? u->arch->frames_32 : u->arch->frames;
	if (!regs->abi || regs->abi >= PERF_SAMPLE_REGS_ABI_MAX || !w->frames)
		return false;
	take_registers(w, regs);
	if (!known(w, w->frames->ip) || !known(w, w->frames->sp))
		return false;
	w->stack = (struct stack_copy){ s->user_stack.at, w->regs.value[w->frames->sp],
		s->user_stack.size, w->frames->word_bytes, u->rest };
	w->pid = s->pid;
	w->exact = true;
	w->address_mask = narrow ? UINT32_MAX : UINT64_MAX;
	if (!narrow && u->arch->address_bits < 64)
		/* where addresses have 52 bits, stacks are the first to lie above 48 */
		w->address_mask = (1ull << (w->stack.start >> u->arch->address_bits
						    ? 52
						    : u->arch->address_bits)) -
				  1;
	return true;
}

static uint32_t kernel_part(struct unwinder *u, const struct sample *s)
{
	uint64_t count = s->chain.count < KERNEL_WORDS ? s->chain.count : KERNEL_WORDS;
	uint32_t put = 0;

	/* a user part found by frame pointers gives way */
	while (put < count && s->chain.at[put] != PERF_CONTEXT_USER) {
		u->words[put] = s->chain.at[put];
		put++;
	}
	return put;
}

enum unwind_stop unwind_sample(
	struct unwinder *unwinder, struct sample *sample, uint64_t time_ns, uint32_t depth)
{
	struct walk w = { .time_ns = time_ns };
	uint32_t put = kernel_part(unwinder, sample), end;
	enum unwind_stop stop = UNWIND_NO_STACK;

	if (depth > UNWIND_DEPTH_MAX)
		depth = UNWIND_DEPTH_MAX;
	if (depth && begin(unwinder, &w, sample)) {
		unwinder->words[put++] = PERF_CONTEXT_USER;
		end = put + depth;
		do
			unwinder->words[put++] =
				w.regs.value[w.frames->ip] - (unwinder->calls && !w.exact);
		while ((stop = step(unwinder, &w)) == UNWIND_STOPS && put < end);
		if (stop == UNWIND_STOPS)
			stop = UNWIND_DEEP;
		unwinder->frames += depth - (end - put);
	}
	unwinder->stops[stop]++;
	sample->type |= PERF_SAMPLE_CALLCHAIN;
	sample->chain = (struct sample_words){ unwinder->words, put };
	return stop;
}

const char *unwind_text(enum unwind_stop stop)
{
	static const char *const text[UNWIND_STOPS] = {
		[UNWIND_COMPLETE] = "complete",
		[UNWIND_NO_STACK] = "no user registers",
		[UNWIND_NO_IMAGE] = "outside every mapping",
		[UNWIND_NO_CFI] = "code without call frame information",
		[UNWIND_BAD_CFI] = "damaged call frame information",
		[UNWIND_COPY_END] = "beyond the copied stack",
		[UNWIND_NO_GROWTH] = "the caller's frame is not above",
		[UNWIND_NO_REGISTER] = "a register is not known",
		[UNWIND_DEEP] = "cut: deeper than asked for",
	};

	return stop < UNWIND_STOPS ? text[stop] : "?";
}
