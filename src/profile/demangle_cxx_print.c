#include "profile/demangle_cxx_printer.h"

/*
 * A type is written around its name, so it prints in two halves: "void (*" and ")(int)". Only
 * functions, arrays and what points to them have something on the right. Spaces and parentheses
 * follow what c++filt writes, since people compare and grep.
 */

static void left(struct printer *p, uint16_t node);
static void right(struct printer *p, uint16_t node);
static uint16_t nth(const struct printer *p, uint16_t list, long n)
{
	while (list && n-- > 0)
		list = at(p, list)->right;
	return list ? at(p, list)->left : 0;
}

/* What a template parameter stands for: an argument, or a pack of them (a list). */
uint16_t print_template_argument(struct printer *p, uint16_t node)
{
	const struct node *parameter = at(p, node);
	uint16_t found = nth(p, p->c->scope_of[parameter->length].arguments, parameter->number);

	if (!found)
		p->text->failed = true;
	return found;
}

static uint16_t resolve(struct printer *p, uint16_t node)
{
	for (int hops = 0; kind_of(p, node) == NODE_PARAMETER && !p->in_lambda; hops++) {
		node = print_template_argument(p, node);
		if (kind_of(p, node) == NODE_LIST && p->pack_index >= 0)
			node = nth(p, node, p->pack_index);
		if (hops > 16 || !node) {
			p->text->failed = true;
			return 0;
		}
	}
	return node;
}

/* NODE_FUNCTION, NODE_ARRAY (const or not), or anything else. */
static enum node_kind shape(struct printer *p, uint16_t node)
{
	const struct node *n = at(p, resolve(p, node));

	for (int hops = 0; n->kind == NODE_CV && hops < 16; hops++)
		n = at(p, resolve(p, n->left));
	return (enum node_kind)n->kind;
}

/* The last comma goes where nothing came behind it (an empty pack). */
static void list(struct printer *p, uint16_t node)
{
	size_t end = p->text->used;

	for (bool first = true; node; node = at(p, node)->right, first = false) {
		size_t start;

		if (!first)
			characters(p, ", ");
		start = p->text->used;
		print(p, at(p, node)->left);
		if (first || p->text->used != start)
			end = p->text->used;
	}
	p->text->used = end;
}

static void qualifiers(struct printer *p, unsigned marks)
{
	static const char *const texts[] = { " noexcept", " transaction_safe", " const",
		" volatile", " restrict", " &", " &&" };

	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (marks & 1u << i)
			characters(p, texts[i]);
}

/* A reference to a reference is one of them; gives back what it refers to. */
static uint16_t collapse(struct printer *p, const struct node *pointer, const char **text)
{
	uint16_t to = pointer->left;

	*text = pointer->text;
	for (int hops = 0; **text == '&' && hops < 16; hops++) {
		const struct node *inner = at(p, resolve(p, to));

		if (inner->kind != NODE_POINTER || inner->text[0] != '&')
			break;
		if (!inner->text[1])
			*text = inner->text;
		to = inner->left;
	}
	return to;
}

/* Whether the type has a right half. */
static bool surrounds(struct printer *p, uint16_t node)
{
	const char *text;

	for (int hops = 0; hops < DEMANGLE_DEPTH_MAX; hops++) {
		const struct node *n = at(p, resolve(p, node));

		if (n->kind == NODE_FUNCTION || n->kind == NODE_ARRAY)
			return true;
		if (n->kind == NODE_POINTER)
			node = collapse(p, n, &text);
		else if (n->kind == NODE_CV || n->kind == NODE_SUFFIX || n->kind == NODE_MEMBER ||
			 n->kind == NODE_VECTOR)
			node = n->left;
		else
			return false;
	}
	return false;
}

/* What points to a function or an array stands in parentheses. */
static void open(struct printer *p, uint16_t to, bool spaced)
{
	enum node_kind kind = shape(p, to);

	if (kind == NODE_ARRAY)
		characters(p, " (");
	if (kind != NODE_FUNCTION)
		return;
	if ((spaced || (p->text->last != '(' && p->text->last != '*')) && p->text->last != ' ')
		characters(p, " ");
	characters(p, "(");
}

static void close(struct printer *p, uint16_t to)
{
	enum node_kind kind = shape(p, to);

	if (kind == NODE_ARRAY || kind == NODE_FUNCTION)
		characters(p, ")");
	right(p, to);
}

static void left_pointer(struct printer *p, const struct node *n)
{
	const char *text;
	uint16_t to = collapse(p, n, &text);

	left(p, to);
	open(p, to, false);
	characters(p, text);
}

static void left_member(struct printer *p, const struct node *n)
{
	left(p, n->left);
	open(p, n->left, true);
	if (p->text->last != '(')
		characters(p, " ");
	print(p, n->right);
	characters(p, "::*");
}

/* const T where T is const already says it once. */
static void left_cv(struct printer *p, const struct node *n, unsigned said)
{
	uint16_t of = resolve(p, n->left);

	if (kind_of(p, of) == NODE_CV && text_enter(p->text))
		left_cv(p, at(p, of), said | n->mark), text_leave(p->text);
	else
		left(p, n->left);
	if (shape(p, of) != NODE_FUNCTION)
		qualifiers(p, n->mark & ~said);
}

static void left_function(struct printer *p, const struct node *n)
{
	if (!n->left)
		return;
	left(p, n->left);
	if (!surrounds(p, n->left))
		characters(p, " ");
}

static void right_function(struct printer *p, const struct node *n)
{
	const struct node *exception = at(p, (uint16_t)n->number);

	characters(p, "(");
	list(p, n->right);
	characters(p, ")");
	if (n->number) {
		characters(p, exception->text);
		characters(p, "(");
		print(p, exception->left);
		characters(p, ")");
	}
	qualifiers(p, n->mark);
	right(p, n->left);
}

static void right_array(struct printer *p, const struct node *n)
{
	characters(p, " ");
	for (;;) {
		uint16_t element = resolve(p, n->left);

		characters(p, "[");
		print(p, n->right);
		characters(p, "]");
		if (kind_of(p, element) != NODE_ARRAY || !text_enter(p->text)) {
			right(p, n->left);
			return;
		}
		text_leave(p->text);
		n = at(p, element);
	}
}

static void print_encoding(struct printer *p, const struct node *n)
{
	const struct node *function = at(p, n->right);

	left_function(p, function);
	print(p, n->left);
	right_function(p, function);
}

static void print_template(struct printer *p, const struct node *n)
{
	print(p, n->left);
	characters(p, p->text->last == '<' ? " <" : "<");
	print(p, n->right);
	characters(p, p->text->last == '>' ? " >" : ">");
}

static void print_lambda(struct printer *p, const struct node *n)
{
	characters(p, "{lambda(");
	p->in_lambda++;
	list(p, n->left);
	p->in_lambda--;
	characters(p, ")#");
	text_number(p->text, n->number);
	characters(p, "}");
}

/* Many kinds are text around their parts: %l and %r the parts, %n the number, %t the text. */
static const char *const patterns[] = {
	[NODE_NAME] = "%t",
	[NODE_QUALIFIED] = "%l::%r",
	[NODE_LOCAL] = "%l::%r",
	[NODE_DEFAULT] = "{default arg#%n}::%l",
	[NODE_CONSTRUCTOR] = "%l",
	[NODE_DESTRUCTOR] = "~%l",
	[NODE_CONVERSION] = "operator %l",
	[NODE_USER_OPERATOR] = "operator %l",
	[NODE_LITERAL_NAME] = "operator\"\" %l",
	[NODE_TAGGED] = "%l[abi:%r]",
	[NODE_UNNAMED] = "{unnamed type#%n}",
	[NODE_BINDING] = "[%l]",
	[NODE_DECLTYPE] = "decltype (%l)",
	[NODE_CAST] = "(%l)",
	[NODE_INITIALIZER] = "%l{%r}",
	[NODE_CONSTRUCTION] = "construction vtable for %l-in-%r",
	[NODE_REFERENCE] = "reference temporary #%n for %l",
	[NODE_CLONE] = "%l [clone %t]",
	[NODE_VECTOR] = "%l __vector(%r)",
};

static void print_pattern(struct printer *p, const struct node *n, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '%')
			text_char(p->text, *pattern);
		else if (*++pattern == 'l')
			print(p, n->left);
		else if (*pattern == 'r')
			print(p, n->right);
		else if (*pattern == 'n')
			text_number(p->text, n->number);
		else
			text_bytes(p->text, n->text, n->length);
	}
}

static void left_parameter(struct printer *p, uint16_t node)
{
	if (!p->in_lambda) {
		left(p, resolve(p, node));
		return;
	}
	characters(p, "auto:");
	text_number(p->text, at(p, node)->number + 1);
}

static void left_of(struct printer *p, uint16_t node)
{
	const struct node *n = at(p, node);

	switch ((enum node_kind)n->kind) {
	case NODE_TEXT:
	case NODE_BUILTIN:
		characters(p, n->text);
		print(p, n->left);
		break;
	case NODE_TEMPLATE:
		print_template(p, n);
		break;
	case NODE_LIST:
		list(p, node);
		break;
	case NODE_PARAMETER:
		left_parameter(p, node);
		break;
	case NODE_POINTER:
		left_pointer(p, n);
		break;
	case NODE_CV:
		left_cv(p, n, 0);
		break;
	case NODE_SUFFIX:
		left(p, n->left);
		characters(p, n->right ? " " : n->text);
		print(p, n->right);
		break;
	case NODE_MEMBER:
		left_member(p, n);
		break;
	case NODE_ARRAY:
		left(p, n->left);
		break;
	case NODE_FUNCTION:
		left_function(p, n);
		break;
	case NODE_ENCODING:
		print_encoding(p, n);
		break;
	case NODE_LAMBDA:
		print_lambda(p, n);
		break;
	default:
		if (n->kind < sizeof(patterns) / sizeof(*patterns) && patterns[n->kind])
			print_pattern(p, n, patterns[n->kind]);
		else
			print_expression(p, n);
	}
}

static void left(struct printer *p, uint16_t node)
{
	if (node && text_enter(p->text))
		left_of(p, node);
	if (node)
		text_leave(p->text);
}

static void right_of(struct printer *p, uint16_t node)
{
	const struct node *n = at(p, node);
	const char *text;

	switch ((enum node_kind)n->kind) {
	case NODE_PARAMETER:
		if (!p->in_lambda)
			right(p, resolve(p, node));
		break;
	case NODE_POINTER:
		close(p, collapse(p, n, &text));
		break;
	case NODE_MEMBER:
		close(p, n->left);
		break;
	case NODE_CV:
	case NODE_SUFFIX:
		right(p, n->left);
		break;
	case NODE_ARRAY:
		right_array(p, n);
		break;
	case NODE_FUNCTION:
		right_function(p, n);
		break;
	default:
		break;
	}
}

static void right(struct printer *p, uint16_t node)
{
	if (node && text_enter(p->text))
		right_of(p, node);
	if (node)
		text_leave(p->text);
}

void print(struct printer *p, uint16_t node)
{
	left(p, node);
	right(p, node);
}

void cxx_print(const struct cxx *c, struct demangle_text *text, uint16_t node)
{
	struct printer printer = { .c = c, .text = text, .pack_index = -1 };

	print(&printer, node);
}
