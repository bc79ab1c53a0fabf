#include "view/inspect.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>

static void print_size(struct out *out, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double size = (double)bytes;
	int unit = 0;

	while (size >= 1024) {
		size /= 1024;
		unit++;
	}
	out_printf(out, unit ? "%10.1f %c" : "%10.0f %c", size, units[unit]);
}

static void print_told(struct out *out, const char *title, const char *text)
{
	out_printf(out, "%-12s ", title);
	out_text(out, *text ? text : "not told");
	out_char(out, '\n');
}

static void print_owner(struct out *out, const struct inspect *in)
{
	char date[DATE_MAX];

	date_text(date, in->written_s);
	out_printf(out, "%-12s %s UTC, belongs to ", "written:", date);
	if (in->owner_name)
		out_text(out, in->owner_name);
	else
		out_printf(out, "uid %" PRIu32, in->owner);
	out_char(out, '\n');
}

static void print_command(struct out *out, const struct inspect *in)
{
	out_printf(out, "%-12s ", "command:");
	if (!in->command_words)
		out_string(out, "not told");
	for (uint32_t i = 0; i < in->command_words; i++) {
		out_string(out, i ? " " : "");
		out_text(out, in->command[i]);
	}
	out_char(out, '\n');
}

static void print_origin(struct out *out, const struct inspect *in)
{
	print_told(out, "file:", in->file);
	print_owner(out, in);
	print_told(out, "host:", in->host);
	print_told(out, "kernel:", in->kernel);
	print_told(out, "machine:", in->architecture);
	print_told(out, "recorder:", in->recorder);
	print_command(out, in);
	if (in->last_ns)
		out_printf(out, "%-12s %.3f s, from %" PRIu64 ".%06" PRIu64 " on\n",
			"time:", (double)(in->last_ns - in->first_ns) / 1e9,
			in->first_ns / 1000000000, in->first_ns / 1000 % 1000000);
	out_printf(out, "%-12s ", "events:");
	for (uint32_t i = 0; i < in->reader->attr_count; i++) {
		const char *name = in->reader->attrs[i].name;

		out_string(out, i ? ", " : "");
		out_text(out, name ? name : "unnamed");
	}
	out_string(out, "\n");
}

static void print_categories(struct out *out, const struct contents *c)
{
	out_printf(out, "\n%-8s  %-28s %12s %12s\n", "category", "what", "items", "size");
	for (int i = CATEGORIES - 1; i >= 0; i--) {
		const struct amount *a = &c->category[i];

		if (!a->count && (i == CATEGORY_UNKNOWN || i == CATEGORY_NONE))
			continue;
		out_printf(out, "%-8s  %-28s %12" PRIu64, category_name((enum category)i),
			category_text((enum category)i), a->count);
		print_size(out, a->bytes);
		out_char(out, '\n');
	}
}

static void print_parts(struct out *out, const struct contents *c)
{
	struct inspect_part part;
	uint32_t at = 0;

	out_printf(
		out, "\n%-8s  %-8s %-19s %12s %12s\n", "category", "kind", "name", "items", "size");
	while (inspect_next(c, &at, &part)) {
		out_printf(out, "%-8s  %-8s %-19s %12" PRIu64, category_name(part.category),
			part.kind, part.name, part.amount.count);
		print_size(out, part.amount.bytes);
		out_char(out, '\n');
	}
}

static void print_meaning(struct out *out, const struct contents *c)
{
	out_string(out, "\nWho gets this file learns:\n");
	for (int i = CATEGORIES - 1; i > CATEGORY_NONE; i--)
		if (c->category[i].count)
			out_printf(out, "  %-3s %s\n", category_name((enum category)i),
				category_reveals((enum category)i));
	if (contents_most(c) > CATEGORY_COUNTS)
		out_string(out, "`perfbox scrub` makes a smaller file that tells less.\n");
}

void inspect_text(struct out *out, const struct inspect *inspect)
{
	print_origin(out, inspect);
	print_categories(out, inspect->contents);
	print_parts(out, inspect->contents);
	print_meaning(out, inspect->contents);
}
