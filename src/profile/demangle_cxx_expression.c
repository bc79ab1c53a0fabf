#include "profile/demangle_cxx.h"

#include <ctype.h>
#include <string.h>

/* A blank at the end parts the operator from its operand; it is left away in operator's name. */
const struct cxx_operator cxx_operators[] = {
	{ "aN", 2, "&=" },
	{ "aS", 2, "=" },
	{ "aa", 2, "&&" },
	{ "ad", 1, "&" },
	{ "an", 2, "&" },
	{ "at", 1, "alignof " },
	{ "aw", 1, "co_await " },
	{ "az", 1, "alignof " },
	{ "cc", 2, "const_cast" },
	{ "cl", 2, "()" },
	{ "cm", 2, "," },
	{ "co", 1, "~" },
	{ "dV", 2, "/=" },
	{ "dX", 3, "[...]=" },
	{ "da", 1, "delete[] " },
	{ "dc", 2, "dynamic_cast" },
	{ "de", 1, "*" },
	{ "di", 2, "=" },
	{ "dl", 1, "delete " },
	{ "ds", 2, ".*" },
	{ "dt", 2, "." },
	{ "dv", 2, "/" },
	{ "dx", 2, "]=" },
	{ "eO", 2, "^=" },
	{ "eo", 2, "^" },
	{ "eq", 2, "==" },
	{ "fL", 3, "..." },
	{ "fR", 3, "..." },
	{ "fl", 2, "..." },
	{ "fr", 2, "..." },
	{ "ge", 2, ">=" },
	{ "gs", 1, "::" },
	{ "gt", 2, ">" },
	{ "ix", 2, "[]" },
	{ "lS", 2, "<<=" },
	{ "le", 2, "<=" },
	{ "ls", 2, "<<" },
	{ "lt", 2, "<" },
	{ "mI", 2, "-=" },
	{ "mL", 2, "*=" },
	{ "mi", 2, "-" },
	{ "ml", 2, "*" },
	{ "mm", 1, "--" },
	{ "na", 3, "new[]" },
	{ "ne", 2, "!=" },
	{ "ng", 1, "-" },
	{ "nt", 1, "!" },
	{ "nw", 3, "new" },
	{ "nx", 1, "noexcept" },
	{ "oR", 2, "|=" },
	{ "oo", 2, "||" },
	{ "or", 2, "|" },
	{ "pL", 2, "+=" },
	{ "pl", 2, "+" },
	{ "pm", 2, "->*" },
	{ "pp", 1, "++" },
	{ "ps", 1, "+" },
	{ "pt", 2, "->" },
	{ "qu", 3, "?" },
	{ "rM", 2, "%=" },
	{ "rS", 2, ">>=" },
	{ "rc", 2, "reinterpret_cast" },
	{ "rm", 2, "%" },
	{ "rs", 2, ">>" },
	{ "sP", 1, "sizeof..." },
	{ "sZ", 1, "sizeof..." },
	{ "sc", 2, "static_cast" },
	{ "ss", 2, "<=>" },
	{ "st", 1, "sizeof " },
	{ "sz", 1, "sizeof " },
	{ "tr", 0, "throw" },
	{ "tw", 1, "throw " },
	{ "", 0, NULL },
};

static uint16_t list(struct cxx *c, uint16_t (*item_of)(struct cxx *), char end)
{
	uint16_t first = 0, last = 0;

	if (*c->at == end) {
		c->at++;
		return cxx_node(c, NODE_LIST, 0, 0);
	}
	while (*c->at && *c->at != end) {
		uint16_t item = item_of(c);

		item = item ? cxx_node(c, NODE_LIST, item, 0) : 0;
		if (!item)
			return 0;
		if (last)
			c->node[last].right = item;
		else
			first = item;
		last = item;
	}
	return *c->at++ == end ? first : 0;
}

uint16_t cxx_template_argument(struct cxx *c)
{
	if (cxx_accept(c, "X")) {
		uint16_t node = cxx_expression(c);

		return node && cxx_accept(c, "E") ? node : 0;
	}
	if (*c->at == 'L')
		return cxx_literal(c);
	if (*c->at == 'I' || *c->at == 'J')
		return cxx_template_arguments(c);
	return cxx_type(c);
}

uint16_t cxx_template_arguments(struct cxx *c)
{
	uint16_t last_name = c->last_name, node = 0;

	c->at++;
	if (c->depth++ < DEMANGLE_DEPTH_MAX) {
		/* what these say of conversions and expressions is their own */
		bool in_conversion = c->in_conversion, in_expression = c->in_expression;

		c->in_conversion = false;
		node = list(c, cxx_template_argument, 'E');
		c->in_conversion = in_conversion;
		c->in_expression = in_expression;
	}
	c->depth--;
	c->last_name = last_name;
	return node;
}

/* L type value E, or L mangled-name E */
uint16_t cxx_literal(struct cxx *c)
{
	uint16_t type, node;
	bool negative;
	size_t length;

	c->at++;
	if (c->at[0] == '_' || c->at[0] == 'Z') {
		cxx_accept(c, "_");
		node = cxx_accept(c, "Z") ? cxx_encoding(c, false) : 0;
		return node && cxx_accept(c, "E") ? node : 0;
	}
	type = cxx_type(c);
	if (!type)
		return 0;
	if (c->node[type].kind == NODE_BUILTIN &&
		!strcmp(c->node[type].text, "decltype(nullptr)") && cxx_accept(c, "E"))
		return type;
	negative = cxx_accept(c, "n");
	length = strcspn(c->at, "E");
	if (!length || !c->at[length] || length > UINT16_MAX)
		return 0;
	node = cxx_text(c, NODE_LITERAL, c->at, type);
	c->node[node].mark = negative;
	c->node[node].length = (uint16_t)length;
	c->at += length + 1;
	return node;
}

static uint16_t expressions(struct cxx *c, char end)
{
	return list(c, cxx_expression, end);
}

static uint16_t argument(struct cxx *c)
{
	long number;

	if (cxx_accept(c, "T"))
		return cxx_numbered(c, NODE_ARGUMENT, 0, 0);
	if (!cxx_compact_number(c, &number))
		return 0;
	return cxx_numbered(c, NODE_ARGUMENT, number + 1, 0);
}

static uint16_t simple_name(struct cxx *c)
{
	return cxx_with_arguments(c, cxx_source_name(c));
}

static uint16_t join(struct cxx *c, uint16_t scope, uint16_t name)
{
	return scope && name ? cxx_node(c, NODE_QUALIFIED, scope, name) : 0;
}

/* Names up to E inside `scope`, then the name they qualify. */
static uint16_t levels(struct cxx *c, uint16_t scope)
{
	while (scope && !cxx_accept(c, "E"))
		scope = join(c, scope, simple_name(c));
	return cxx_with_arguments(c, scope ? join(c, scope, cxx_unqualified(c)) : 0);
}

/* sr: names "E" or a type, then the name. Compilers have also written a plain name as the type;
 * "N" type names "E" reads like the nested name that others wrote. */
static uint16_t scoped(struct cxx *c)
{
	const char *start = c->at;
	uint16_t node;

	if (isdigit((uint8_t)*c->at)) {
		node = levels(c, simple_name(c));
		if (node)
			return node;
		c->at = start;
	}
	node = cxx_type(c);
	return cxx_with_arguments(c, node ? join(c, node, cxx_unqualified(c)) : 0);
}

static uint16_t initializer(struct cxx *c, bool typed)
{
	uint16_t type = typed ? cxx_type(c) : 0, values;

	if (typed && !type)
		return 0;
	values = expressions(c, 'E');
	return values ? cxx_node(c, NODE_INITIALIZER, type, values) : 0;
}

static uint16_t member_name(struct cxx *c)
{
	return cxx_with_arguments(c, cxx_unqualified(c));
}

static uint16_t pack(struct cxx *c)
{
	uint16_t node = cxx_expression(c);

	return node ? cxx_node(c, NODE_PACK, node, 0) : 0;
}

static uint16_t pair(struct cxx *c, uint16_t first, uint16_t second)
{
	return first && second ? cxx_node(c, NODE_LIST, first, second) : 0;
}

static uint16_t unary(struct cxx *c, uint16_t operator, const char * code)
{
	enum node_kind kind = NODE_UNARY;
	uint16_t operand;

	/* "pp_" comes before its operand, "pp" behind it */
	if ((!strcmp(code, "pp") || !strcmp(code, "mm")) && !cxx_accept(c, "_"))
		kind = NODE_SUFFIXED;
	if (c->node[operator].kind == NODE_CAST && cxx_accept(c, "_"))
		operand = expressions(c, 'E');
	else if (!strcmp(code, "sP"))
		operand = list(c, cxx_template_argument, 'E');
	else if (!strcmp(code, "st") || !strcmp(code, "at"))
		operand = cxx_type(c);
	else
		operand = cxx_expression(c);
	return operand ? cxx_node(c, kind, operator, operand) : 0;
}

static uint16_t binary(struct cxx *c, uint16_t operator, const char * code)
{
	uint16_t left, right;

	if (code[1] == 'c' && strchr("scdr", code[0]))
		left = cxx_type(c);
	else if (code[0] == 'f')
		left = cxx_operator_name(c);
	else if (!strcmp(code, "di"))
		left = cxx_unqualified(c);
	else
		left = cxx_expression(c);
	if (!left)
		return 0;
	if (!strcmp(code, "cl"))
		right = expressions(c, 'E');
	else if (!strcmp(code, "dt") || !strcmp(code, "pt"))
		right = cxx_accept(c, "gs") ? cxx_expression(c) : member_name(c);
	else
		right = cxx_expression(c);
	right = pair(c, left, right);
	return right ? cxx_node(c, NODE_BINARY, operator, right) : 0;
}

/* nw places _ type E | pi values E | il values E */
static uint16_t new_of(struct cxx *c, uint16_t operator)
{
	uint16_t places = expressions(c, '_'), type = places ? cxx_type(c) : 0, values = 0;

	if (!type)
		return 0;
	if (cxx_accept(c, "pi"))
		values = expressions(c, 'E');
	else if (cxx_accept(c, "il"))
		values = initializer(c, false);
	else if (!cxx_accept(c, "E"))
		return 0;
	values = cxx_node(c, NODE_LIST, type, values);
	return cxx_node(c, NODE_TERNARY, operator, pair(c, places, values));
}

static uint16_t ternary(struct cxx *c, uint16_t operator, const char * code)
{
	uint16_t first, second, third;

	if (code[0] == 'n')
		return new_of(c, operator);
	first = code[0] == 'f' ? cxx_operator_name(c) : cxx_expression(c);
	second = first ? cxx_expression(c) : 0;
	third = second ? cxx_expression(c) : 0;
	third = pair(c, first, pair(c, second, third));
	return third ? cxx_node(c, NODE_TERNARY, operator, third) : 0;
}

static uint16_t operation(struct cxx *c)
{
	uint16_t operator= cxx_operator_name(c);
	const struct cxx_operator *known;

	if (!operator)
		return 0;
	if (c->node[operator].kind != NODE_OPERATOR)
		return unary(c, operator, "");
	known = &cxx_operators[c->node[operator].number];
	if (known->operands == 3)
		return ternary(c, operator, known->code);
	if (known->operands == 2)
		return binary(c, operator, known->code);
	if (known->operands == 1)
		return unary(c, operator, known->code);
	return cxx_text(c, NODE_TEXT, known->text, 0);
}

static uint16_t expression_of(struct cxx *c)
{
	if (*c->at == 'L')
		return cxx_literal(c);
	if (*c->at == 'T')
		return cxx_template_parameter(c);
	if (cxx_accept(c, "sr"))
		return scoped(c);
	if (cxx_accept(c, "sp"))
		return pack(c);
	if (cxx_accept(c, "fp"))
		return argument(c);
	if (isdigit((uint8_t)*c->at) || (c->at[0] == 'o' && c->at[1] == 'n'))
		return member_name(c);
	if (cxx_accept(c, "il"))
		return initializer(c, false);
	if (cxx_accept(c, "tl"))
		return initializer(c, true);
	return operation(c);
}

uint16_t cxx_expression(struct cxx *c)
{
	bool in_expression = c->in_expression;
	uint16_t node = 0;

	c->in_expression = true;
	if (c->depth++ < DEMANGLE_DEPTH_MAX)
		node = expression_of(c);
	c->depth--;
	c->in_expression = in_expression;
	return node;
}
