#include "access/policy.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct policy policy;

static enum policy_status parse(const char *text)
{
	return policy_parse(&policy, text, strlen(text));
}

static void a_ceiling_among_comments(void **state)
{
	(void)state;
	assert_int_equal(parse("# ours\n\n \tmax-category\t4a # no more\r\n#"), POLICY_OK);
	assert_string_equal(policy.max_category, "4a");
	assert_int_equal(parse("max-category 3"), POLICY_OK);
	assert_string_equal(policy.max_category, "3");
}

static void nothing_is_no_ceiling(void **state)
{
	(void)state;
	assert_int_equal(parse(""), POLICY_OK);
	assert_int_equal(parse("\n#max-category 3\n"), POLICY_OK);
	assert_string_equal(policy.max_category, "");
}

static void what_is_malformed_tells_its_line(void **state)
{
	static const char *const texts[] = { "\nmax-category", "#\nmax-category 4a 4b",
		"\nmax-categorie 4a", "\nmax-category=4a", "max-category 3\nmax-category 3",
		"\nmax-category 12345678", "\nMAX-CATEGORY 3", "\nallow everything", "\n\x80\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(parse(texts[i]), POLICY_MALFORMED);
		assert_int_equal(policy.line, 2);
	}
	assert_int_equal(policy_parse(&policy, "max-category 4\0a", 16), POLICY_MALFORMED);
}

static enum policy_status read_with(mode_t mode, const char *text)
{
	char path[] = "/tmp/policy-test-XXXXXX";
	int fd = mkstemp(path);
	enum policy_status status;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
	status = policy_read(&policy, path);
	unlink(path);
	return status;
}

static void only_roots_own_file_is_honoured(void **state)
{
	(void)state;
	assert_int_equal(policy_read(&policy, "/nonesuch/policy"), POLICY_ABSENT);
	assert_int_equal(policy_read(&policy, "/dev/null"), POLICY_UNTRUSTED);
	assert_int_equal(policy_read(&policy, "/proc/self/cwd"), POLICY_UNTRUSTED);
	assert_int_equal(read_with(0666, "max-category 3\n"), POLICY_UNTRUSTED);
	assert_int_equal(read_with(0664, "max-category 3\n"), POLICY_UNTRUSTED);
	assert_string_equal(policy.max_category, "");
	if (getuid())
		return;
	assert_int_equal(read_with(0644, "max-category 3\n"), POLICY_OK);
	assert_string_equal(policy.max_category, "3");
	assert_int_equal(read_with(0600, "max-category three times\n"), POLICY_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ceiling_among_comments),
		cmocka_unit_test(nothing_is_no_ceiling),
		cmocka_unit_test(what_is_malformed_tells_its_line),
		cmocka_unit_test(only_roots_own_file_is_honoured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
