#include "view/script.h"

#include "arch.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define BIT(field) (1u << SCRIPT_##field)

/* perf writes x86's registers in capitals. */
static void put_name(struct out *out, const struct arch *arch, unsigned reg)
{
	char name[16];
	int i = 0;

	if (!arch || reg >= arch->reg_count) {
		snprintf(name, sizeof(name), "%u", reg);
	} else {
		for (; arch->regs[reg][i] && i < 15; i++)
			name[i] = arch == &arch_x86_64 ? (char)toupper((uint8_t)arch->regs[reg][i])
						       : arch->regs[reg][i];
		name[i] = 0;
	}
	out_printf(out, "%5s", name);
}

static void put_registers(struct out *out, const struct arch *arch, const struct sample_regs *regs)
{
	uint32_t at = 0;

	out_printf(out, " ABI:%" PRIu64 " ", regs->abi);
	for (unsigned reg = 0; reg < 64 && regs->abi && at < regs->count; reg++)
		if (regs->mask >> reg & 1) {
			put_name(out, arch, reg);
			out_printf(out, ":0x%" PRIx64 " ", regs->at[at++]);
		}
}

void script_registers(struct script *script, uint32_t fields, const struct sample *sample)
{
	if (fields & BIT(IREGS))
		put_registers(script->out, script->arch, &sample->intr_regs);
	if (fields & BIT(UREGS))
		put_registers(script->out, script->arch, &sample->user_regs);
}

/* Such an address has no mode: what lies in the kernel's half of the addresses is the kernel's. */
struct place *script_place(
	struct script *script, const struct sample *s, uint64_t address, uint64_t time_ns)
{
	uint8_t mode = address >> 63 ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;

	return chains_place(script->chains, s->pid, mode, address, time_ns);
}

static void put_end(struct script *script, uint32_t fields, const struct sample *s,
	uint64_t address, bool symbol, uint64_t time_ns)
{
	const struct place *place = script_place(script, s, address, time_ns);
	bool known = place != script->chains->unmapped;

	if (!symbol) {
		out_printf(script->out, "0x%" PRIx64, address);
	} else if (known && place->symbol) {
		out_text(script->out, place->symbol->name);
		out_printf(script->out, "+0x%" PRIx64, place->offset - place->symbol->start);
	} else {
		out_string(script->out, "[unknown]");
	}
	if (fields & BIT(DSO)) {
		out_char(script->out, '(');
		out_text(script->out, known ? place->image->path : "[unknown]");
		out_char(script->out, ')');
	}
}

static void put_branches(struct script *script, uint32_t fields, const struct sample *s,
	bool symbols, uint64_t time_ns)
{
	for (uint64_t i = 0; i < s->branches.count; i++) {
		const struct sample_branch *b = &s->branches.at[i];

		out_string(script->out, symbols ? "" : " ");
		put_end(script, fields, s, b->from, symbols, time_ns);
		out_char(script->out, '/');
		put_end(script, fields, s, b->to, symbols, time_ns);
		out_printf(script->out, "/%c/%c/%c/%u/ ",
			b->flags & 1   ? 'M'
			: b->flags & 2 ? 'P'
				       : '-',
			b->flags & 4 ? 'X' : '-', b->flags & 8 ? 'A' : '-',
			(unsigned)(b->flags >> 4 & 0xffff));
	}
}

void script_branches(
	struct script *script, uint32_t fields, const struct sample *sample, uint64_t time_ns)
{
	if (fields & BIT(BRSTACK))
		put_branches(script, fields, sample, false, time_ns);
	if (fields & BIT(BRSTACKSYM))
		put_branches(script, fields, sample, true, time_ns);
}

void script_branch_places(
	struct script *script, uint32_t fields, const struct sample *sample, uint64_t time_ns)
{
	if (!(fields & (BIT(BRSTACK) | BIT(BRSTACKSYM))))
		return;
	for (uint64_t i = 0; i < sample->branches.count; i++) {
		script_place(script, sample, sample->branches.at[i].from, time_ns);
		script_place(script, sample, sample->branches.at[i].to, time_ns);
	}
}
