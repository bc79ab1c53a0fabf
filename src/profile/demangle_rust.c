#include "profile/demangle.h"
#include "profile/demangle_text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/*
 * Rust's v0 names (RFC 2603). They are printed while they are read; a back reference reads its
 * earlier place once more.
 */

struct rust {
	struct demangle_text *text;
	const char *start, *at; /* the name behind "_R", NUL-terminated */
	int flags;
	int silent;	/* what is read now is not shown */
	uint64_t bound; /* lifetimes bound so far */
};

static void fail(struct rust *r)
{
	r->text->failed = true;
}

static void show(struct rust *r, const char *string)
{
	if (!r->silent)
		text_string(r->text, string);
}

static void show_number(struct rust *r, uint64_t number)
{
	if (number > INT64_MAX)
		fail(r);
	else if (!r->silent)
		text_number(r->text, (long)number);
}

static void show_hex(struct rust *r, uint64_t number)
{
	char digits[17];
	size_t at = sizeof(digits) - 1;

	digits[at] = 0;
	do
		digits[--at] = "0123456789abcdef"[number & 15];
	while (number >>= 4);
	show(r, digits + at);
}

static bool accept(struct rust *r, char c)
{
	if (r->text->failed || *r->at != c)
		return false;
	r->at++;
	return true;
}

static char next(struct rust *r)
{
	if (!*r->at)
		fail(r);
	return r->text->failed ? 0 : *r->at++;
}

/* "_" is 0, "0_" is 1, ... */
static uint64_t base_62(struct rust *r)
{
	uint64_t value = 0;
	char c;

	if (accept(r, '_'))
		return 0;
	while ((c = next(r)) && c != '_') {
		unsigned digit = (unsigned)(isdigit((uint8_t)c)	  ? c - '0'
					    : islower((uint8_t)c) ? c - 'a' + 10
					    : isupper((uint8_t)c) ? c - 'A' + 36
								  : 62);

		if (digit == 62 || value > (UINT64_MAX - 62) / 62 - 1) {
			fail(r);
			return 0;
		}
		value = value * 62 + digit;
	}
	return value + 1;
}

/* A number that is there only behind its tag: 0, or 1 more than what is written. */
static uint64_t tagged_base_62(struct rust *r, char tag)
{
	return accept(r, tag) ? base_62(r) + 1 : 0;
}

static struct rust_identifier identifier(struct rust *r)
{
	struct rust_identifier id = { 0 };
	bool is_punycode = accept(r, 'u');
	size_t size = 0;
	const char *at;

	if (!isdigit((uint8_t)*r->at)) {
		fail(r);
		return id;
	}
	if (!accept(r, '0'))
		while (isdigit((uint8_t)*r->at) && size < 1 << 16)
			size = size * 10 + (size_t)(*r->at++ - '0');
	accept(r, '_');
	if (r->text->failed || strnlen(r->at, size) < size) {
		fail(r);
		return id;
	}
	at = r->at;
	r->at += size;
	id.ascii = at;
	id.ascii_size = size;
	if (!is_punycode)
		return id;
	while (size && at[size - 1] != '_')
		size--;
	id.ascii_size = size ? size - 1 : 0;
	id.punycode = at + size;
	id.punycode_size = (size_t)(r->at - id.punycode);
	if (!id.punycode_size)
		fail(r);
	return id;
}

static void show_identifier(struct rust *r, const struct rust_identifier *id)
{
	if (!r->silent && !r->text->failed)
		rust_identifier_put(r->text, id);
}

static void path(struct rust *r, bool in_value);
static void type(struct rust *r);
static void constant(struct rust *r);

/* Reads the place a back reference names with `read`, and comes back. */
static void back(struct rust *r, void (*read)(struct rust *, bool), bool in_value)
{
	const char *tag = r->at - 1, *resume;
	uint64_t offset = base_62(r);

	if (r->text->failed || offset >= (uint64_t)(tag - r->start)) {
		fail(r);
		return;
	}
	if (r->silent)
		return;
	resume = r->at;
	r->at = r->start + offset;
	read(r, in_value);
	r->at = resume;
}

static void lifetime(struct rust *r, uint64_t index)
{
	uint64_t depth = r->bound - index;

	show(r, "'");
	if (!index) {
		show(r, "_");
	} else if (index > r->bound) {
		fail(r);
	} else if (depth < 26) {
		show(r, (char[]){ (char)('a' + depth), 0 });
	} else {
		show(r, "_");
		show_number(r, depth);
	}
}

/* "for<'a, 'b> "; gives back how many the caller unbinds in the end. */
static uint64_t binder(struct rust *r)
{
	uint64_t count = tagged_base_62(r, 'G');

	if (count)
		show(r, "for<");
	for (uint64_t i = 0; i < count && !r->text->failed && !r->text->cut; i++) {
		if (++r->text->steps > DEMANGLE_STEPS_MAX)
			r->text->cut = true;
		show(r, i ? ", " : "");
		r->bound++;
		lifetime(r, 1);
	}
	if (count)
		show(r, "> ");
	return count;
}

static void generic_argument(struct rust *r)
{
	if (accept(r, 'L'))
		lifetime(r, base_62(r));
	else if (accept(r, 'K'))
		constant(r);
	else
		type(r);
}

/* Items up to E with commas between them; how many. */
static int items(struct rust *r, void (*item)(struct rust *))
{
	int count = 0;

	for (; !accept(r, 'E') && !r->text->failed && !r->text->cut; count++) {
		show(r, count ? ", " : "");
		item(r);
	}
	return count;
}

static void nested_path(struct rust *r, bool in_value)
{
	char space = next(r);
	uint64_t disambiguator;
	struct rust_identifier id;
	bool named;

	if (!isalpha((uint8_t)space)) {
		fail(r);
		return;
	}
	path(r, in_value);
	disambiguator = tagged_base_62(r, 's');
	id = identifier(r);
	named = id.ascii_size || id.punycode;
	if (isupper((uint8_t)space)) {
		show(r, "::{");
		show(r, space == 'C' ? "closure" : space == 'S' ? "shim" : (char[]){ space, 0 });
		show(r, named ? ":" : "");
		show_identifier(r, &id);
		show(r, "#");
		show_number(r, disambiguator);
		show(r, "}");
	} else if (named) {
		show(r, "::");
		show_identifier(r, &id);
	}
}

static void crate(struct rust *r)
{
	uint64_t disambiguator = tagged_base_62(r, 's');
	struct rust_identifier id = identifier(r);

	show_identifier(r, &id);
	if (r->flags & DEMANGLE_VERBOSE) {
		show(r, "[");
		show_hex(r, disambiguator);
		show(r, "]");
	}
}

/* <T>, <T as Trait>; the path to an impl itself is not shown. */
static void implementation(struct rust *r, char tag)
{
	if (tag != 'Y') {
		tagged_base_62(r, 's');
		r->silent++;
		path(r, false);
		r->silent--;
	}
	show(r, "<");
	type(r);
	if (tag != 'M') {
		show(r, " as ");
		path(r, false);
	}
	show(r, ">");
}

static void path_of(struct rust *r, bool in_value)
{
	char tag = next(r);

	switch (tag) {
	case 'C':
		crate(r);
		break;
	case 'N':
		nested_path(r, in_value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		implementation(r, tag);
		break;
	case 'I':
		path(r, in_value);
		show(r, in_value ? "::<" : "<");
		items(r, generic_argument);
		show(r, ">");
		break;
	case 'B':
		back(r, path, in_value);
		break;
	default:
		fail(r);
	}
}

static void path(struct rust *r, bool in_value)
{
	if (text_enter(r->text))
		path_of(r, in_value);
	text_leave(r->text);
}

static const char *basic(char tag)
{
	static const char *const names[26] = { "i8", "bool", "char", "f64", "str", "f32", NULL,
		"u8", "isize", "usize", NULL, "i32", "u32", "i128", "u128", "_", NULL, NULL, "i16",
		"u16", "()", "...", NULL, "i64", "u64", "!" };

	return islower((uint8_t)tag) ? names[tag - 'a'] : NULL;
}

/* [unsafe] [extern "abi"] fn(types) [-> type] */
static void function(struct rust *r)
{
	uint64_t bound = binder(r);

	if (accept(r, 'U'))
		show(r, "unsafe ");
	if (accept(r, 'K')) {
		struct rust_identifier id = { .ascii = "C", .ascii_size = 1 };

		if (!accept(r, 'C'))
			id = identifier(r);
		if (id.punycode)
			fail(r);
		show(r, "extern \"");
		for (size_t i = 0; i < id.ascii_size; i++) /* "-" was written "_" */
			show(r, (char[]){ id.ascii[i] == '_' ? '-' : id.ascii[i], 0 });
		show(r, "\" ");
	}
	show(r, "fn(");
	items(r, type);
	show(r, ")");
	if (!accept(r, 'u')) {
		show(r, " -> ");
		type(r);
	}
	r->bound -= bound;
}

/* A trait's path whose "<...>" stays open for its associated types; whether it is open. */
static bool open_path(struct rust *r)
{
	bool open = false;

	if (!text_enter(r->text)) {
		text_leave(r->text);
		return false;
	}
	if (accept(r, 'B')) {
		const char *tag = r->at - 1, *resume;
		uint64_t offset = base_62(r);

		if (r->text->failed || offset >= (uint64_t)(tag - r->start)) {
			fail(r);
		} else if (!r->silent) {
			resume = r->at;
			r->at = r->start + offset;
			open = open_path(r);
			r->at = resume;
		}
	} else if (accept(r, 'I')) {
		path(r, false);
		show(r, "<");
		items(r, generic_argument);
		open = true;
	} else {
		path(r, false);
	}
	text_leave(r->text);
	return open;
}

static void dyn_trait(struct rust *r)
{
	bool open = open_path(r);

	while (accept(r, 'p')) {
		struct rust_identifier id;

		show(r, open ? ", " : "<");
		open = true;
		id = identifier(r);
		show_identifier(r, &id);
		show(r, " = ");
		type(r);
	}
	if (open)
		show(r, ">");
}

static void dyn(struct rust *r)
{
	uint64_t bound, index;

	show(r, "dyn ");
	bound = binder(r);
	for (int i = 0; !accept(r, 'E') && !r->text->failed && !r->text->cut; i++) {
		show(r, i ? " + " : "");
		dyn_trait(r);
	}
	r->bound -= bound;
	if (!accept(r, 'L'))
		fail(r);
	index = base_62(r);
	if (index) {
		show(r, " + ");
		lifetime(r, index);
	}
}

static void reference(struct rust *r, bool mutable)
{
	uint64_t index = accept(r, 'L') ? base_62(r) : 0;

	show(r, "&");
	if (index) {
		lifetime(r, index);
		show(r, " ");
	}
	show(r, mutable ? "mut " : "");
	type(r);
}

static void type_back(struct rust *r, bool in_value)
{
	(void)in_value;
	type(r);
}

static void type_of(struct rust *r)
{
	char tag = next(r);

	if (basic(tag)) {
		show(r, basic(tag));
		return;
	}
	switch (tag) {
	case 'R':
	case 'Q':
		reference(r, tag == 'Q');
		break;
	case 'P':
	case 'O':
		show(r, tag == 'P' ? "*const " : "*mut ");
		type(r);
		break;
	case 'A':
	case 'S':
		show(r, "[");
		type(r);
		if (tag == 'A') {
			show(r, "; ");
			constant(r);
		}
		show(r, "]");
		break;
	case 'T':
		show(r, "(");
		show(r, items(r, type) == 1 ? ",)" : ")");
		break;
	case 'F':
		function(r);
		break;
	case 'D':
		dyn(r);
		break;
	case 'B':
		back(r, type_back, false);
		break;
	default:
		r->at -= tag != 0;
		path(r, false);
	}
}

static void type(struct rust *r)
{
	if (text_enter(r->text))
		type_of(r);
	text_leave(r->text);
}

/* Hexadecimal digits up to "_"; how many, with the value of the last 16. */
static size_t hex(struct rust *r, uint64_t *value)
{
	const char *start = r->at;

	for (*value = 0; text_is_hex(*r->at); r->at++)
		*value = *value << 4 | text_hex(*r->at);
	if (!accept(r, '_') || r->at == start + 1)
		fail(r);
	return (size_t)(r->at - start - 1);
}

static void constant_number(struct rust *r, bool is_signed)
{
	const char *start;
	uint64_t value;
	size_t digits;

	if (is_signed && accept(r, 'n'))
		show(r, "-");
	start = r->at;
	digits = hex(r, &value);
	if (digits <= 16 && value <= INT64_MAX) {
		show_number(r, value);
	} else if (digits <= 16) {
		show_number(r, value / 10);
		show_number(r, value % 10);
	} else if (!r->silent) {
		show(r, "0x");
		text_bytes(r->text, start, digits);
	}
}

static void constant_char(struct rust *r)
{
	static const char escaped[] = "\t\r\n";
	uint64_t value;
	const char *escape;

	if (hex(r, &value) > 8 || value > 0x10ffff)
		fail(r);
	show(r, "'");
	escape = value && value < ' ' ? strchr(escaped, (int)value) : NULL;
	if (escape) {
		show(r, (char[]){ '\\', "trn"[escape - escaped], 0 });
	} else if (value >= 0x20 && value < 0x7f) {
		show(r, (char[]){ (char)value, 0 });
	} else {
		show(r, "\\u{");
		show_hex(r, value);
		show(r, "}");
	}
	show(r, "'");
}

static void constant_back(struct rust *r, bool in_value)
{
	(void)in_value;
	constant(r);
}

static void constant_of(struct rust *r)
{
	char tag = next(r);
	uint64_t value;

	if (tag == 'B') {
		back(r, constant_back, false);
		return;
	}
	if (tag == 'p') {
		show(r, "_");
		return;
	}
	if (tag && strchr("hmtyojaslxni", tag)) {
		constant_number(r, strchr("aslxni", tag));
	} else if (tag == 'b') {
		if (hex(r, &value) != 1 || value > 1)
			fail(r);
		show(r, value ? "true" : "false");
	} else if (tag == 'c') {
		constant_char(r);
	} else {
		fail(r);
		return;
	}
	if (r->flags & DEMANGLE_VERBOSE) {
		show(r, ": ");
		show(r, basic(tag));
	}
}

static void constant(struct rust *r)
{
	if (text_enter(r->text))
		constant_of(r);
	text_leave(r->text);
}

bool demangle_rust_v0(struct demangle_text *text, const char *name, int flags)
{
	struct rust r = { .text = text, .start = name + 2, .at = name + 2, .flags = flags };

	if (name[1] != 'R' || !isupper((uint8_t)name[2]))
		return false;
	path(&r, true);
	/* the crate that made the instance */
	if (!text->failed && !text->cut && *r.at && *r.at != '.') {
		r.silent++;
		path(&r, false);
	}
	return !text->failed && (text->cut || !*r.at || *r.at == '.');
}
