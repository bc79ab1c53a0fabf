#include "profile/demangle_cxx.h"

#include <ctype.h>
#include <string.h>

uint8_t cxx_qualifiers(struct cxx *c)
{
	uint8_t marks = 0;

	if (cxx_accept(c, "r"))
		marks |= CV_RESTRICT;
	if (cxx_accept(c, "V"))
		marks |= CV_VOLATILE;
	if (cxx_accept(c, "K"))
		marks |= CV_CONST;
	return marks;
}

uint16_t cxx_source_name(struct cxx *c)
{
	static const char anonymous[] = "_GLOBAL_";
	uint16_t node;
	long length;

	if (!cxx_number(c, &length) || !length || length > UINT16_MAX ||
		strnlen(c->at, (size_t)length) < (size_t)length)
		return 0;
	node = cxx_text(c, NODE_NAME, c->at, 0);
	c->node[node].length = (uint16_t)length;
	if (length > 9 && !strncmp(c->at, anonymous, 8) && strchr("._$", c->at[8]) &&
		c->at[9] == 'N')
		node = cxx_text(c, NODE_TEXT, "(anonymous namespace)", 0);
	c->at += length;
	return c->last_name = node;
}

/* "_1" or "__12_": which of several locals of the same name it is; not shown. */
static void discriminator(struct cxx *c)
{
	const char *start = c->at;
	bool wide = cxx_accept(c, "__");
	long number;

	if ((!wide && !cxx_accept(c, "_")) || !cxx_number(c, &number) ||
		(wide && number > 9 && !cxx_accept(c, "_")))
		c->at = start;
}

static uint16_t tags(struct cxx *c, uint16_t node)
{
	uint16_t last_name = c->last_name;

	while (node && cxx_accept(c, "B")) {
		uint16_t tag = cxx_source_name(c);

		node = tag ? cxx_node(c, NODE_TAGGED, node, tag) : 0;
	}
	c->last_name = last_name;
	return node;
}

/* "operator T" may use the template arguments that follow it. */
static uint16_t conversion(struct cxx *c)
{
	bool in_conversion = c->in_conversion;
	uint16_t scope = c->scope, type;

	c->in_conversion = !c->in_expression;
	if (c->in_conversion)
		c->scope = c->own;
	type = cxx_type(c);
	c->scope = scope;
	c->in_conversion = in_conversion;
	return type ? cxx_node(c, c->in_expression ? NODE_CAST : NODE_CONVERSION, type, 0) : 0;
}

uint16_t cxx_operator_name(struct cxx *c)
{
	if (cxx_accept(c, "cv"))
		return conversion(c);
	if (c->at[0] == 'v' && isdigit((uint8_t)c->at[1])) {
		uint16_t name;

		c->at += 2;
		name = cxx_source_name(c);
		return name ? cxx_node(c, NODE_USER_OPERATOR, name, 0) : 0;
	}
	for (int i = 0; cxx_operators[i].code[0]; i++)
		if (cxx_accept(c, cxx_operators[i].code))
			return cxx_numbered(c, NODE_OPERATOR, i, 0);
	return 0;
}

static uint16_t constructor(struct cxx *c)
{
	bool inherits = false;
	enum node_kind kind = *c->at == 'C' ? NODE_CONSTRUCTOR : NODE_DESTRUCTOR;

	c->at++;
	if (kind == NODE_CONSTRUCTOR)
		inherits = cxx_accept(c, "I");
	if (!c->last_name || *c->at < '0' || *c->at > '5')
		return 0;
	c->at++;
	/* one that is inherited goes by the name of the class it comes from */
	if (inherits && !cxx_type(c))
		return 0;
	return cxx_node(c, kind, c->last_name, 0);
}

static uint16_t lambda(struct cxx *c)
{
	uint16_t scope = c->scope, parameters;
	long number;

	/* where a substitution means one of them outside, it is the call operator's */
	c->scope = c->own;
	parameters = cxx_parameters(c);
	c->scope = scope;
	if (!parameters || !cxx_accept(c, "E") || !cxx_compact_number(c, &number))
		return 0;
	return cxx_numbered(c, NODE_LAMBDA, number + 1, parameters);
}

static uint16_t unnamed(struct cxx *c)
{
	long number;

	return cxx_compact_number(c, &number) ? cxx_numbered(c, NODE_UNNAMED, number + 1, 0) : 0;
}

static uint16_t binding(struct cxx *c)
{
	uint16_t names[32];
	int count = 0;
	uint16_t list = 0;

	while (!cxx_accept(c, "E"))
		if (count == 32 || !(names[count++] = cxx_source_name(c)))
			return 0;
	while (count)
		list = cxx_node(c, NODE_LIST, names[--count], list);
	return list ? cxx_node(c, NODE_BINDING, list, 0) : 0;
}

static uint16_t operator_or_literal(struct cxx *c)
{
	bool literal = c->at[0] == 'l' && c->at[1] == 'i';
	uint16_t name;

	if (!literal)
		return cxx_operator_name(c);
	c->at += 2;
	name = cxx_source_name(c);
	return name ? cxx_node(c, NODE_LITERAL_NAME, name, 0) : 0;
}

uint16_t cxx_unqualified(struct cxx *c)
{
	uint16_t node = 0;

	if (isdigit((uint8_t)*c->at)) {
		node = cxx_source_name(c);
	} else if (islower((uint8_t)*c->at)) {
		bool in_expression = c->in_expression;

		c->in_expression = false;
		cxx_accept(c, "on");
		node = operator_or_literal(c);
		c->in_expression = in_expression;
	} else if (cxx_accept(c, "DC")) {
		node = binding(c);
	} else if (*c->at == 'C' || *c->at == 'D') {
		node = constructor(c);
	} else if (cxx_accept(c, "L")) {
		node = cxx_source_name(c);
		discriminator(c);
	} else if (cxx_accept(c, "Ul")) {
		node = lambda(c);
	} else if (cxx_accept(c, "Ut")) {
		node = unnamed(c);
	}
	return tags(c, node);
}

/* A substitution repeats what was written, and T_ is written alike in every scope: what it means
 * is settled where it is repeated. Copies the parts that hold such parameters. */
static uint16_t rebind(struct cxx *c, uint16_t node)
{
	struct node copy = c->node[node];

	if (!copy.dependent || (copy.kind == NODE_PARAMETER && copy.length == c->scope))
		return node;
	if (c->nodes + 1 >= CXX_NODES_MAX || c->depth >= DEMANGLE_DEPTH_MAX)
		return 0;
	if (copy.kind == NODE_PARAMETER)
		copy.length = c->scope;
	c->depth++;
	copy.left = rebind(c, copy.left);
	if (copy.kind != NODE_ENCODING)
		copy.right = rebind(c, copy.right);
	c->depth--;
	if (c->nodes + 1 >= CXX_NODES_MAX)
		return 0;
	c->node[++c->nodes] = copy;
	return c->nodes;
}

uint16_t cxx_substitution(struct cxx *c, bool prefix)
{
	static const struct {
		char code;
		const char *brief, *full, *last;
	} standard[] = {
		{ 't', "std", "std", NULL },
		{ 'a', "std::allocator", "std::allocator", "allocator" },
		{ 'b', "std::basic_string", "std::basic_string", "basic_string" },
		{ 's', "std::string",
			"std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
			"basic_string" },
		{ 'i', "std::istream", "std::basic_istream<char, std::char_traits<char> >",
			"basic_istream" },
		{ 'o', "std::ostream", "std::basic_ostream<char, std::char_traits<char> >",
			"basic_ostream" },
		{ 'd', "std::iostream", "std::basic_iostream<char, std::char_traits<char> >",
			"basic_iostream" },
	};
	unsigned id = 0;

	if (!cxx_accept(c, "S"))
		return 0;
	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++) {
		bool full = c->flags & DEMANGLE_VERBOSE;

		if (*c->at != standard[i].code)
			continue;
		c->at++;
		/* A constructor needs the class by its real name. */
		if (prefix && (*c->at == 'C' || *c->at == 'D'))
			full = true;
		if (standard[i].last)
			c->last_name = cxx_text(c, NODE_TEXT, standard[i].last, 0);
		return tags(
			c, cxx_text(c, NODE_TEXT, full ? standard[i].full : standard[i].brief, 0));
	}
	if (*c->at != '_') {
		for (; isdigit((uint8_t)*c->at) || isupper((uint8_t)*c->at); c->at++) {
			id = id * 36 + (unsigned)(*c->at <= '9' ? *c->at - '0' : *c->at - 'A' + 10);
			if (id >= c->substitutions)
				return 0;
		}
		id++;
	}
	if (!cxx_accept(c, "_") || id >= c->substitutions)
		return 0;
	return rebind(c, c->substitution[id]);
}

uint16_t cxx_with_arguments(struct cxx *c, uint16_t name)
{
	uint16_t arguments;

	if (!name || *c->at != 'I')
		return name;
	arguments = cxx_template_arguments(c);
	return arguments ? cxx_node(c, NODE_TEMPLATE, name, arguments) : 0;
}

/* One more part of N...E behind `scope` (0: the first); `fresh` tells whether it can be meant by a
 * substitution from now on. */
static uint16_t nested_part(struct cxx *c, uint16_t scope, bool *fresh)
{
	uint16_t part;

	*fresh = *c->at != 'S';
	if (*c->at == 'I')
		return scope ? cxx_with_arguments(c, scope) : 0;
	if (*c->at == 'S')
		part = cxx_substitution(c, true);
	else if (*c->at == 'T')
		part = cxx_template_parameter(c);
	else if (c->at[0] == 'D' && (c->at[1] == 'T' || c->at[1] == 't'))
		part = cxx_type(c);
	else
		part = cxx_unqualified(c);
	return part && scope ? cxx_node(c, NODE_QUALIFIED, scope, part) : part;
}

static uint16_t nested(struct cxx *c, uint8_t *qualifiers)
{
	uint16_t node = 0;

	*qualifiers = cxx_qualifiers(c);
	if (cxx_accept(c, "R"))
		*qualifiers |= CV_LVALUE;
	if (cxx_accept(c, "O"))
		*qualifiers |= CV_RVALUE;
	while (!cxx_accept(c, "E")) {
		bool fresh;

		/* the initializer of this member holds what follows */
		if (node && cxx_accept(c, "M"))
			continue;
		node = nested_part(c, node, &fresh);
		if (!node || (fresh && *c->at != 'E' && !cxx_remember(c, node)))
			return 0;
	}
	return node;
}

static uint16_t local_entity(struct cxx *c, uint8_t *qualifiers)
{
	long number = -1;
	uint16_t node;

	if (cxx_accept(c, "s")) {
		discriminator(c);
		return cxx_text(c, NODE_TEXT, "string literal", 0);
	}
	if (cxx_accept(c, "d") && !cxx_compact_number(c, &number))
		return 0;
	node = cxx_name(c, qualifiers);
	if (c->node[node].kind != NODE_LAMBDA && c->node[node].kind != NODE_UNNAMED)
		discriminator(c);
	return node && number >= 0 ? cxx_numbered(c, NODE_DEFAULT, number + 1, node) : node;
}

static uint16_t local(struct cxx *c, uint8_t *qualifiers)
{
	uint16_t function = cxx_encoding(c, false);
	uint16_t entity = function && cxx_accept(c, "E") ? local_entity(c, qualifiers) : 0;

	/* Its return type would read as the entity's. */
	if (c->node[function].kind == NODE_ENCODING)
		c->node[c->node[function].right].left = 0;
	return entity ? cxx_node(c, NODE_LOCAL, function, entity) : 0;
}

static uint16_t name_of(struct cxx *c, uint8_t *qualifiers)
{
	uint16_t node;

	*qualifiers = 0;
	if (cxx_accept(c, "N"))
		return nested(c, qualifiers);
	if (cxx_accept(c, "Z"))
		return local(c, qualifiers);
	if (cxx_accept(c, "St")) {
		node = cxx_unqualified(c);
		node = node ? cxx_node(c, NODE_QUALIFIED, cxx_text(c, NODE_TEXT, "std", 0), node)
			    : 0;
	} else if (*c->at == 'S') {
		return cxx_with_arguments(c, cxx_substitution(c, false));
	} else {
		node = cxx_unqualified(c);
	}
	if (node && *c->at == 'I' && !cxx_remember(c, node))
		return 0;
	return cxx_with_arguments(c, node);
}

uint16_t cxx_name(struct cxx *c, uint8_t *qualifiers)
{
	uint16_t node = c->depth++ < DEMANGLE_DEPTH_MAX ? name_of(c, qualifiers) : 0;

	c->depth--;
	return node;
}
