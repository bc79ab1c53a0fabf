#ifndef CMD_INPUT_H
#define CMD_INPUT_H

/*
 * The recording that report and script show: what both are told of it on their command lines, how
 * it is opened, and where its images are. One per command.
 */

#include "arch.h"
#include "base/option.h"
#include "base/out.h"
#include "cmd/guard.h"
#include "profile/recording.h"
#include "profile/resolve.h"

struct input {
	const char *path;  /* -i */
	const char *times; /* --time */
	uint64_t memory;   /* bytes */
	bool demangle, verbose;
	bool header, header_only;
	struct resolve_options files; /* where images are */

	uint64_t from_ns, until_ns; /* of --time; until 0: no end */
	struct arena arena;
	struct reader reader;
	struct recording recording;
};

extern struct input input;

/* Before the options are parsed: what they are by default. */
void input_begin(void);

/* Rows for the tables of options. */
#define INPUT_PATH                                                                                 \
	{                                                                                          \
		OPTION_STRING, 'i', "input", &input.path, "FILE",                                  \
			"the recording (perf.data); -: standard input", NULL                       \
	}
#define INPUT_TIME                                                                                 \
	{                                                                                          \
		OPTION_STRING, 0, "time", &input.times, "FROM,TO",                                 \
			"only this time, in seconds as recorded", NULL                             \
	}
#define INPUT_HEADER                                                                               \
	{ OPTION_FLAG, 0, "header", &input.header, NULL, "what the file says of itself, first",    \
		NULL },                                                                            \
	{                                                                                          \
		OPTION_FLAG, 0, "header-only", &input.header_only, NULL, "that and nothing else",  \
			NULL                                                                       \
	}
#define INPUT_FILES                                                                                \
	{ OPTION_STRING, 0, "symfs", &input.files.symfs, "DIR", "look for images below DIR",       \
		NULL },                                                                            \
		{ OPTION_STRING, 0, "kallsyms", &input.files.kallsyms, "FILE",                     \
			"kernel symbols, not /proc/kallsyms", NULL },                              \
		{ OPTION_FLAG, 0, "demangle", &input.demangle, NULL,                               \
			"C++ and Rust names as written (default)", NULL },                         \
		{ OPTION_BYTES, 0, "memory", &input.memory, "SIZE", "memory for tables (64M)",     \
			NULL },                                                                    \
	{                                                                                          \
		OPTION_FLAG, 'f', "force", NULL, NULL, NULL, NULL                                  \
	}

/* Reserves the arena, enters the sandbox, opens the file, reads --time. The guard's files are the
 * input's. 0, or an exit status after a message. */
int input_open(struct guard guard);

/* Why the file cannot be read on, as a message; 1. */
int input_fail(enum reader_status status);

/* Of a reading that ended: 0 where it was whole, or was shown as far as the file goes. */
int input_ended(enum reader_status status);

/* The file's own account of itself. */
void input_print_header(struct out *out);

/* The machine it was recorded on; NULL: none that we know. */
const struct arch *input_arch(void);

/* Between the two passes: stacks are unwound, --symfs and the like told. 0 or 1 after a message. */
int input_unwind(void);

/* Names what was collected; images that ought to have names and have none are told. */
void input_resolve(void);

/* Walks "a,b": each word in turn; false at the end. Words too long for `to` are cut. */
bool input_next_word(const char **at, char *to, size_t cap);

/* Whether a word, or a number, is in such a list. */
bool input_in_list(const char *list, const char *word);
bool input_number_in_list(const char *list, uint32_t number);

#endif
