#include "data/tracing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 256
#define NOTHING UINT64_MAX /* a constant whose name says nothing: equal to no value */

/* "print fmt" is what the kernel's source says between the parentheses of TP_printk, in C. */
struct parser {
	struct tracing *tracing;
	const struct tracing_event *event;
	const char *at, *end;
	int depth;
	bool failed;
};

static const struct {
	const char *name;
	enum tracing_call call;
} calls[] = {
	{ "__print_flags", TRACING_FLAGS },
	{ "__print_flags_u64", TRACING_FLAGS },
	{ "__print_symbolic", TRACING_SYMBOLIC },
	{ "__print_symbolic_u64", TRACING_SYMBOLIC },
	{ "__print_hex", TRACING_HEX },
	{ "__print_hex_str", TRACING_HEX },
	{ "__print_array", TRACING_PRINT_ARRAY },
	{ "__get_str", TRACING_STRING_OF },
	{ "__get_rel_str", TRACING_STRING_OF },
	{ "__get_dynamic_array", TRACING_BYTES_OF },
	{ "__get_rel_dynamic_array", TRACING_BYTES_OF },
	{ "__get_dynamic_array_len", TRACING_LENGTH_OF },
	{ "__get_rel_dynamic_array_len", TRACING_LENGTH_OF },
	{ "__get_bitmask", TRACING_BITMASK },
	{ "__get_cpumask", TRACING_BITMASK },
	{ "__get_rel_bitmask", TRACING_BITMASK },
	{ "__builtin_expect", TRACING_EXPECT },
};

/* Binary operators from the loosest to the tightest. */
static const struct {
	char text[3];
	int level;
} operators[] = { { "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<<", 8 }, { ">>", 8 },
	{ "<=", 7 }, { ">=", 7 }, { "|", 3 }, { "^", 4 }, { "&", 5 }, { "<", 7 }, { ">", 7 },
	{ "+", 9 }, { "-", 9 }, { "*", 10 }, { "/", 10 }, { "%", 10 } };

static struct tracing_node *expression(struct parser *p);
static struct tracing_node *unary(struct parser *p);

static char peek(struct parser *p)
{
	while (p->at < p->end && isspace((uint8_t)*p->at))
		p->at++;
	return p->at < p->end ? *p->at : 0;
}

static bool accept(struct parser *p, const char *text)
{
	size_t size = strlen(text);

	if (!peek(p) || (size_t)(p->end - p->at) < size || memcmp(p->at, text, size))
		return false;
	p->at += size;
	return true;
}

static void expect(struct parser *p, const char *text)
{
	if (!accept(p, text))
		p->failed = true;
}

static struct tracing_node *node(struct parser *p, enum tracing_kind kind,
	struct tracing_node *left, struct tracing_node *right)
{
	struct tracing_node *n = arena_new(p->tracing->arena, struct tracing_node);

	if (!n) {
		p->failed = true;
		return NULL;
	}
	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

static size_t word(struct parser *p)
{
	size_t size = 0;

	peek(p);
	while (p->at + size < p->end && (isalnum((uint8_t)p->at[size]) || p->at[size] == '_'))
		size++;
	return size;
}

static char escaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* One or more "..." one after the other. */
static const char *string(struct parser *p)
{
	char *to = arena_take(p->tracing->arena, 1, (size_t)(p->end - p->at) + 1), *put = to;
	size_t mark = p->tracing->arena->used;

	if (!to || peek(p) != '"') {
		p->failed = true;
		return "";
	}
	while (accept(p, "\"")) {
		while (p->at < p->end && *p->at != '"') {
			bool escape = *p->at == '\\' && p->at + 1 < p->end;

			p->at += escape;
			*put++ = escape ? escaped(*p->at) : *p->at;
			p->at++;
		}
		expect(p, "\"");
	}
	*put = 0;
	/* what the bound left over */
	if (p->tracing->arena->used == mark)
		arena_back(p->tracing->arena, (size_t)(to - p->tracing->arena->base) +
						      (((size_t)(put - to) + 16) & ~(size_t)15));
	return to;
}

static struct tracing_node *number(struct parser *p)
{
	struct tracing_node *n = node(p, TRACING_NUMBER, NULL, NULL);
	char text[32] = "";
	size_t size = word(p);

	memcpy(text, p->at, size < sizeof(text) ? size : sizeof(text) - 1);
	if (n)
		n->number = strtoull(text, NULL, 0);
	p->at += size;
	return n;
}

/* "{ value, "text" }, ..." */
static struct tracing_node *pair(struct parser *p)
{
	struct tracing_node *n = node(p, TRACING_PAIR, expression(p), NULL);

	expect(p, ",");
	/* the last one may be { 0, ((void *)0) } */
	if (peek(p) != '"')
		expression(p);
	if (n)
		n->text = peek(p) == '"' ? string(p) : "";
	expect(p, "}");
	return n;
}

static struct tracing_node *call(struct parser *p, enum tracing_call what)
{
	struct tracing_node *n = node(p, TRACING_CALL, NULL, NULL), **last;

	if (!n)
		return NULL;
	n->op = (int)what;
	last = &n->left;
	expect(p, "(");
	while (!p->failed && !accept(p, ")")) {
		*last = accept(p, "{") ? pair(p) : expression(p);
		if (*last)
			last = &(*last)->next;
		if (peek(p) != ')')
			expect(p, ",");
	}
	return n;
}

static struct tracing_node *field(struct parser *p, size_t size)
{
	const struct tracing_field *found = tracing_field(p->event, p->at, size);
	struct tracing_node *n = node(p, TRACING_FIELD, NULL, NULL);

	p->at += size;
	if (!n || !found)
		p->failed = true;
	else
		n->field = found;
	return n;
}

static struct tracing_node *named(struct parser *p)
{
	size_t size = word(p);
	struct tracing_node *n;

	if (accept(p, "REC")) {
		expect(p, "->");
		return field(p, word(p));
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strlen(calls[i].name) == size && !memcmp(p->at, calls[i].name, size)) {
			p->at += size;
			return call(p, calls[i].call);
		}
	/* the argument of __get_str() is a bare field */
	if (tracing_field(p->event, p->at, size))
		return field(p, size);
	if (!size) {
		p->failed = true;
		return NULL;
	}
	p->at += size;
	n = node(p, TRACING_NUMBER, NULL, NULL);
	if (n)
		n->number = NOTHING;
	if (peek(p) == '(') /* a function we do not know */
		p->failed = true;
	return n;
}

/* Bytes and sign of "(unsigned int)"; 0 bytes where the parentheses hold no type. */
static uint64_t type_in_parentheses(struct parser *p, const char **behind, bool *is_signed)
{
	static const struct {
		const char *name;
		uint8_t bytes;
	} types[] = { { "char", 1 }, { "u8", 1 }, { "s8", 1 }, { "bool", 1 }, { "short", 2 },
		{ "u16", 2 }, { "s16", 2 }, { "long", 8 }, { "u64", 8 }, { "s64", 8 }, { "int", 4 },
		{ "unsigned", 4 }, { "u32", 4 }, { "s32", 4 }, { "_t", 8 }, { "void", 8 } };
	const char *close = memchr(p->at, ')', (size_t)(p->end - p->at));
	size_t size = close ? (size_t)(close - p->at) : 0;
	char text[64];

	if (!size || size >= sizeof(text) || strncmp(p->at, "REC", 3) == 0)
		return 0;
	memcpy(text, p->at, size);
	text[size] = 0;
	if (text[strspn(
		    text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789 *")] ||
		isdigit((uint8_t)text[strspn(text, " ")]))
		return 0;
	*behind = close + 1;
	*is_signed = !strstr(text, "unsigned") && !strchr(text, 'u');
	if (strchr(text, '*'))
		return 8;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strstr(text, types[i].name))
			return types[i].bytes;
	return 8;
}

static struct tracing_node *parenthesized(struct parser *p)
{
	struct tracing_node *n;
	const char *behind;
	bool is_signed;
	uint64_t bytes;

	peek(p);
	bytes = type_in_parentheses(p, &behind, &is_signed);
	if (bytes) {
		p->at = behind;
		n = node(p, TRACING_CAST, unary(p), NULL);
		if (n) {
			n->number = bytes;
			n->op = is_signed ? 's' : 'u';
		}
		return n;
	}
	n = expression(p);
	expect(p, ")");
	return n;
}

static struct tracing_node *primary(struct parser *p)
{
	struct tracing_node *n;
	char c = peek(p);

	if (isdigit((uint8_t)c)) {
		n = number(p);
	} else if (c == '"') {
		n = node(p, TRACING_TEXT, NULL, NULL);
		if (n)
			n->text = string(p);
	} else if (c == '\'' && p->end - p->at > 2) {
		n = node(p, TRACING_NUMBER, NULL, NULL);
		if (n)
			n->number = (uint8_t)p->at[1];
		p->at += 2;
		expect(p, "'");
	} else if (accept(p, "(")) {
		n = parenthesized(p);
	} else {
		n = named(p);
	}
	while (!p->failed && accept(p, "[")) {
		n = node(p, TRACING_INDEX, n, expression(p));
		expect(p, "]");
	}
	return n;
}

static struct tracing_node *unary(struct parser *p)
{
	char c = peek(p);
	struct tracing_node *n = NULL;

	if (++p->depth > DEPTH_MAX) {
		p->failed = true;
	} else if (c && strchr("!~-+", c)) {
		p->at++;
		n = node(p, TRACING_UNARY, unary(p), NULL);
		if (n)
			n->op = (uint8_t)c;
	} else if (!p->failed) {
		n = primary(p);
	}
	p->depth--;
	return n;
}

static int operator_at(struct parser *p, int level)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (accept(p, operators[i].text)) {
			if (operators[i].level >= level)
				return (int)i;
			p->at -= strlen(operators[i].text);
			return -1;
		}
	return -1;
}

static struct tracing_node *binary(struct parser *p, int level)
{
	struct tracing_node *n = unary(p);
	int found;

	while (!p->failed && (found = operator_at(p, level)) >= 0) {
		struct tracing_node *right = binary(p, operators[found].level + 1);

		n = node(p, TRACING_BINARY, n, right);
		if (n)
			n->op = (uint8_t)operators[found].text[0] |
				(uint8_t)operators[found].text[1] << 8;
	}
	return n;
}

static struct tracing_node *expression(struct parser *p)
{
	struct tracing_node *n;

	if (p->failed || ++p->depth > DEPTH_MAX) {
		p->failed = true;
		return NULL;
	}
	n = binary(p, 1);
	if (accept(p, "?")) {
		n = node(p, TRACING_TERNARY, n, expression(p));
		expect(p, ":");
		if (n)
			n->third = expression(p);
	}
	p->depth--;
	return n;
}

bool tracing_format(
	struct tracing *tracing, struct tracing_event *event, const char *at, const char *end)
{
	struct parser p = { .tracing = tracing, .event = event, .at = at, .end = end };
	struct tracing_node **last = &event->arguments;

	event->format = string(&p);
	while (!p.failed && accept(&p, ",")) {
		*last = expression(&p);
		if (*last)
			last = &(*last)->next;
	}
	return !p.failed && !peek(&p);
}
