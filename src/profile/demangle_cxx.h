#ifndef PROFILE_DEMANGLE_CXX_H
#define PROFILE_DEMANGLE_CXX_H

/*
 * Inside of demangle: a C++ name as a graph. The parser (names, types, expressions) reads the
 * grammar of the Itanium C++ ABI 5.1 into nodes, the printer walks them. A node is its index; 0 is
 * no node, and a parser function that returns 0 has failed. Substitutions make the graph share its
 * parts, but a node only ever refers to older nodes or to a scope's arguments.
 */

#include "profile/demangle.h"
#include "profile/demangle_text.h"

#include <stdint.h>

#define CXX_NODES_MAX 16384 /* a name has at most about one node per byte */
#define CXX_SUBSTITUTIONS_MAX 4096
#define CXX_SCOPES_MAX 256

enum node_kind {
	NODE_NAME,	    /* text, length */
	NODE_TEXT,	    /* text, constant; left: what follows, if anything */
	NODE_QUALIFIED,	    /* left::right */
	NODE_TEMPLATE,	    /* left<right> */
	NODE_LIST,	    /* left, right... ; an empty list has left 0 */
	NODE_PARAMETER,	    /* template parameter: number; length: its scope */
	NODE_BUILTIN,	    /* text; mark: enum literal_style */
	NODE_POINTER,	    /* text "*", "&", "&&" to left */
	NODE_CV,	    /* mark: enum cv; of left */
	NODE_SUFFIX,	    /* left, and text after it (_Complex) or right (vendor qualifiers) */
	NODE_MEMBER,	    /* pointer to member left of class right */
	NODE_VECTOR,	    /* left __vector(right) */
	NODE_ARRAY,	    /* left [right] */
	NODE_FUNCTION,	    /* returns left, takes right; mark: cv; number: exception node */
	NODE_ENCODING,	    /* name left with function right */
	NODE_LOCAL,	    /* right inside left */
	NODE_DEFAULT,	    /* {default arg#number}::left */
	NODE_CONSTRUCTOR,   /* left */
	NODE_DESTRUCTOR,    /* ~left */
	NODE_OPERATOR,	    /* number: of cxx_operators */
	NODE_CONVERSION,    /* operator left */
	NODE_USER_OPERATOR, /* operator left, by a vendor */
	NODE_LITERAL_NAME,  /* operator"" left */
	NODE_TAGGED,	    /* left[abi:right] */
	NODE_LAMBDA,	    /* {lambda(left)#number} */
	NODE_UNNAMED,	    /* {unnamed type#number} */
	NODE_BINDING,	    /* [left] */
	NODE_PACK,	    /* left... */
	NODE_DECLTYPE,	    /* decltype (left) */
	NODE_LITERAL,	    /* of type left: text, length; mark: negative */
	NODE_CAST,	    /* as operator: (left) */
	NODE_UNARY,	    /* operator left, operand right */
	NODE_SUFFIXED,	    /* the same, operator behind */
	NODE_BINARY,	    /* operator left, list of two right */
	NODE_TERNARY,	    /* operator left, list of three right */
	NODE_INITIALIZER,   /* left{right} */
	NODE_ARGUMENT,	    /* function parameter by number; 0: this */
	NODE_CONSTRUCTION,  /* construction vtable for left-in-right */
	NODE_REFERENCE,	    /* reference temporary #number for left */
	NODE_CLONE,	    /* left [clone text] */
};

/* In the order they are printed. */
enum cv {
	CV_NOEXCEPT = 1,
	CV_TRANSACTION = 2,
	CV_CONST = 4,
	CV_VOLATILE = 8,
	CV_RESTRICT = 16,
	CV_LVALUE = 32,
	CV_RVALUE = 64,
};

/* How a value of a builtin type is written. */
enum literal_style {
	LITERAL_CAST, /* (type)1 */
	LITERAL_INT,
	LITERAL_UNSIGNED,
	LITERAL_LONG,
	LITERAL_UNSIGNED_LONG,
	LITERAL_LONG_LONG,
	LITERAL_UNSIGNED_LONG_LONG,
	LITERAL_BOOL,
	LITERAL_FLOAT, /* (type)[1] */
};

struct node {
	union {
		const char *text; /* into the name, or constant */
		long number;
	};
	uint16_t left, right;
	uint16_t length;
	uint8_t kind : 7;
	uint8_t dependent : 1; /* there is a template parameter in it */
	uint8_t mark;
};

/* One function's template arguments; T_ inside its signature means them. */
struct scope {
	uint16_t arguments;
};

struct cxx {
	const char *at; /* NUL-terminated */
	int flags;
	int depth;
	uint16_t nodes, substitutions, scopes;
	uint16_t scope, own; /* that T_ means now; that of the encoding being read */
	uint16_t last_name;  /* what a constructor is called */
	bool in_expression, in_conversion;
	struct node node[CXX_NODES_MAX];
	uint16_t substitution[CXX_SUBSTITUTIONS_MAX];
	struct scope scope_of[CXX_SCOPES_MAX];
};

struct cxx_operator {
	char code[3];
	uint8_t operands; /* 0: written only in its own way */
	const char *text;
};
extern const struct cxx_operator cxx_operators[];

/* demangle_cxx.c */
uint16_t cxx_node(struct cxx *c, enum node_kind kind, uint16_t left, uint16_t right);
uint16_t cxx_text(struct cxx *c, enum node_kind kind, const char *text, uint16_t left);
uint16_t cxx_numbered(struct cxx *c, enum node_kind kind, long number, uint16_t left);
uint16_t cxx_remember(struct cxx *c, uint16_t node);  /* as a substitution; gives it back */
bool cxx_accept(struct cxx *c, const char *what);     /* moves past `what` if it comes next */
bool cxx_number(struct cxx *c, long *number);	      /* digits */
bool cxx_compact_number(struct cxx *c, long *number); /* "_" is 0, "0_" is 1, ... */
uint16_t cxx_encoding(struct cxx *c, bool top);

/* demangle_cxx_name.c */
uint8_t cxx_qualifiers(struct cxx *c);
uint16_t cxx_name(struct cxx *c, uint8_t *qualifiers);
uint16_t cxx_unqualified(struct cxx *c);
uint16_t cxx_source_name(struct cxx *c);
uint16_t cxx_operator_name(struct cxx *c);
uint16_t cxx_substitution(struct cxx *c, bool prefix);
uint16_t cxx_template_arguments(struct cxx *c);
uint16_t cxx_with_arguments(struct cxx *c, uint16_t name); /* reads them if they follow */

/* demangle_cxx_type.c */
uint16_t cxx_type(struct cxx *c);
uint16_t cxx_parameters(struct cxx *c); /* types as long as there are any */
uint16_t cxx_function(struct cxx *c, bool returns);
uint16_t cxx_template_parameter(struct cxx *c);
uint16_t cxx_decltype(struct cxx *c);

/* demangle_cxx_expression.c */
uint16_t cxx_expression(struct cxx *c);
uint16_t cxx_literal(struct cxx *c);
uint16_t cxx_template_argument(struct cxx *c);

/* demangle_cxx_print.c */
void cxx_print(const struct cxx *c, struct demangle_text *text, uint16_t node);

#endif
