#include "access/filecap.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

/* cap_perfmon,cap_sys_ptrace,cap_syslog=ep, as the kernel's document has it set. */
static const uint8_t document[] = { 1, 0, 0, 2, 0, 0, 8, 0, 0, 0, 0, 0, 0x44, 0, 0, 0, 0, 0, 0, 0 };

static void the_document_s_value_is_read_and_written(void **state)
{
	struct filecap filecap;
	uint8_t bytes[FILECAP_BYTES_MAX];

	(void)state;
	assert_int_equal(filecap_decode(document, sizeof(document), &filecap), 0);
	assert_true(filecap.permitted == 0x4400080000 && filecap.inheritable == 0);
	assert_true(filecap.effective && filecap.version == 2 && filecap.rootid == 0);
	assert_int_equal(filecap_encode(&filecap, bytes), sizeof(document));
	assert_memory_equal(bytes, document, sizeof(document));
}

static void version_1_is_read(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 0, 1, 0, 0, 8, 0, 1, 0, 0, 0 };
	struct filecap filecap;

	(void)state;
	assert_int_equal(filecap_decode(bytes, sizeof(bytes), &filecap), 0);
	assert_true(filecap.permitted == 0x80000 && filecap.inheritable == 1);
	assert_int_equal(filecap.version, 1);
}

static void version_3_carries_its_root(void **state)
{
	struct filecap filecap = { .permitted = 1ull << 63, .rootid = 0xfffffffe }, back;
	uint8_t bytes[FILECAP_BYTES_MAX];

	(void)state;
	assert_int_equal(filecap_encode(&filecap, bytes), 24);
	assert_int_equal(filecap_decode(bytes, 24, &back), 0);
	assert_true(back.permitted == filecap.permitted && back.rootid == 0xfffffffe);
	assert_int_equal(back.version, 3);
	assert_false(back.effective);
}

static void every_other_size_and_version_is_refused(void **state)
{
	struct filecap filecap;
	uint8_t bytes[32] = { 0 };

	(void)state;
	for (unsigned version = 0; version < 256; version++)
		for (size_t size = 0; size <= sizeof(bytes); size++) {
			bool right = (version == 1 && size == 12) || (version == 2 && size == 20) ||
				     (version == 3 && size == 24);

			bytes[3] = (uint8_t)version;
			assert_int_equal(
				filecap_decode(bytes, size, &filecap), right ? 0 : -EINVAL);
		}
}

static void one_effective_flag_for_all(void **state)
{
	struct caps caps = { .effective = 1, .permitted = 3 }, back;
	struct filecap filecap;

	(void)state;
	assert_int_equal(filecap_from_caps(&caps, &filecap), -EINVAL);
	caps.effective = 7;
	assert_int_equal(filecap_from_caps(&caps, &filecap), 0);
	assert_true(filecap.effective && filecap.permitted == 3);
	filecap_to_caps(&filecap, &back);
	assert_true(back.effective == 3 && back.permitted == 3);
	caps.effective = 0;
	assert_int_equal(filecap_from_caps(&caps, &filecap), 0);
	assert_false(filecap.effective);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_s_value_is_read_and_written),
		cmocka_unit_test(version_1_is_read),
		cmocka_unit_test(version_3_carries_its_root),
		cmocka_unit_test(every_other_size_and_version_is_refused),
		cmocka_unit_test(one_effective_flag_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
