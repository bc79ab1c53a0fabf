#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc's own, which ours hides from the linker. */
static void *theirs(const char *name)
{
	static void *libc;

	if (!libc)
		libc = dlopen("libc.so.6", RTLD_LAZY);
	return libc ? dlsym(libc, name) : NULL;
}

static const char *const texts[] = { "", "0", "1", "-1", "+7", " \t\n42x", "0x", "0x1f", "0xg",
	"-0x1F", "010", "08", "0x8000000000000000", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551615",
	"18446744073709551616", "-18446744073709551615", "-18446744073709551616",
	"99999999999999999999999", "- 1", "+-1", "--1", "ff", "FFFFFFFFFFFFFFFF", "zz", "1_0",
	"0b1", "x1", " ", "0x ", "00x1", "\v5", "1e3", "7fffz" };
static const int bases[] = { 0, 2, 8, 10, 16, 36 };

#define SAME(type, name)                                                                           \
	do {                                                                                       \
		type (*libc_##name)(const char *, char **, int);                                   \
                                                                                                   \
		*(void **)&libc_##name = theirs(#name);                                            \
		assert_non_null(*(void **)&libc_##name);                                           \
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)                        \
			for (size_t b = 0; b < sizeof(bases) / sizeof(*bases); b++) {              \
				char *end, *their_end;                                             \
				type value, their_value;                                           \
				int error, their_error;                                            \
                                                                                                   \
				errno = 0;                                                         \
				their_value = libc_##name(texts[t], &their_end, bases[b]);         \
				their_error = errno == EINVAL ? 0 : errno;                         \
				errno = 0;                                                         \
				value = name(texts[t], &end, bases[b]);                            \
				error = errno;                                                     \
				if (value != their_value || end != their_end ||                    \
					error != their_error)                                      \
					fail_msg(#name "(\"%s\", %d) = %lld, %lld of libc",        \
						texts[t], bases[b], (long long)value,              \
						(long long)their_value);                           \
			}                                                                          \
	} while (0)

static void numbers_are_the_c_librarys(void **state)
{
	(void)state;
	SAME(unsigned long long, strtoull);
	SAME(long long, strtoll);
	SAME(unsigned long, strtoul);
	SAME(long, strtol);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_the_c_librarys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
