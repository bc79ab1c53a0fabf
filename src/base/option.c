#include "base/option.h"

#include "base/message.h"
#include "base/number.h"
#include "base/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELP_COLUMN 30

/* Where parsing stands: the arguments, and the one being read. */
struct walk {
	char **argv;
	int at, argc;
};

static bool takes_value(const struct option *option)
{
	return option->kind != OPTION_FLAG && option->kind != OPTION_COUNT;
}

static int bad_value(const struct option *option, const char *value, const char *wanted)
{
	char letter[3] = { '-', option->letter, 0 };

	return -message_usage("%s%s: '%s' is not %s; see --help", option->name ? "--" : "",
		option->name ? option->name : letter, value, wanted);
}

static int append(struct option_list *list, const char *value)
{
	if (list->count == OPTION_LIST_MAX)
		return -message_usage(
			"'%s': an option is given more than %d times", value, OPTION_LIST_MAX);
	list->at[list->count++] = value;
	return 0;
}

static int store(const struct option *option, const char *value, bool on)
{
	if (option->given)
		*option->given = true;
	if (!option->target)
		return 0;
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)option->target = on;
		return 0;
	case OPTION_COUNT:
		*(int *)option->target += 1;
		return 0;
	case OPTION_LIST:
		return append(option->target, value);
	case OPTION_U64:
		return number_u64(value, option->target) ? bad_value(option, value, "a number") : 0;
	case OPTION_BYTES:
		return number_bytes(value, option->target)
			       ? bad_value(option, value, "a size (like 512K)")
			       : 0;
	case OPTION_SECONDS:
		return number_seconds(value, option->target)
			       ? bad_value(option, value, "a time in seconds")
			       : 0;
	default:
		*(const char **)option->target = value;
		return 0;
	}
}

/* The row of a long name; NULL and a message when there is none or several. `*on`: not "no-". */
static const struct option *find_long(
	const struct option *options, const char *name, size_t size, bool *on)
{
	const struct option *found = NULL;
	int matches = 0;

	for (const struct option *o = options; o->kind != OPTION_END; o++) {
		const char *row = o->name;
		bool negated = false;

		if (!row)
			continue;
		if (o->kind == OPTION_FLAG && size > 3 && !strncmp(name, "no-", 3) &&
			strncmp(row, "no-", 3)) {
			negated = !strncmp(row, name + 3, size - 3);
			if (negated && !row[size - 3]) {
				*on = false;
				return o;
			}
		}
		if (!negated && strncmp(row, name, size))
			continue;
		found = o;
		*on = !negated;
		if (!negated && !row[size])
			return o;
		matches++;
	}
	if (matches == 1)
		return found;
	message_usage("option --%.*s is %s; see --help", (int)size, name,
		matches ? "not unique" : "not known");
	return NULL;
}

/* The word behind an option that stands alone; "" where it has, or needs, none. */
static const char *next_value(struct walk *walk, const struct option *option)
{
	bool next = option->kind == OPTION_MAYBE && walk->at < walk->argc &&
		    walk->argv[walk->at][0] != '-';

	return next ? walk->argv[walk->at++] : "";
}

static bool may_stand_alone(const struct option *option)
{
	return option->kind == OPTION_OPTIONAL || option->kind == OPTION_MAYBE;
}

static int take_long(struct walk *walk, const struct option *options)
{
	const char *name = walk->argv[walk->at++] + 2;
	const char *equal = strchr(name, '=');
	size_t size = equal ? (size_t)(equal - name) : strlen(name);
	bool on = true;
	const struct option *option = find_long(options, name, size, &on);

	if (!option)
		return -EXIT_USAGE;
	if (!takes_value(option)) {
		if (equal)
			return -message_usage("option --%.*s takes no value", (int)size, name);
		return store(option, NULL, on);
	}
	if (equal || may_stand_alone(option))
		return store(option, equal ? equal + 1 : next_value(walk, option), true);
	if (walk->at >= walk->argc)
		return -message_usage("option --%s needs a value: %s", option->name, option->value);
	return store(option, walk->argv[walk->at++], true);
}

static const struct option *find_letter(const struct option *options, char letter)
{
	for (const struct option *o = options; o->kind != OPTION_END; o++)
		if (o->letter == letter)
			return o;
	message_usage("option -%c is not known; see --help", letter);
	return NULL;
}

static int take_letters(struct walk *walk, const struct option *options)
{
	const char *letters = walk->argv[walk->at++] + 1;

	while (*letters) {
		const struct option *option = find_letter(options, *letters++);
		int err;

		if (!option)
			return -EXIT_USAGE;
		if (!takes_value(option)) {
			err = store(option, NULL, true);
			if (err)
				return err;
			continue;
		}
		if (*letters || may_stand_alone(option))
			return store(option, *letters ? letters : next_value(walk, option), true);
		if (walk->at >= walk->argc)
			return -message_usage(
				"option -%c needs a value: %s", option->letter, option->value);
		return store(option, walk->argv[walk->at++], true);
	}
	return 0;
}

/* A table's own "h" row (-h means something else there) leaves only --help. */
static bool asks_help(const struct option *options, const char *arg)
{
	if (!strcmp(arg, "--help"))
		return true;
	if (strcmp(arg, "-h"))
		return false;
	for (; options->kind != OPTION_END; options++)
		if (options->letter == 'h')
			return false;
	return true;
}

int option_parse(int argc, char **argv, const struct option *options, const char *usage, bool stop)
{
	struct walk walk = { .argv = argv, .at = 1, .argc = argc };
	int operands = 0;

	while (walk.at < argc) {
		char *arg = argv[walk.at];
		int err;

		if (asks_help(options, arg)) {
			option_help(options, usage);
			exit(0);
		}
		if (!strcmp(arg, "--")) {
			walk.at++;
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			if (stop)
				break;
			argv[operands++] = arg;
			walk.at++;
			continue;
		}
		err = arg[1] == '-' ? take_long(&walk, options) : take_letters(&walk, options);
		if (err)
			return err;
	}
	while (walk.at < argc)
		argv[operands++] = argv[walk.at++];
	argv[operands] = NULL;
	return operands;
}

static int help_head(char *to, size_t cap, const struct option *option)
{
	const char *value = option->value ? option->value : "";
	const char *open = !option->value ? "" : may_stand_alone(option) ? "[=" : " ";
	const char *close = may_stand_alone(option) ? "]" : "";
	char letter[5] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c%s", option->letter, option->name ? ", " : "");
	return snprintf(to, cap, "  %s%s%s%s%s%s", letter, option->name ? "--" : "",
		option->name ? option->name : "", open, value, close);
}

void option_help(const struct option *options, const char *usage)
{
	static struct out out;

	out_begin(&out, STDOUT_FILENO);
	out_string(&out, usage);
	for (; options->kind != OPTION_END; options++) {
		char head[96];
		int width;

		if (!options->help)
			continue;
		if (options->kind == OPTION_GROUP) {
			out_printf(&out, "%s\n", options->help);
			continue;
		}
		width = help_head(head, sizeof(head), options);
		out_string(&out, head);
		if (width >= HELP_COLUMN) {
			out_char(&out, '\n');
			width = 0;
		}
		out_fill(&out, ' ', HELP_COLUMN - width);
		out_printf(&out, "%s\n", options->help);
	}
	out_flush(&out);
}
