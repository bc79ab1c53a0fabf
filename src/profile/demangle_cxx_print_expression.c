#include "profile/demangle_cxx_printer.h"

#include <ctype.h>
#include <string.h>

static const char *code_of(const struct printer *p, uint16_t operator)
{
	return kind_of(p, operator) == NODE_OPERATOR ? cxx_operators[at(p, operator)->number].code
						     : "";
}

/* The first parameter pack inside: how often an expansion repeats. 0 where there is none. */
static uint16_t find_pack(struct printer *p, uint16_t node)
{
	const struct node *n = at(p, node);
	uint16_t found = 0;

	if (!node)
		return 0;
	switch (n->kind) {
	case NODE_PARAMETER:
		found = print_template_argument(p, node);
		return kind_of(p, found) == NODE_LIST ? found : 0;
	case NODE_NAME:
	case NODE_PACK:
	case NODE_LAMBDA:
	case NODE_TAGGED:
	case NODE_OPERATOR:
	case NODE_BUILTIN:
	case NODE_UNNAMED:
	case NODE_DEFAULT:
		return 0;
	default:
		if (text_enter(p->text)) {
			found = find_pack(p, n->left);
			if (!found)
				found = find_pack(p, n->right);
		}
		text_leave(p->text);
		return found;
	}
}

static long length_of(const struct printer *p, uint16_t pack)
{
	long count = 0;

	for (; pack; pack = at(p, pack)->right)
		count += at(p, pack)->left != 0;
	return count;
}

/* Parentheses but around what is plainly one thing. */
static void operand(struct printer *p, uint16_t node)
{
	enum node_kind kind = kind_of(p, node);
	bool plain = kind == NODE_NAME || kind == NODE_QUALIFIED || kind == NODE_INITIALIZER ||
		     kind == NODE_ARGUMENT;

	if (!plain)
		characters(p, "(");
	print(p, node);
	if (!plain)
		characters(p, ")");
}

static void print_pack(struct printer *p, const struct node *n)
{
	uint16_t pack = p->in_lambda ? 0 : find_pack(p, n->left);
	int outer = p->pack_index;
	long count = length_of(p, pack);

	if (!pack) {
		operand(p, n->left);
		characters(p, "...");
		return;
	}
	for (p->pack_index = 0; p->pack_index < count && !p->text->cut; p->pack_index++) {
		if (p->pack_index)
			characters(p, ", ");
		print(p, n->left);
	}
	p->pack_index = outer;
}

static void print_literal(struct printer *p, const struct node *n)
{
	static const char *const suffixes[] = { "", "", "u", "l", "ul", "ll", "ull" };
	const struct node *type = at(p, n->left);
	unsigned style = type->kind == NODE_BUILTIN ? type->mark : LITERAL_CAST;

	if (style == LITERAL_BOOL && n->length == 1 && !n->mark && strchr("01", n->text[0])) {
		characters(p, n->text[0] == '1' ? "true" : "false");
		return;
	}
	if (style == LITERAL_CAST || style >= LITERAL_BOOL) {
		characters(p, "(");
		print(p, n->left);
		characters(p, ")");
	}
	if (n->mark)
		characters(p, "-");
	if (style == LITERAL_FLOAT)
		characters(p, "[");
	text_bytes(p->text, n->text, n->length);
	if (style == LITERAL_FLOAT)
		characters(p, "]");
	else if (style < LITERAL_BOOL)
		characters(p, suffixes[style]);
}

static void operator_text(struct printer *p, uint16_t operator)
{
	if (kind_of(p, operator) == NODE_OPERATOR)
		characters(p, cxx_operators[at(p, operator)->number].text);
	else
		print(p, operator);
}

static void print_operator(struct printer *p, const struct node *n)
{
	const char *text = cxx_operators[n->number].text;
	size_t size = strlen(text);

	characters(p, islower((uint8_t)*text) ? "operator " : "operator");
	text_bytes(p->text, text, size - (text[size - 1] == ' '));
}

static long arguments_length(struct printer *p, uint16_t node)
{
	long count = 0;

	for (; node; node = at(p, node)->right) {
		uint16_t item = at(p, node)->left;

		if (kind_of(p, item) == NODE_PACK)
			count += length_of(p, find_pack(p, at(p, item)->left));
		else
			count += item != 0;
	}
	return count;
}

static void print_unary(struct printer *p, const struct node *n)
{
	const char *code = code_of(p, n->left);
	const struct node *of = at(p, n->right);
	bool address = !strcmp(code, "ad") && of->kind == NODE_ENCODING &&
		       kind_of(p, of->left) == NODE_QUALIFIED && !at(p, of->right)->mark;

	if (!strcmp(code, "sZ")) {
		text_number(p->text, length_of(p, find_pack(p, n->right)));
		return;
	}
	if (!strcmp(code, "sP")) {
		text_number(p->text, arguments_length(p, n->right));
		return;
	}
	operator_text(p, n->left);
	if (!strcmp(code, "gs")) {
		print(p, n->right);
	} else if (!strcmp(code, "st") || !strcmp(code, "nx")) {
		characters(p, "(");
		print(p, n->right);
		characters(p, ")");
	} else {
		operand(p, address ? of->left : n->right);
	}
}

static void print_suffixed(struct printer *p, const struct node *n)
{
	operand(p, n->right);
	operator_text(p, n->left);
}

/* (... + x), (x + ...), (1 + ... + x), (x + ... + 1) */
static void print_fold(
	struct printer *p, char side, uint16_t operator, uint16_t first, uint16_t second)
{
	int outer = p->pack_index;

	p->pack_index = -1;
	characters(p, "(");
	if (side == 'l')
		characters(p, "...");
	else
		operand(p, first);
	operator_text(p, operator);
	if (side == 'l')
		operand(p, first);
	else
		characters(p, "...");
	if (second) {
		operator_text(p, operator);
		operand(p, second);
	}
	characters(p, ")");
	p->pack_index = outer;
}

/* .member=value, [index]=value, [first ... last]=value; values may go on so. */
static void print_designated(
	struct printer *p, const char *code, uint16_t first, uint16_t last, uint16_t value)
{
	const struct node *v = at(p, value);
	const char *next =
		v->kind == NODE_BINARY || v->kind == NODE_TERNARY ? code_of(p, v->left) : "";

	characters(p, code[1] == 'i' ? "." : "[");
	print(p, first);
	if (last) {
		characters(p, " ... ");
		print(p, last);
	}
	if (code[1] != 'i')
		characters(p, "]");
	if (!strcmp(next, "di") || !strcmp(next, "dx") || !strcmp(next, "dX")) {
		print(p, value);
	} else {
		characters(p, "=");
		operand(p, value);
	}
}

static void print_binary(struct printer *p, const struct node *n)
{
	const char *code = code_of(p, n->left);
	uint16_t first = at(p, n->right)->left, second = at(p, n->right)->right;
	bool greater = !strcmp(code, "gt");

	if (code[0] == 'f') {
		print_fold(p, code[1], first, second, 0);
		return;
	}
	if (!strcmp(code, "di") || !strcmp(code, "dx")) {
		print_designated(p, code, first, 0, second);
		return;
	}
	if (code[1] == 'c' && strchr("scdr", code[0])) {
		operator_text(p, n->left);
		characters(p, "<");
		print(p, first);
		characters(p, ">(");
		print(p, second);
		characters(p, ")");
		return;
	}
	/* a bare > would end the template's arguments */
	if (greater)
		characters(p, "(");
	if (!strcmp(code, "cl") && kind_of(p, first) == NODE_ENCODING)
		operand(p, at(p, first)->left);
	else
		operand(p, first);
	if (!strcmp(code, "ix")) {
		characters(p, "[");
		print(p, second);
		characters(p, "]");
	} else {
		if (strcmp(code, "cl"))
			operator_text(p, n->left);
		operand(p, second);
	}
	if (greater)
		characters(p, ")");
}

static void print_ternary(struct printer *p, const struct node *n)
{
	const char *code = code_of(p, n->left);
	uint16_t first = at(p, n->right)->left, rest = at(p, n->right)->right;
	uint16_t second = at(p, rest)->left, third = at(p, rest)->right;

	if (code[0] == 'f') {
		print_fold(p, code[1], first, second, third);
	} else if (!strcmp(code, "dX")) {
		print_designated(p, code, first, second, third);
	} else if (!strcmp(code, "qu")) {
		operand(p, first);
		operator_text(p, n->left);
		operand(p, second);
		characters(p, " : ");
		operand(p, third);
	} else {
		characters(p, "new ");
		if (at(p, first)->left) {
			operand(p, first);
			characters(p, " ");
		}
		print(p, second);
		if (third)
			operand(p, third);
	}
}

static void print_argument(struct printer *p, const struct node *n)
{
	if (!n->number) {
		characters(p, "this");
		return;
	}
	characters(p, "{parm#");
	text_number(p->text, n->number);
	characters(p, "}");
}

void print_expression(struct printer *p, const struct node *n)
{
	static void (*const printers[])(struct printer *, const struct node *) = {
		[NODE_OPERATOR] = print_operator,
		[NODE_PACK] = print_pack,
		[NODE_LITERAL] = print_literal,
		[NODE_UNARY] = print_unary,
		[NODE_SUFFIXED] = print_suffixed,
		[NODE_BINARY] = print_binary,
		[NODE_TERNARY] = print_ternary,
		[NODE_ARGUMENT] = print_argument,
	};

	printers[n->kind](p, n);
}
