#include "view/inspect.h"

#include <inttypes.h>

static void string(struct out *out, const char *name, const char *text)
{
	out_printf(out, "\"%s\":", name);
	if (text)
		out_json(out, text);
	else
		out_string(out, "null");
	out_char(out, ',');
}

static void told(struct out *out, const char *name, const char *text)
{
	string(out, name, *text ? text : NULL);
}

static void amount(struct out *out, const struct amount *a)
{
	out_printf(out, "\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", a->count, a->bytes);
}

static void origin(struct out *out, const struct inspect *in)
{
	string(out, "file", in->file);
	out_printf(out,
		"\"bytes\":%" PRIu64 ",\"whole\":%s,\"written_s\":%" PRId64 ",\"owner\":%" PRIu32
		",",
		in->reader->file_bytes, in->whole ? "true" : "false", in->written_s, in->owner);
	string(out, "owner_name", in->owner_name);
	told(out, "host", in->host);
	told(out, "kernel", in->kernel);
	told(out, "architecture", in->architecture);
	told(out, "recorder", in->recorder);
	out_string(out, "\"command\":[");
	for (uint32_t i = 0; i < in->command_words; i++) {
		out_string(out, i ? "," : "");
		out_json(out, in->command[i]);
	}
	out_string(out, "],\"duration_ns\":");
	if (in->last_ns)
		out_printf(out, "%" PRIu64 ",", in->last_ns - in->first_ns);
	else
		out_string(out, "null,");
}

static void events(struct out *out, const struct reader *reader)
{
	out_string(out, "\"events\":[");
	for (uint32_t i = 0; i < reader->attr_count; i++) {
		const struct reader_attr *a = &reader->attrs[i];
		const char *between = "";

		out_string(out, i ? ",{" : "{");
		string(out, "name", a->name);
		out_string(out, "\"fields\":[");
		for (unsigned bit = 0; bit < SAMPLE_FIELDS; bit++)
			if (a->attr.sample_type >> bit & 1) {
				out_printf(out, "%s\"%s\"", between, sample_field_names[bit]);
				between = ",";
			}
		out_string(out, "]}");
	}
	out_string(out, "],");
}

static void categories(struct out *out, const struct contents *c)
{
	string(out, "max_category", category_name(contents_most(c)));
	out_string(out, "\"categories\":[");
	for (int i = 0; i < CATEGORIES; i++) {
		enum category category = (enum category)i;

		out_string(out, i ? ",{" : "{");
		string(out, "category", category_name(category));
		string(out, "text", category_text(category));
		string(out, "reveals", category_reveals(category));
		amount(out, &c->category[i]);
	}
	out_string(out, "],");
}

static void parts(struct out *out, const struct contents *c)
{
	struct inspect_part part;
	uint32_t at = 0;
	const char *between = "";

	out_string(out, "\"parts\":[");
	for (; inspect_next(c, &at, &part); between = ",") {
		out_printf(out, "%s{", between);
		string(out, "kind", part.kind);
		string(out, "name", part.name);
		string(out, "category", category_name(part.category));
		amount(out, &part.amount);
	}
	out_string(out, "],\"broken\":{");
	amount(out, &c->broken);
}

void inspect_json(struct out *out, const struct inspect *inspect)
{
	out_char(out, '{');
	origin(out, inspect);
	events(out, inspect->reader);
	categories(out, inspect->contents);
	parts(out, inspect->contents);
	out_string(out, "}\n");
}
