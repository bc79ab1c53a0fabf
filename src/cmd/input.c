#include "cmd/input.h"

#include "base/message.h"
#include "base/number.h"
#include "data/feature.h"
#include "view/header_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct input input;

void input_begin(void)
{
	input.path = "perf.data";
	input.memory = 64ull << 20;
	input.demangle = true;
}

bool input_next_word(const char **at, char *to, size_t cap)
{
	size_t size = strcspn(*at, ",");

	if (!**at)
		return false;
	snprintf(to, cap, "%.*s", (int)size, *at);
	*at += size + ((*at)[size] == ',');
	return true;
}

bool input_in_list(const char *list, const char *word)
{
	char each[512];

	while (input_next_word(&list, each, sizeof(each)))
		if (!strcmp(each, word))
			return true;
	return false;
}

bool input_number_in_list(const char *list, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	return input_in_list(list, text);
}

static int choose_times(void)
{
	char from[64] = "";
	const char *to = input.times;
	int err = 0;

	if (!to)
		return 0;
	input_next_word(&to, from, sizeof(from));
	if (*from)
		err = number_seconds(from, &input.from_ns);
	if (!err && *to)
		err = number_seconds(to, &input.until_ns);
	if (err || (input.until_ns && input.until_ns < input.from_ns))
		return message_usage(
			"--time %s: want FROM,TO in seconds, as in 12.5,13 (or FROM, or ,TO)",
			input.times);
	return 0;
}

int input_fail(enum reader_status status)
{
	if (input.reader.error)
		return message_fail(
			"%s %s: %s", input.path, reader_text(status), strerror(input.reader.error));
	return message_fail("%s %s", input.path, reader_text(status));
}

static void say_notes(void)
{
	if (input.reader.notes & READER_NOTE_UNFINISHED)
		message("%s was not finished (its recorder was killed?): all that is whole is "
			"shown",
			input.path);
	else if (input.reader.notes & READER_NOTE_DATA_CUT)
		message("%s is cut off: all that is whole is shown", input.path);
	else if (input.reader.notes & READER_NOTE_FEATURES_CUT)
		message("%s has lost some of its header: names or host may be missing", input.path);
}

int input_open(struct guard guard)
{
	int fd = strcmp(input.path, "-") ? open(input.path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
					 : STDIN_FILENO;
	enum reader_status status;
	int err;

	if (fd < 0)
		return message_fail("%s: %s%s", input.path, strerror(errno),
			errno == ENOENT ? "; record something first, or name a file with -i" : "");
	err = arena_reserve(&input.arena, input.memory);
	if (err)
		return message_fail("--memory %" PRIu64 ": %s", input.memory, strerror(-err));
	guard.symfs = input.files.symfs;
	guard.kallsyms = input.files.kallsyms;
	guard.verbose = input.verbose;
	status = guard_reader_open(&input.reader, fd, &input.arena, &guard);
	if (status)
		return input_fail(status);
	say_notes();
	return choose_times();
}

int input_ended(enum reader_status status)
{
	if (status == READER_END)
		return 0;
	if (status == READER_CUT &&
		input.reader.notes & (READER_NOTE_UNFINISHED | READER_NOTE_DATA_CUT))
		return 0;
	return input_fail(status);
}

void input_print_header(struct out *out)
{
	struct stat st = { 0 };

	fstat(input.reader.fd, &st);
	header_text(out, &input.reader, st.st_mtime);
}

const struct arch *input_arch(void)
{
	char text[256];
	struct span s = reader_feature(&input.reader, HEADER_ARCH, text, sizeof(text) - 1);
	const char *machine = feature_string(&s);

	return *machine ? arch_find(machine) : arch_host;
}

int input_unwind(void)
{
	input.files.foreign = recording_elsewhere(&input.reader);
	input.files.raw = !input.demangle;
	if (!recording_unwind(&input.recording, &input.files))
		return message_fail(
			"--memory %" PRIu64 " is too small to unwind stacks", input.memory);
	return 0;
}

/* In the sandbox what is not there looks as if it were out of reach. */
static bool is_out_of_reach(const struct image *image)
{
	struct stat st;

	return (image->error == EACCES || image->error == EPERM) &&
	       (!stat(image->path, &st) || errno != ENOENT);
}

/* Another build, hidden kernel addresses and no rights are always told: names are lost that a user
 * may have expected. -v tells of all images. */
static void say_unnamed(const struct image *image)
{
	if (image->status <= IMAGE_NAMED || !image->places)
		return;
	if (!input.verbose && image->status != IMAGE_OTHER_BUILD && image->status != IMAGE_HIDDEN &&
		!is_out_of_reach(image))
		return;
	message("%s: no names for %" PRIu32 " places: %s%s%s", image->path, image->place_count,
		image_status_text(image->status), image->error ? ", " : "",
		image->error ? strerror(image->error) : "");
}

void input_resolve(void)
{
	struct resolve_result result;

	resolve_images(&input.recording.images, &input.files, &result);
	if (result.dropped)
		message("%" PRIu32 " symbols found no room; see --memory", result.dropped);
	for (const struct image *i = input.recording.images.first; i; i = i->next)
		say_unnamed(i);
}
