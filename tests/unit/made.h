#ifndef UNIT_MADE_H
#define UNIT_MADE_H

/*
 * Real files for tests of who reads them: a small C program built by the compilers at hand into a
 * directory of the test's own, and what binutils say of the result. Commands run on the host, also
 * from a test under qemu-user. Everything asserts that it worked.
 */

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char made_dir[64];

#define MADE_SOURCE                                                                                \
	"int data_object = 5;\n"                                                                   \
	"static __attribute__((noinline)) int local_fn(int x) { return x * data_object; }\n"       \
	"__attribute__((weak)) int weak_fn(int x) { return local_fn(x) + 1; }\n"                   \
	"int global_fn(int x) { return local_fn(x) + 2; }\n"                                       \
	"int alias_longer_fn(int x) __attribute__((alias(\"global_fn\")));\n"                      \
	"int _alias_fn(int x) __attribute__((alias(\"global_fn\")));\n"                            \
	"__asm__(\".globl bare_label\\nbare_label:\\n.long 0\\n\");\n"                             \
	"int main(int argc, char **argv) { (void)argv; return weak_fn(argc) + global_fn(argc); "   \
	"}\n"

/* A command, in the directory. */
#define made_run(...)                                                                              \
	do {                                                                                       \
		char made_command[2048];                                                           \
		snprintf(made_command, sizeof(made_command), __VA_ARGS__);                         \
		assert_int_equal(system(made_command), 0);                                         \
	} while (0)

static inline int made_begin(void **state)
{
	FILE *file;

	(void)state;
	snprintf(made_dir, sizeof(made_dir), "/tmp/perfbox-unit.XXXXXX");
	if (!mkdtemp(made_dir))
		return -1;
	chmod(made_dir, 0755);
	if (chdir(made_dir))
		return -1;
	file = fopen("made.c", "w");
	fputs(MADE_SOURCE, file);
	return fclose(file);
}

static inline int made_end(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "cd / && rm -rf %s", made_dir);
	return system(command);
}

/* What a command prints, to be read and closed with pclose(). */
__attribute__((format(printf, 1, 2))) static inline FILE *made_output(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return popen(command, "r");
}

#endif
