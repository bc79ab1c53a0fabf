#include "arch.h"

#include "unit.h"

#include <sys/utsname.h>

static void found_by_uname_and_by_elf(void **state)
{
	(void)state;
	assert_ptr_equal(arch_find("x86_64"), &arch_x86_64);
	assert_ptr_equal(arch_find("aarch64"), &arch_arm64);
	assert_ptr_equal(arch_find_elf(62), &arch_x86_64);
	assert_ptr_equal(arch_find_elf(183), &arch_arm64);
	assert_null(arch_find("riscv64"));
	assert_null(arch_find_elf(0));
}

static void the_host_is_where_it_runs(void **state)
{
	struct utsname name;

	(void)state;
	assert_int_equal(uname(&name), 0);
	assert_ptr_equal(arch_find(name.machine), arch_host);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_uname_and_by_elf),
		cmocka_unit_test(the_host_is_where_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
