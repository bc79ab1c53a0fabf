#ifndef DATA_TRACING_H
#define DATA_TRACING_H

/*
 * What a recording says of its tracepoints: the section TRACING_DATA (trace-cmd's trace.dat version
 * 0.6) and in it the "format" files of tracefs, with the fields of each event and how the kernel
 * would print them. All of it is untrusted: what is not understood leaves `format` NULL, and the
 * fields are shown one by one.
 */

#include "base/arena.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum tracing_field_flag {
	TRACING_SIGNED = 1,
	TRACING_ARRAY = 2,
	TRACING_STRING = 4,    /* an array of characters */
	TRACING_DYNAMIC = 8,   /* u32: where it lies in the record (low half) and its size */
	TRACING_RELATIVE = 16, /* the same, counted from behind the u32 */
};

struct tracing_field {
	struct tracing_field *next;
	const char *name;
	uint32_t offset, size; /* bytes, in the raw record */
	uint32_t element;      /* bytes of one element of an array */
	int flags;
};

enum tracing_kind {
	TRACING_NUMBER,
	TRACING_TEXT,	 /* text */
	TRACING_FIELD,	 /* field */
	TRACING_UNARY,	 /* op of left: ! ~ - */
	TRACING_BINARY,	 /* left op right */
	TRACING_TERNARY, /* left ? right : third */
	TRACING_CAST,	 /* of left to `number` bytes, op 's': signed */
	TRACING_INDEX,	 /* left[right] */
	TRACING_PAIR,	 /* {left, text} of flags and symbols */
	TRACING_CALL,	 /* op: enum tracing_call, of left and what follows it */
};

enum tracing_call {
	TRACING_FLAGS,	     /* value, delimiter, pairs */
	TRACING_SYMBOLIC,    /* value, pairs */
	TRACING_HEX,	     /* bytes, count */
	TRACING_PRINT_ARRAY, /* numbers, count, bytes of one */
	TRACING_STRING_OF,
	TRACING_BYTES_OF, /* __get_dynamic_array() and its kind */
	TRACING_LENGTH_OF,
	TRACING_BITMASK,
	TRACING_EXPECT, /* __builtin_expect() */
};

struct tracing_node {
	enum tracing_kind kind;
	int op; /* of two characters: first | second << 8 */
	uint64_t number;
	const char *text;
	const struct tracing_field *field;
	struct tracing_node *left, *right, *third;
	struct tracing_node *next; /* in a list of arguments */
};

struct tracing_event {
	struct tracing_event *next;
	uint64_t id; /* attr.config */
	const char *name;
	struct tracing_field *fields;
	const char *format; /* of printf, for `arguments` */
	struct tracing_node *arguments;
};

struct tracing {
	struct arena *arena;
	struct tracing_event *events;
	uint8_t long_bytes;
};

/* False where the section is not of a kind we know, or is cut: the events before that are known. */
bool tracing_parse(struct tracing *tracing, struct span section, struct arena *arena);

const struct tracing_event *tracing_find(const struct tracing *tracing, uint64_t id);
const struct tracing_field *tracing_field(
	const struct tracing_event *event, const char *name, size_t length);

/* data/tracing_format.c: "fmt", arguments... False where it is not understood. */
bool tracing_format(
	struct tracing *tracing, struct tracing_event *event, const char *at, const char *end);

#endif
