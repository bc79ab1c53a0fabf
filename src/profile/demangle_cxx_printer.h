#ifndef PROFILE_DEMANGLE_CXX_PRINTER_H
#define PROFILE_DEMANGLE_CXX_PRINTER_H

/* Inside of demangle: what the two halves of the C++ printer, types and expressions, share. */

#include "profile/demangle_cxx.h"

struct printer {
	const struct cxx *c;
	struct demangle_text *text;
	int pack_index; /* the element of parameter packs that is meant; -1: all of them */
	int in_lambda;	/* template parameters are those of the lambda: "auto:1" */
};

static inline const struct node *at(const struct printer *p, uint16_t node)
{
	return &p->c->node[node];
}

static inline enum node_kind kind_of(const struct printer *p, uint16_t node)
{
	return (enum node_kind)at(p, node)->kind;
}

static inline void characters(struct printer *p, const char *string)
{
	text_string(p->text, string);
}

/* demangle_cxx_print.c; node 0 prints nothing */
void print(struct printer *p, uint16_t node);
uint16_t print_template_argument(struct printer *p, uint16_t parameter);

/* demangle_cxx_print_expression.c */
void print_expression(struct printer *p, const struct node *n);

#endif
