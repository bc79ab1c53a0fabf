#include "view/script_trace.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 2048

/* One record of a tracepoint, while it is written. */
struct trace {
	struct script *script;
	struct out *out;
	const uint8_t *raw;
	uint64_t size;
	uint64_t time_ns;
};

/* A string that is put together, cut at its end. */
struct text {
	char at[TEXT_BYTES];
	size_t used;
};

static uint64_t value_of(const struct trace *t, const struct tracing_node *n);

static void add(struct text *text, const char *bytes, size_t size)
{
	size_t room = sizeof(text->at) - 1 - text->used;

	size = size < room ? size : room;
	memcpy(text->at + text->used, bytes, size);
	text->used += size;
	text->at[text->used] = 0;
}

static void add_string(struct text *text, const char *string)
{
	add(text, string, strlen(string));
}

static void add_hex(struct text *text, uint64_t value)
{
	char digits[20];

	add(text, digits, (size_t)snprintf(digits, sizeof(digits), "0x%" PRIx64, value));
}

static uint64_t read_number(const struct trace *t, uint64_t offset, uint32_t bytes)
{
	uint64_t value = 0;

	if (bytes > sizeof(value) || offset > t->size || bytes > t->size - offset)
		return 0;
	memcpy(&value, t->raw + offset, bytes);
	return value;
}

/* Where an array lies: in the record itself, or where its u32 says. */
static const uint8_t *bytes_of(const struct trace *t, const struct tracing_field *f, uint64_t *size)
{
	uint64_t at = f->offset;

	*size = f->size;
	if (f->flags & TRACING_DYNAMIC) {
		uint64_t place = read_number(t, f->offset, 4);

		at = (place & 0xffff) + (f->flags & TRACING_RELATIVE ? f->offset + 4 : 0);
		*size = place >> 16;
	}
	if (at > t->size) {
		*size = 0;
		return t->raw;
	}
	*size = *size < t->size - at ? *size : t->size - at;
	return t->raw + at;
}

static uint64_t sign_extend(uint64_t value, uint64_t bytes)
{
	unsigned shift = bytes && bytes < 8 ? 64 - 8 * (unsigned)bytes : 0;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t cast(uint64_t value, uint64_t bytes, bool is_signed)
{
	unsigned shift = bytes < 8 ? 64 - 8 * (unsigned)bytes : 0;

	return is_signed ? sign_extend(value, bytes) : value << shift >> shift;
}

static uint64_t binary(int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case '|' | '|' << 8:
		return a || b;
	case '&' | '&' << 8:
		return a && b;
	case '=' | '=' << 8:
		return a == b;
	case '!' | '=' << 8:
		return a != b;
	case '<' | '<' << 8:
		return b < 64 ? a << b : 0;
	case '>' | '>' << 8:
		return b < 64 ? a >> b : 0;
	case '<' | '=' << 8:
		return a <= b;
	case '>' | '=' << 8:
		return a >= b;
	case '<':
		return a < b;
	case '>':
		return a > b;
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	case '&':
		return a & b;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return b ? a / b : 0;
	}
	return b ? a % b : 0;
}

static uint64_t element_of(const struct trace *t, const struct tracing_node *n)
{
	const struct tracing_node *array = n->left;
	uint64_t index = value_of(t, n->right), size, value = 0;
	const struct tracing_field *f;
	const uint8_t *at;

	while (array && !array->field && array->left)
		array = array->left;
	f = array ? array->field : NULL;
	if (!f || !f->element || f->element > 8)
		return 0;
	at = bytes_of(t, f, &size);
	if (index >= size / f->element)
		return 0;
	memcpy(&value, at + index * f->element, f->element);
	return value;
}

static uint64_t call_value(const struct trace *t, const struct tracing_node *n)
{
	uint64_t size = 0;

	if (!n->left)
		return 0;
	if (n->op == TRACING_LENGTH_OF && n->left->field)
		bytes_of(t, n->left->field, &size);
	else if (n->op == TRACING_EXPECT)
		return value_of(t, n->left);
	return size;
}

static uint64_t value_of(const struct trace *t, const struct tracing_node *n)
{
	uint64_t value;

	if (!n)
		return 0;
	switch (n->kind) {
	case TRACING_NUMBER:
		return n->number;
	case TRACING_FIELD:
		return read_number(t, n->field->offset, n->field->size);
	case TRACING_UNARY:
		value = value_of(t, n->left);
		return n->op == '!'   ? !value
		       : n->op == '~' ? ~value
		       : n->op == '-' ? -value
				      : value;
	case TRACING_BINARY:
		return binary(n->op, value_of(t, n->left), value_of(t, n->right));
	case TRACING_TERNARY:
		return value_of(t, value_of(t, n->left) ? n->right : n->third);
	case TRACING_CAST:
		return cast(value_of(t, n->left), n->number, n->op == 's');
	case TRACING_INDEX:
		return element_of(t, n);
	case TRACING_CALL:
		return call_value(t, n);
	default:
		return 0;
	}
}

static void flags(struct text *text, const struct trace *t, const struct tracing_node *value)
{
	const struct tracing_node *delimiter = value ? value->next : NULL;
	const char *between = delimiter && delimiter->text ? delimiter->text : "";
	uint64_t left = value_of(t, value);
	size_t start = text->used;

	for (const struct tracing_node *p = delimiter ? delimiter->next : NULL; p; p = p->next) {
		int64_t flag = (int64_t)value_of(t, p->left);

		if (p->kind != TRACING_PAIR)
			continue;
		if (!left && flag < 0) {
			add_string(text, p->text);
			break;
		}
		if (flag <= 0 || (left & (uint64_t)flag) != (uint64_t)flag)
			continue;
		add_string(text, text->used != start ? between : "");
		add_string(text, p->text);
		left &= ~(uint64_t)flag;
	}
	if (left) {
		add_string(text, text->used != start ? between : "");
		add_hex(text, left);
	}
}

static void symbol(struct text *text, const struct trace *t, const struct tracing_node *value)
{
	uint64_t wanted = value_of(t, value);

	for (const struct tracing_node *p = value ? value->next : NULL; p; p = p->next)
		if (p->kind == TRACING_PAIR && value_of(t, p->left) == wanted) {
			add_string(text, p->text);
			return;
		}
	add_hex(text, wanted);
}

static const struct tracing_field *array_of(const struct tracing_node *n)
{
	while (n && !n->field && n->left)
		n = n->left;
	return n ? n->field : NULL;
}

static void hex_bytes(struct text *text, const struct trace *t, const struct tracing_node *array)
{
	const struct tracing_field *f = array_of(array);
	uint64_t size = 0, count = array ? value_of(t, array->next) : 0;
	const uint8_t *at = f ? bytes_of(t, f, &size) : NULL;
	char digits[8];

	for (uint64_t i = 0; i < count && i < size; i++)
		add(text, digits,
			(size_t)snprintf(digits, sizeof(digits), i ? " %02x" : "%02x", at[i]));
}

static void numbers(struct text *text, const struct trace *t, const struct tracing_node *array)
{
	const struct tracing_field *f = array_of(array);
	const struct tracing_node *count = array ? array->next : NULL;
	uint64_t size = 0, bytes = count ? value_of(t, count->next) : 0;
	const uint8_t *at = f ? bytes_of(t, f, &size) : NULL;

	add_string(text, "{");
	for (uint64_t i = 0;
		bytes && bytes <= 8 && i < value_of(t, count) && (i + 1) * bytes <= size; i++) {
		uint64_t value = 0;

		memcpy(&value, at + i * bytes, bytes);
		add_string(text, i ? "," : "");
		add_hex(text, value);
	}
	add_string(text, "}");
}

static void bits(struct text *text, const struct trace *t, const struct tracing_node *array)
{
	const struct tracing_field *f = array_of(array);
	uint64_t size = 0;
	const uint8_t *at = f ? bytes_of(t, f, &size) : NULL;
	char digits[8];

	for (uint64_t i = 0; i < size; i++) {
		uint64_t k = size - 1 - i;

		add_string(text, i && i % 4 == 0 ? "," : "");
		add(text, digits, (size_t)snprintf(digits, sizeof(digits), "%02x", at[k]));
	}
}

static void field_string(struct text *text, const struct trace *t, const struct tracing_field *f)
{
	uint64_t size;
	const uint8_t *at;

	if (!(f->flags & TRACING_ARRAY)) {
		add_hex(text, read_number(t, f->offset, f->size));
		return;
	}
	at = bytes_of(t, f, &size);
	add(text, (const char *)at, strnlen((const char *)at, size));
}

static void string_of(struct text *text, const struct trace *t, const struct tracing_node *n)
{
	if (!n)
		return;
	if (n->kind == TRACING_TEXT)
		add_string(text, n->text);
	else if (n->kind == TRACING_FIELD)
		field_string(text, t, n->field);
	else if (n->kind == TRACING_TERNARY)
		string_of(text, t, value_of(t, n->left) ? n->right : n->third);
	else if (n->kind == TRACING_CAST)
		string_of(text, t, n->left);
	else if (n->kind != TRACING_CALL)
		add_hex(text, value_of(t, n));
	else if (n->op == TRACING_FLAGS)
		flags(text, t, n->left);
	else if (n->op == TRACING_SYMBOLIC)
		symbol(text, t, n->left);
	else if (n->op == TRACING_HEX)
		hex_bytes(text, t, n->left);
	else if (n->op == TRACING_PRINT_ARRAY)
		numbers(text, t, n->left);
	else if (n->op == TRACING_BITMASK)
		bits(text, t, n->left);
	else if (array_of(n->left))
		field_string(text, t, array_of(n->left));
}

/* A conversion of printf, taken apart: "%-08.3lx". */
struct conversion {
	char flags[8];
	int width, precision; /* precision -1: none */
	int longs;	      /* -2 char, -1 short, 0 int, 1 long, 2 long long */
	char letter, kind;    /* of %pS: p and S */
};

static int number_at(const char **at, const struct trace *t, const struct tracing_node **argument)
{
	int value = 0;

	if (**at == '*') {
		++*at;
		value = (int)value_of(t, *argument);
		*argument = *argument ? (*argument)->next : NULL;
		return value < TEXT_BYTES ? value : TEXT_BYTES;
	}
	while (isdigit((uint8_t) * *at) && value < TEXT_BYTES)
		value = value * 10 + (*(*at)++ - '0');
	return value;
}

static const char *read_conversion(struct conversion *c, const char *at, const struct trace *t,
	const struct tracing_node **argument)
{
	size_t count = strspn(at, "-+ #0");

	*c = (struct conversion){ .precision = -1 };
	memcpy(c->flags, at, count < sizeof(c->flags) ? count : sizeof(c->flags) - 1);
	at += count;
	c->width = number_at(&at, t, argument);
	if (*at == '.') {
		at++;
		c->precision = number_at(&at, t, argument);
	}
	for (; *at && strchr("hlLzjtq", *at); at++)
		c->longs += *at == 'h' ? -1 : *at == 'l' ? 1 : 2;
	c->letter = *at ? *at++ : 0;
	if (c->letter == 'p' && isalnum((uint8_t)*at))
		c->kind = *at++;
	return at;
}

static void put_number(const struct trace *t, const struct conversion *c, uint64_t value)
{
	char format[32], text[TEXT_BYTES];
	bool is_signed = c->letter == 'd' || c->letter == 'i';
	uint64_t bytes = c->longs <= -2 ? 1 : c->longs == -1 ? 2 : c->longs == 0 ? 4 : 8;

	snprintf(format, sizeof(format), "%%%s*.*ll%c", c->flags, c->letter);
	snprintf(text, sizeof(text), format, c->width, c->precision, cast(value, bytes, is_signed));
	out_string(t->out, text);
}

static void put_pointer(const struct trace *t, const struct conversion *c, uint64_t value)
{
	const struct place *place = NULL;
	char text[4096];

	if (c->kind && strchr("sSfFB", c->kind))
		place = chains_place(
			t->script->chains, 0, PERF_RECORD_MISC_KERNEL, value, t->time_ns);
	if (!place || !place->symbol || place == t->script->chains->unmapped) {
		out_printf(t->out, "0x%" PRIx64, value);
		return;
	}
	out_text(t->out, place->symbol->name);
	if (c->kind != 's' && c->kind != 'f') {
		snprintf(text, sizeof(text), "+0x%" PRIx64, place->offset - place->symbol->start);
		out_string(t->out, text);
	}
}

static void put_string(
	const struct trace *t, const struct conversion *c, const struct tracing_node *argument)
{
	struct text text = { .used = 0 };

	text.at[0] = 0;
	string_of(&text, t, argument);
	if (c->precision >= 0 && (size_t)c->precision < text.used)
		text.at[c->precision] = 0;
	out_column(t->out, text.at, strchr(c->flags, '-') ? c->width : -c->width);
}

static void put_argument(
	const struct trace *t, const struct conversion *c, const struct tracing_node *argument)
{
	if (c->letter == 's')
		put_string(t, c, argument);
	else if (c->letter == 'c')
		out_text(t->out, (char[]){ (char)value_of(t, argument), 0 });
	else if (c->letter == 'p')
		put_pointer(t, c, value_of(t, argument));
	else if (c->letter && strchr("diuxXo", c->letter))
		put_number(t, c, value_of(t, argument));
}

static void put_formatted(const struct trace *t, const struct tracing_event *event)
{
	const struct tracing_node *argument = event->arguments;
	const char *at = event->format;

	while (*at) {
		char literal[256];
		size_t size = strcspn(at, "%");
		struct conversion c;

		if (size) {
			size = size < sizeof(literal) ? size : sizeof(literal) - 1;
			memcpy(literal, at, size);
			literal[size] = 0;
			out_text(t->out, literal);
			at += size;
		} else if (at[1] == '%') {
			out_char(t->out, '%');
			at += 2;
		} else {
			at = read_conversion(&c, at + 1, t, &argument);
			put_argument(t, &c, argument);
			argument = argument ? argument->next : NULL;
		}
	}
}

/* What cannot be formatted is shown field by field, but for what every event has. */
static void put_fields(const struct trace *t, const struct tracing_event *event)
{
	out_string(t->out, "[FAILED TO PARSE]");
	for (const struct tracing_field *f = event->fields; f; f = f->next) {
		struct text text = { .used = 0 };

		if (!strncmp(f->name, "common_", 7))
			continue;
		text.at[0] = 0;
		field_string(&text, t, f);
		out_char(t->out, ' ');
		out_text(t->out, f->name);
		out_char(t->out, '=');
		out_text(t->out, text.at);
	}
}

bool script_trace(struct script *script, const struct tracing *tracing, struct out *out,
	uint64_t id, const struct sample *sample, uint64_t time_ns)
{
	const struct tracing_event *event = tracing_find(tracing, id);
	struct trace t = { script, out, sample->raw.at, sample->raw.size, time_ns };

	if (!event || !t.raw)
		return false;
	if (event->format)
		put_formatted(&t, event);
	else
		put_fields(&t, event);
	return true;
}
