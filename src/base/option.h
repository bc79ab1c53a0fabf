#ifndef BASE_OPTION_H
#define BASE_OPTION_H

/*
 * Command-line options as a table: a row is all there is to an option, its parsing and its help.
 * Spelling follows perf: "-F99", "-F 99", "--freq=99", "--freq 99", joined flags ("-ag"), unique
 * prefixes of long names, "--no-NAME" for flags. Targets are static variables of the command.
 */

#include <stdbool.h>
#include <stdint.h>

enum option_kind {
	OPTION_END,	 /* closes the table */
	OPTION_FLAG,	 /* bool; --no-NAME clears it */
	OPTION_COUNT,	 /* int, one more each time */
	OPTION_STRING,	 /* const char *, the last one wins */
	OPTION_LIST,	 /* struct option_list, every one is kept, in order */
	OPTION_U64,	 /* uint64_t */
	OPTION_BYTES,	 /* uint64_t; units B K M G */
	OPTION_SECONDS,	 /* uint64_t nanoseconds from seconds with a fraction */
	OPTION_OPTIONAL, /* const char *; "--NAME" sets "", "--NAME=VALUE" and "-cVALUE" the value
			  */
	OPTION_MAYBE,	 /* as OPTION_OPTIONAL, and the next word unless it begins with '-' */
	OPTION_GROUP,	 /* no option: a heading in the help */
};

#define OPTION_LIST_MAX 64

struct option_list {
	int count;
	const char *at[OPTION_LIST_MAX];
};

struct option {
	enum option_kind kind;
	char letter;	  /* or 0 */
	const char *name; /* without "--"; or NULL */
	void *target; /* by kind; NULL: accepted for perf's sake, no effect (the help says so) */
	const char *value; /* what the help calls the value; NULL for flags */
	const char *help;  /* NULL hides the row from the help */
	bool *given;	   /* set when the option was seen; may be NULL */
};

/*
 * Parses argv[1..]. What is no option is an operand: operands are moved, in order, to argv[0..], a
 * NULL is put behind them, and their count is returned. With `stop` parsing ends at the first
 * operand, which begins a command line to run; "--" always ends it.
 * -EXIT_USAGE after a message for what is wrong; --help / -h prints the help and exits with 0.
 */
int option_parse(int argc, char **argv, const struct option *options, const char *usage, bool stop);

/* The help on standard output: the usage text, then a line per row. */
void option_help(const struct option *options, const char *usage);

#endif
