#include "cmd/record_fields.h"

#include "arch.h"
#include "base/message.h"
#include "base/out.h"
#include "data/branch.h"
#include "data/registers.h"

#include <string.h>
#include <unistd.h>

static int choose_registers(const char *option, const char *text, uint64_t *mask)
{
	const char *wrong;

	if (!*text) {
		*mask = arch_host->user_regs;
		return 0;
	}
	wrong = registers_parse(arch_host, text, mask);
	if (wrong)
		return message_usage("%s %s: '%.*s' is no register; %s=? names them", option, text,
			(int)strcspn(wrong, ","), wrong, option);
	return 0;
}

static int choose_branches(const struct record_fields *fields, uint64_t *filter)
{
	const char *text = fields->branch_filter ? fields->branch_filter
			   : fields->branches	 ? "any"
						 : "";
	const char *wrong = branch_filter_parse(text, filter);

	if (wrong)
		return message_usage("-j %s: '%.*s' is no kind of branch; -j ? names them", text,
			(int)strcspn(wrong, ","), wrong);
	if (!*text)
		*filter = 0;
	return 0;
}

int record_fields_choose(
	const struct record_fields *fields, bool unwinds, struct sampling *sampling)
{
	int status = 0;

	sampling->weight = fields->weight;
	if (unwinds && fields->user_regs)
		return message_usage("--user-regs: stacks that are unwound keep no registers; "
				     "add --keep-stacks");
	if (fields->user_regs)
		status = choose_registers("--user-regs", fields->user_regs, &sampling->user_regs);
	if (!status && fields->intr_regs)
		status = choose_registers("--intr-regs", fields->intr_regs, &sampling->intr_regs);
	return status ? status : choose_branches(fields, &sampling->branches);
}

bool record_fields_list(const struct record_fields *fields)
{
	bool registers = (fields->user_regs && !strcmp(fields->user_regs, "?")) ||
			 (fields->intr_regs && !strcmp(fields->intr_regs, "?"));
	bool branches = fields->branch_filter && !strcmp(fields->branch_filter, "?");
	static struct out out;
	char text[512];

	out_begin(&out, STDOUT_FILENO);
	if (registers) {
		registers_names(arch_host, arch_host->user_regs, text, sizeof(text));
		out_printf(&out, "available registers: %s\n", text);
		registers_names(arch_host, arch_host->extended_regs, text, sizeof(text));
		out_printf(&out, "on some processors: %s\n", text);
	}
	if (branches) {
		branch_filter_names(text, sizeof(text));
		out_printf(&out, "branch filters: %s\n", text);
	}
	out_flush(&out);
	return registers || branches;
}
