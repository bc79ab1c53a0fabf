#include "profile/demangle_cxx.h"

#include <ctype.h>
#include <string.h>

/* Types of the language by their letters; none of them can be meant by a substitution. */
static const struct {
	char code[3];
	uint8_t style;
	const char *text;
} builtins[] = {
	{ "a", LITERAL_CAST, "signed char" },
	{ "b", LITERAL_BOOL, "bool" },
	{ "c", LITERAL_CAST, "char" },
	{ "d", LITERAL_FLOAT, "double" },
	{ "e", LITERAL_FLOAT, "long double" },
	{ "f", LITERAL_FLOAT, "float" },
	{ "g", LITERAL_FLOAT, "__float128" },
	{ "h", LITERAL_CAST, "unsigned char" },
	{ "i", LITERAL_INT, "int" },
	{ "j", LITERAL_UNSIGNED, "unsigned int" },
	{ "l", LITERAL_LONG, "long" },
	{ "m", LITERAL_UNSIGNED_LONG, "unsigned long" },
	{ "n", LITERAL_CAST, "__int128" },
	{ "o", LITERAL_CAST, "unsigned __int128" },
	{ "s", LITERAL_CAST, "short" },
	{ "t", LITERAL_CAST, "unsigned short" },
	{ "v", LITERAL_CAST, "void" },
	{ "w", LITERAL_CAST, "wchar_t" },
	{ "x", LITERAL_LONG_LONG, "long long" },
	{ "y", LITERAL_UNSIGNED_LONG_LONG, "unsigned long long" },
	{ "z", LITERAL_CAST, "..." },
	{ "Da", LITERAL_CAST, "auto" },
	{ "Dc", LITERAL_CAST, "decltype(auto)" },
	{ "Dd", LITERAL_CAST, "decimal64" },
	{ "De", LITERAL_CAST, "decimal128" },
	{ "Df", LITERAL_CAST, "decimal32" },
	{ "Dh", LITERAL_FLOAT, "half" },
	{ "Di", LITERAL_CAST, "char32_t" },
	{ "Dn", LITERAL_CAST, "decltype(nullptr)" },
	{ "Ds", LITERAL_CAST, "char16_t" },
	{ "Du", LITERAL_CAST, "char8_t" },
};

static uint16_t builtin(struct cxx *c)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(*builtins); i++)
		if (cxx_accept(c, builtins[i].code)) {
			uint16_t node = cxx_text(c, NODE_BUILTIN, builtins[i].text, 0);

			c->node[node].mark = builtins[i].style;
			return node;
		}
	return 0;
}

/* "DF16_": a float of so many bits, "DF64x" of more; "DF16b" is bfloat16. */
static uint16_t sized_float(struct cxx *c)
{
	const char *start = c->at;
	uint16_t node;
	long bits;

	if (!cxx_number(c, &bits))
		return 0;
	if (bits == 16 && cxx_accept(c, "b"))
		return cxx_text(c, NODE_BUILTIN, "std::bfloat16_t", 0);
	cxx_accept(c, "x");
	node = cxx_text(c, NODE_NAME, start, 0);
	c->node[node].length = (uint16_t)(c->at - start);
	if (c->at[-1] != 'x' && !cxx_accept(c, "_"))
		return 0;
	return cxx_text(c, NODE_TEXT, "_Float", node);
}

uint16_t cxx_parameters(struct cxx *c)
{
	uint16_t first = 0, last = 0;

	while (*c->at && !strchr("E.", *c->at) &&
		!((c->at[0] == 'R' || c->at[0] == 'O') && c->at[1] == 'E')) {
		uint16_t type = cxx_type(c), item = type ? cxx_node(c, NODE_LIST, type, 0) : 0;

		if (!item)
			return 0;
		if (last)
			c->node[last].right = item;
		else
			first = item;
		last = item;
	}
	/* (void) is written () */
	if (first && first == last && c->node[c->node[first].left].kind == NODE_BUILTIN &&
		!strcmp(c->node[c->node[first].left].text, "void"))
		c->node[first].left = 0;
	return first;
}

uint16_t cxx_function(struct cxx *c, bool returns)
{
	uint16_t type = 0, parameters, node;

	cxx_accept(c, "J");
	if (returns && !(type = cxx_type(c)))
		return 0;
	parameters = cxx_parameters(c);
	node = parameters ? cxx_node(c, NODE_FUNCTION, type, parameters) : 0;
	c->node[node].number = 0;
	return node;
}

/* F...E and what may come before it; `marks` are those of its `this`. */
static uint16_t function_type(struct cxx *c, uint8_t marks)
{
	uint16_t node, exception = 0;

	if (cxx_accept(c, "Do")) {
		marks |= CV_NOEXCEPT;
	} else if (cxx_accept(c, "DO")) {
		exception = cxx_expression(c);
		exception = exception ? cxx_text(c, NODE_TEXT, " noexcept", exception) : 0;
		if (!exception || !cxx_accept(c, "E"))
			return 0;
	} else if (cxx_accept(c, "Dw")) {
		exception = cxx_parameters(c);
		exception = exception ? cxx_text(c, NODE_TEXT, " throw", exception) : 0;
		if (!exception || !cxx_accept(c, "E"))
			return 0;
	}
	if (cxx_accept(c, "Dx"))
		marks |= CV_TRANSACTION;
	if (!cxx_accept(c, "F"))
		return 0;
	cxx_accept(c, "Y");
	node = cxx_function(c, true);
	if (!node)
		return 0;
	if (cxx_accept(c, "R"))
		marks |= CV_LVALUE;
	else if (cxx_accept(c, "O"))
		marks |= CV_RVALUE;
	c->node[node].mark = marks;
	c->node[node].number = exception;
	return cxx_accept(c, "E") ? node : 0;
}

static bool function_follows(const struct cxx *c)
{
	return *c->at == 'F' || (*c->at == 'D' && strchr("oOwx", c->at[1]) && c->at[1]);
}

static uint16_t qualified(struct cxx *c)
{
	uint8_t marks = cxx_qualifiers(c);
	uint16_t node;

	if (function_follows(c))
		return function_type(c, marks);
	node = cxx_type(c);
	if (!node)
		return 0;
	node = cxx_node(c, NODE_CV, node, 0);
	c->node[node].mark = marks;
	return node;
}

/* "3_", "_" (no bound), or an expression and "_"; false where it is none of them. */
static bool bound(struct cxx *c, uint16_t *node)
{
	const char *start = c->at;
	long number;

	*node = 0;
	if (cxx_accept(c, "_"))
		return true;
	if (isdigit((uint8_t)*c->at)) {
		if (!cxx_number(c, &number))
			return false;
		*node = cxx_text(c, NODE_NAME, start, 0);
		c->node[*node].length = (uint16_t)(c->at - start);
	} else {
		*node = cxx_expression(c);
	}
	return *node && cxx_accept(c, "_");
}

static uint16_t array(struct cxx *c)
{
	uint16_t size, element = bound(c, &size) ? cxx_type(c) : 0;

	return element ? cxx_node(c, NODE_ARRAY, element, size) : 0;
}

static uint16_t vector(struct cxx *c)
{
	uint16_t size, element;

	/* here "_" comes before an expression, and behind the number */
	if (cxx_accept(c, "_")) {
		size = cxx_expression(c);
		if (!size || !cxx_accept(c, "_"))
			return 0;
	} else if (!bound(c, &size)) {
		return 0;
	}
	element = cxx_type(c);
	return element ? cxx_node(c, NODE_VECTOR, element, size) : 0;
}

static uint16_t member(struct cxx *c)
{
	uint16_t class = cxx_type(c), type = class ? cxx_type(c) : 0;

	return type ? cxx_node(c, NODE_MEMBER, type, class) : 0;
}

uint16_t cxx_template_parameter(struct cxx *c)
{
	uint16_t node;
	long number;

	if (!cxx_accept(c, "T") || !cxx_compact_number(c, &number))
		return 0;
	node = cxx_numbered(c, NODE_PARAMETER, number, 0);
	c->node[node].length = c->scope;
	return node;
}

/* T_ alone or with arguments. "operator T_<int>" reads like "operator T_" with arguments of the
 * operator: only a second list makes the first one the type's. */
static uint16_t parameter_type(struct cxx *c)
{
	uint16_t node = cxx_template_parameter(c), arguments, remembered;
	const char *start = c->at;

	if (!node || *c->at != 'I')
		return node;
	if (!c->in_conversion)
		return cxx_with_arguments(c, cxx_remember(c, node));
	remembered = c->substitutions;
	if (!cxx_remember(c, node))
		return 0;
	arguments = cxx_template_arguments(c);
	if (arguments && *c->at == 'I')
		return cxx_node(c, NODE_TEMPLATE, node, arguments);
	c->at = start;
	c->substitutions = remembered;
	return node;
}

static uint16_t vendor_qualified(struct cxx *c)
{
	uint16_t name = cxx_with_arguments(c, cxx_source_name(c)), type = name ? cxx_type(c) : 0;

	return type ? cxx_node(c, NODE_SUFFIX, type, name) : 0;
}

uint16_t cxx_decltype(struct cxx *c)
{
	uint16_t node = cxx_expression(c);

	return node && cxx_accept(c, "E") ? cxx_node(c, NODE_DECLTYPE, node, 0) : 0;
}

static uint16_t prefixed(struct cxx *c, enum node_kind kind, const char *text)
{
	uint16_t type = cxx_type(c);

	return type ? cxx_text(c, kind, text, type) : 0;
}

static uint16_t compound(struct cxx *c)
{
	static const struct {
		char code[3];
		uint8_t kind;
		const char *text;
	} prefixes[] = {
		{ "P", NODE_POINTER, "*" },
		{ "R", NODE_POINTER, "&" },
		{ "O", NODE_POINTER, "&&" },
		{ "C", NODE_SUFFIX, " _Complex" },
		{ "G", NODE_SUFFIX, " _Imaginary" },
		{ "Dp", NODE_PACK, NULL },
	};
	uint8_t qualifiers;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (cxx_accept(c, prefixes[i].code))
			return prefixed(c, prefixes[i].kind, prefixes[i].text);
	if (strchr("rVK", *c->at))
		return qualified(c);
	if (function_follows(c))
		return function_type(c, 0);
	if (cxx_accept(c, "Dt") || cxx_accept(c, "DT"))
		return cxx_decltype(c);
	if (cxx_accept(c, "Dv"))
		return vector(c);
	if (cxx_accept(c, "A"))
		return array(c);
	if (cxx_accept(c, "M"))
		return member(c);
	if (cxx_accept(c, "U"))
		return vendor_qualified(c);
	if (cxx_accept(c, "u"))
		return cxx_with_arguments(c, cxx_source_name(c));
	if (*c->at == 'T')
		return parameter_type(c);
	return cxx_name(c, &qualifiers);
}

static uint16_t type_of(struct cxx *c)
{
	uint16_t node;

	if (!*c->at)
		return 0;
	if (cxx_accept(c, "DF"))
		return sized_float(c);
	node = builtin(c);
	if (node)
		return node;
	if (c->at[0] == 'S' && c->at[1] != 't') {
		node = cxx_substitution(c, false);
		if (!node || *c->at != 'I')
			return node;
		return cxx_remember(c, cxx_with_arguments(c, node));
	}
	return cxx_remember(c, compound(c));
}

uint16_t cxx_type(struct cxx *c)
{
	uint16_t node = c->depth++ < DEMANGLE_DEPTH_MAX ? type_of(c) : 0;

	c->depth--;
	return node;
}
