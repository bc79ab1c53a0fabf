#include "cmd/record_category.h"

#include "base/message.h"
#include "data/category.h"

#include <string.h>

/* Who asks for a bit; what is not here comes with the event itself. */
static const struct {
	const char *what, *option;
} options[] = {
	{ "STACK_USER", "--call-graph dwarf" },
	{ "CALLCHAIN", "-g, --call-graph" },
	{ "ADDR", "-d" },
	{ "PHYS_ADDR", "--phys-data" },
	{ "BRANCH_STACK", "-b, -j" },
	{ "REGS_USER", "--user-regs, --call-graph dwarf" },
	{ "REGS_INTR", "-I" },
};

static const char *option_of(const char *what)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(options[i].what, what))
			return options[i].option;
	return NULL;
}

static int refuse(
	const char *ceiling, const struct event *event, enum category category, const char *what)
{
	const char *option = option_of(what);

	if (!strcmp(what, "IP"))
		return message_fail("--max-category %s: every sample of %s has a code address "
				    "(category 4a); allow 4a, or count with perfbox stat",
			ceiling, event->name);
	if (option)
		return message_fail(
			"--max-category %s: %s would collect %s (category %s); leave it "
			"out or allow it",
			ceiling, option, category_text(category), category_name(category));
	return message_fail(
		"--max-category %s: event %s collects %s (category %s, %s); leave it out "
		"or allow it",
		ceiling, event->name, category_text(category), category_name(category), what);
}

int record_category_check(const char *ceiling, const struct event_list *events, int sideband)
{
	enum category most;

	if (!ceiling)
		return 0;
	if (!category_parse(ceiling, &most))
		return message_usage("--max-category %s: want 1, 2, 3, 4 or 4a to 4d", ceiling);
	for (int i = 0; i < events->count; i++) {
		const char *what;
		enum category category = category_of_attr(&events->at[i].attr, &what);

		if (i != sideband && category > most)
			return refuse(ceiling, &events->at[i], category, what);
	}
	return 0;
}
