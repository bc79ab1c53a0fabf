#include "profile/demangle_cxx.h"

#include <ctype.h>
#include <string.h>

static struct cxx cxx;

uint16_t cxx_node(struct cxx *c, enum node_kind kind, uint16_t left, uint16_t right)
{
	bool dependent = kind == NODE_PARAMETER || c->node[left].dependent ||
			 (c->node[right].dependent && kind != NODE_ENCODING);

	if (c->nodes + 1 >= CXX_NODES_MAX)
		return 0;
	c->node[++c->nodes] = (struct node){
		.kind = (uint8_t)kind & 0x7f, .left = left, .right = right, .dependent = dependent
	};
	return c->nodes;
}

uint16_t cxx_text(struct cxx *c, enum node_kind kind, const char *text, uint16_t left)
{
	uint16_t node = cxx_node(c, kind, left, 0);

	c->node[node].text = text;
	return node;
}

uint16_t cxx_numbered(struct cxx *c, enum node_kind kind, long number, uint16_t left)
{
	uint16_t node = cxx_node(c, kind, left, 0);

	c->node[node].number = number;
	return node;
}

uint16_t cxx_remember(struct cxx *c, uint16_t node)
{
	if (!node || c->substitutions == CXX_SUBSTITUTIONS_MAX)
		return 0;
	c->substitution[c->substitutions++] = node;
	return node;
}

bool cxx_accept(struct cxx *c, const char *what)
{
	size_t size = strlen(what);

	if (strncmp(c->at, what, size))
		return false;
	c->at += size;
	return true;
}

bool cxx_number(struct cxx *c, long *number)
{
	const char *start = c->at;

	for (*number = 0; isdigit((uint8_t)*c->at) && *number < 1 << 24; c->at++)
		*number = *number * 10 + (*c->at - '0');
	return c->at != start && !isdigit((uint8_t)*c->at);
}

bool cxx_compact_number(struct cxx *c, long *number)
{
	*number = -1;
	if (*c->at != '_' && !cxx_number(c, number))
		return false;
	++*number;
	return cxx_accept(c, "_");
}

static bool call_offset(struct cxx *c)
{
	bool virtual = *c->at == 'v';
	long number;

	if (!virtual && *c->at != 'h')
		return false;
	for (int i = 0; i < 1 + virtual; i++) {
		c->at += i == 0;
		cxx_accept(c, "n");
		if (!cxx_number(c, &number) || !cxx_accept(c, "_"))
			return false;
	}
	return true;
}

static uint16_t construction_vtable(struct cxx *c)
{
	uint16_t derived = cxx_type(c), base;
	long offset;

	if (!derived || !cxx_number(c, &offset) || !cxx_accept(c, "_"))
		return 0;
	base = cxx_type(c);
	return base ? cxx_node(c, NODE_CONSTRUCTION, base, derived) : 0;
}

static uint16_t reference_temporary(struct cxx *c)
{
	uint8_t qualifiers;
	uint16_t name = cxx_name(c, &qualifiers);
	long number = 0;

	if (isdigit((uint8_t)*c->at) && !cxx_number(c, &number))
		return 0;
	cxx_accept(c, "_");
	return name ? cxx_numbered(c, NODE_REFERENCE, number, name) : 0;
}

/* What the compiler makes for a type, a name or a function. */
static uint16_t special(struct cxx *c)
{
	static const struct {
		char code[4], what; /* type, name, encoding, offset and encoding, argument */
		const char *text;
	} table[] = {
		{ "TV", 't', "vtable for " },
		{ "TT", 't', "VTT for " },
		{ "TI", 't', "typeinfo for " },
		{ "TS", 't', "typeinfo name for " },
		{ "TF", 't', "typeinfo fn for " },
		{ "TJ", 't', "java Class for " },
		{ "TH", 'n', "TLS init function for " },
		{ "TW", 'n', "TLS wrapper function for " },
		{ "GV", 'n', "guard variable for " },
		{ "GA", 'e', "hidden alias for " },
		{ "GTn", 'e', "non-transaction clone for " },
		{ "GTt", 'e', "transaction clone for " },
		{ "Tc", 'c', "covariant return thunk to " },
		{ "TA", 'a', "template parameter object for " },
		{ "T", 'o', NULL },
	};
	uint8_t qualifiers;

	if (cxx_accept(c, "TC"))
		return construction_vtable(c);
	if (cxx_accept(c, "GR"))
		return reference_temporary(c);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *text = table[i].text;
		uint16_t node = 0;

		if (!cxx_accept(c, table[i].code))
			continue;
		if (!text)
			text = *c->at == 'v' ? "virtual thunk to " : "non-virtual thunk to ";
		if (table[i].what == 't')
			node = cxx_type(c);
		else if (table[i].what == 'n')
			node = cxx_name(c, &qualifiers);
		else if (table[i].what == 'a')
			node = cxx_template_argument(c);
		else if (table[i].what == 'e' ||
			 (call_offset(c) && (table[i].what == 'o' || call_offset(c))))
			node = cxx_encoding(c, false);
		return node ? cxx_text(c, NODE_TEXT, text, node) : 0;
	}
	return 0;
}

/* The last part of a name: what is inside locals. */
static uint16_t innermost(const struct cxx *c, uint16_t node)
{
	while (c->node[node].kind == NODE_LOCAL || c->node[node].kind == NODE_DEFAULT)
		node = c->node[node].kind == NODE_LOCAL ? c->node[node].right : c->node[node].left;
	return node;
}

/* Only templates that are no constructors, destructors or conversions say what they return. */
static bool has_return(const struct cxx *c, uint16_t node)
{
	uint8_t kind;

	node = innermost(c, node);
	if (c->node[node].kind != NODE_TEMPLATE)
		return false;
	node = c->node[node].left;
	while ((kind = c->node[node].kind) == NODE_QUALIFIED || kind == NODE_LOCAL)
		node = c->node[node].right;
	return kind != NODE_CONSTRUCTOR && kind != NODE_DESTRUCTOR && kind != NODE_CONVERSION;
}

static uint16_t signature(struct cxx *c, uint16_t name, uint8_t qualifiers)
{
	uint16_t scope = c->scope, last = innermost(c, name), function;

	if (c->node[last].kind == NODE_TEMPLATE) {
		c->scope_of[c->own].arguments = c->node[last].right;
		c->scope = c->own;
	}
	function = cxx_function(c, has_return(c, name) || *c->at == 'J');
	c->scope = scope;
	if (!function)
		return 0;
	c->node[function].mark |= qualifiers;
	return cxx_node(c, NODE_ENCODING, name, function);
}

uint16_t cxx_encoding(struct cxx *c, bool top)
{
	uint16_t own = c->own, name;
	uint8_t qualifiers;

	if (*c->at == 'G' || *c->at == 'T')
		return special(c);
	if (c->scopes + 1 >= CXX_SCOPES_MAX || c->depth > DEMANGLE_DEPTH_MAX)
		return 0;
	c->own = ++c->scopes;
	c->scope_of[c->own].arguments = 0;
	name = cxx_name(c, &qualifiers);
	if (name && c->node[innermost(c, name)].kind == NODE_TEMPLATE)
		c->scope_of[c->own].arguments = c->node[innermost(c, name)].right;
	if (name && *c->at && *c->at != 'E' && !(top && !(c->flags & DEMANGLE_PARAMETERS)))
		name = signature(c, name, qualifiers);
	c->own = own;
	return name;
}

/* "foo.constprop.0.cold": what the compiler made of a function, one group per [clone]. */
static uint16_t clones(struct cxx *c, uint16_t node)
{
	while (node && c->at[0] == '.' &&
		(islower((uint8_t)c->at[1]) || isdigit((uint8_t)c->at[1]) || c->at[1] == '_')) {
		const char *start = c->at++;

		while (islower((uint8_t)*c->at) || isdigit((uint8_t)*c->at) || *c->at == '_')
			c->at++;
		while (c->at[0] == '.' && isdigit((uint8_t)c->at[1]))
			for (c->at += 2; isdigit((uint8_t)*c->at);)
				c->at++;
		node = cxx_text(c, NODE_CLONE, start, node);
		c->node[node].length = (uint16_t)(c->at - start);
	}
	return node;
}

static uint16_t whole(struct cxx *c, bool top)
{
	uint16_t node = cxx_accept(c, "_Z") ? cxx_encoding(c, top) : 0;

	if (!(c->flags & DEMANGLE_PARAMETERS))
		return node;
	node = clones(c, node);
	return *c->at ? 0 : node;
}

/* "_GLOBAL__I_name": what runs the constructors of a file. */
static uint16_t global(struct cxx *c)
{
	bool constructors;
	uint16_t node;

	if (!cxx_accept(c, "_GLOBAL_") || !*c->at || !strchr("._$", c->at[0]) ||
		(c->at[1] != 'D' && c->at[1] != 'I') || c->at[2] != '_')
		return 0;
	constructors = c->at[1] == 'I';
	c->at += 3;
	if (!strncmp(c->at, "_Z", 2)) {
		node = whole(c, false);
	} else {
		node = cxx_text(c, NODE_NAME, c->at, 0);
		c->node[node].length = (uint16_t)strnlen(c->at, UINT16_MAX);
	}
	return node ? cxx_text(c, NODE_TEXT,
			      constructors ? "global constructors keyed to "
					   : "global destructors keyed to ",
			      node)
		    : 0;
}

bool demangle_cxx(struct demangle_text *text, const char *name, int flags)
{
	struct cxx *c = &cxx;
	uint16_t node;

	c->at = name;
	c->flags = flags;
	c->depth = 0;
	c->nodes = c->substitutions = c->scopes = c->scope = c->own = c->last_name = 0;
	c->in_expression = c->in_conversion = false;
	node = name[1] == 'Z' ? whole(c, true) : global(c);
	if (!node)
		return false;
	cxx_print(c, text, node);
	return true;
}
