#include "cmd/cmd.h"
#include "cmd/guard.h"

#include "access/users.h"
#include "base/message.h"
#include "base/option.h"
#include "data/feature.h"
#include "view/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"Usage: perfbox inspect [OPTION...] [FILE]\n"
	"\n"
	"Tells what a recording (perf.data; -: standard input) contains, by category, who made "
	"it,\n"
	"when, where and with which command line, and what sharing it would reveal:\n"
	"  1   system configuration        4a  code addresses\n"
	"  2   names, ids, paths, times    4b  data addresses\n"
	"  3   counters                    4c  contents of registers\n"
	"                                  4d  contents of memory, raw payloads\n"
	"\n";

#define MEMORY_BYTES (64ull << 20)
#define TEXT_BYTES (64u << 10) /* kept of what the file says of itself */
#define CUT (READER_NOTE_UNFINISHED | READER_NOTE_DATA_CUT | READER_NOTE_FEATURES_CUT)

static bool json, verbose;
static uint64_t memory = MEMORY_BYTES;

static const struct option options[] = {
	{ OPTION_FLAG, 'j', "json", &json, NULL, "for programs", NULL },
	{ OPTION_FLAG, 'v', "verbose", &verbose, NULL, "tell of the sandbox", NULL },
	{ OPTION_BYTES, 0, "memory", &memory, "SIZE", "memory for tables (64M)", NULL },
	{ .kind = OPTION_END },
};

static struct out out;
static struct arena arena;
static struct reader reader;
static struct contents contents;
static struct inspect inspect = { .file = "perf.data" };

static int fail(enum reader_status status)
{
	return message_fail("%s %s%s%s", inspect.file, reader_text(status),
		reader.error ? ": " : "", reader.error ? strerror(reader.error) : "");
}

/* Asked before the file is read, when /etc may still be. */
static void learn_owner(int fd)
{
	static struct users users;
	static struct user user;
	struct stat st = { 0 };

	fstat(fd, &st);
	inspect.written_s = st.st_mtime;
	inspect.owner = st.st_uid;
	if (!users_load(&users, "/etc", &arena) && user_find_id(&users, st.st_uid, &user))
		inspect.owner_name = user.name;
}

static int open_input(void)
{
	int fd = strcmp(inspect.file, "-") ? open(inspect.file, O_RDONLY | O_CLOEXEC | O_NOCTTY)
					   : STDIN_FILENO;
	enum reader_status status;

	if (fd < 0)
		return message_fail("%s: %s", inspect.file, strerror(errno));
	if (arena_reserve(&arena, memory))
		return message_fail("--memory: %" PRIu64 " bytes cannot be had", memory);
	learn_owner(fd);
	status = guard_reader_open(&reader, fd, &arena, &(struct guard){ .verbose = verbose });
	return status ? fail(status) : 0;
}

static struct span section(int feature, size_t cap)
{
	void *to = arena_take(&arena, 1, cap);

	return to ? reader_feature(&reader, feature, to, cap) : span_of("", 0);
}

static const char *told(int feature)
{
	struct span s = section(feature, 1024);

	return feature_string(&s);
}

static void learn_command(void)
{
	struct span s = section(HEADER_CMDLINE, TEXT_BYTES);
	uint32_t words = span_u32(&s);

	while (words-- && inspect.command_words < INSPECT_WORDS && span_left(&s) && !s.bad)
		inspect.command[inspect.command_words++] = feature_string(&s);
}

static void learn(void)
{
	struct span times = section(HEADER_SAMPLE_TIME, 16);

	inspect.reader = &reader;
	inspect.contents = &contents;
	inspect.host = told(HEADER_HOSTNAME);
	inspect.kernel = told(HEADER_OSRELEASE);
	inspect.architecture = told(HEADER_ARCH);
	inspect.recorder = told(HEADER_VERSION);
	inspect.first_ns = span_u64(&times);
	inspect.last_ns = span_u64(&times);
	learn_command();
}

static enum reader_status count(void)
{
	enum reader_status status;

	contents_begin(&contents, &reader);
	while ((status = reader_next(&reader)) == READER_OK)
		contents_add(&contents, &reader);
	return status == READER_END && reader.notes & CUT ? READER_CUT : status;
}

int cmd_inspect(int argc, char **argv)
{
	int status = option_parse(argc, argv, options, usage, false);
	enum reader_status ended;

	if (status < 0)
		return -status;
	if (status > 1)
		return message_usage("'%s': one file at a time; see --help", argv[1]);
	if (status)
		inspect.file = argv[0];
	status = open_input();
	if (status)
		return status;
	learn();
	ended = count();
	inspect.whole = ended == READER_END;
	out_begin(&out, STDOUT_FILENO);
	(json ? inspect_json : inspect_text)(&out, &inspect);
	if (out_flush(&out) && out.error != EPIPE)
		return message_fail("writing: %s", strerror(out.error));
	return inspect.whole ? 0 : fail(ended);
}
