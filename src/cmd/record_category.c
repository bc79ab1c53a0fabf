#include "cmd/record_category.h"

#include "access/policy.h"
#include "base/message.h"
#include "data/category.h"

#include <string.h>
#include <unistd.h>

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

/* `by` says so: --max-category, or the administrator's file. */
static int refuse(const char *by, const char *ceiling, const struct event *event,
	enum category category, const char *what)
{
	const char *option = option_of(what);

	if (!strcmp(what, "IP"))
		return message_fail("%s %s: every sample of %s has a code address "
				    "(category 4a); allow 4a, or count with perfbox stat",
			by, ceiling, event->name);
	if (option)
		return message_fail("%s %s: %s would collect %s (category %s); leave it "
				    "out or allow it",
			by, ceiling, option, category_text(category), category_name(category));
	return message_fail("%s %s: event %s collects %s (category %s, %s); leave it out "
			    "or allow it",
		by, ceiling, event->name, category_text(category), category_name(category), what);
}

static int check(const char *by, const char *ceiling, enum category most,
	const struct event_list *events, int sideband)
{
	for (int i = 0; i < events->count; i++) {
		const char *what;
		enum category category = category_of_attr(&events->at[i].attr, &what);

		if (i != sideband && category > most)
			return refuse(by, ceiling, &events->at[i], category, what);
	}
	return 0;
}

int record_category_check(const char *ceiling, const struct event_list *events, int sideband)
{
	enum category most;

	if (!ceiling)
		return 0;
	if (!category_parse(ceiling, &most))
		return message_usage("--max-category %s: want 1, 2, 3, 4 or 4a to 4d", ceiling);
	return check("--max-category", ceiling, most, events, sideband);
}

static int refuse_all(const char *why)
{
	return message_fail(POLICY_PATH " %s: nothing is allowed until root mends it", why);
}

int record_category_policy(const struct event_list *events, int sideband)
{
	enum policy_status status;
	struct policy policy;
	enum category most;

	if (!getuid())
		return 0;
	status = policy_read(&policy, POLICY_PATH);
	if (status == POLICY_UNTRUSTED)
		message(POLICY_PATH " is not honoured: it is not a file that root owns and nobody "
				    "else may write");
	if (status == POLICY_UNREADABLE)
		return refuse_all(strerror(policy.error));
	if (status == POLICY_MALFORMED ||
		(*policy.max_category && !category_parse(policy.max_category, &most)))
		return refuse_all("is malformed (want: max-category 4a)");
	if (!*policy.max_category)
		return 0;
	return check(POLICY_PATH ": max-category", policy.max_category, most, events, sideband);
}
