#include "access/audit.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct audit audit;

static int fresh(void **state)
{
	(void)state;
	memset(&audit, 0, sizeof(audit));
	return 0;
}

static void line(const char *text)
{
	audit_line(&audit, text, strlen(text));
}

#define AVC(serial, name, permission, number, class)                                               \
	"type=AVC msg=audit(1779929095.817:" #serial "): avc:  denied  { " permission              \
	" } for  pid=32885 comm=" name " capability=" number                                       \
	"  scontext=system_u:system_r:sleep_t:s0 tcontext=system_u:system_r:sleep_t:s0"            \
	" tclass=" class " permissive=0"
#define PERFMON(serial, name) AVC(serial, name, "perfmon", "38", "capability2")
#define ADMIN(serial, name) AVC(serial, name, "sys_admin", "21", "capability")
#define CALL(serial, arch, number, success)                                                        \
	"type=SYSCALL msg=audit(1779929095.817:" #serial "): arch=" arch " syscall=" number        \
	" success=" success " exit=-13 a0=7ffd comm=\"perf\" exe=\"/usr/bin/perf\""

static void both_of_one_event_are_a_pair(void **state)
{
	(void)state;
	line(PERFMON(622, "\"perf\""));
	line(ADMIN(622, "\"perf\""));
	line(CALL(622, "c000003e", "298", "no"));
	audit_end(&audit);
	assert_int_equal(audit.program_count, 1);
	assert_string_equal(audit.programs[0].name, "perf");
	assert_string_equal(audit.programs[0].path, "/usr/bin/perf");
	assert_string_equal(audit.programs[0].domain, "sleep_t");
	assert_int_equal(audit.programs[0].pairs[AUDIT_FAILED], 1);
	assert_int_equal(audit.programs[0].perfmon_only, 0);
	assert_int_equal(audit.records, 2);
}

static void a_pair_needs_one_serial(void **state)
{
	(void)state;
	line(PERFMON(622, "\"perf\""));
	line(ADMIN(623, "\"perf\""));
	audit_end(&audit);
	assert_int_equal(audit.programs[0].perfmon_only, 1);
	assert_int_equal(audit.programs[0].pairs[AUDIT_UNTOLD], 0);
	assert_int_equal(audit.programs[0].admin_only, 0); /* anything may ask for it */
}

static void events_may_be_interleaved(void **state)
{
	(void)state;
	line(PERFMON(1, "\"a\""));
	line(PERFMON(2, "\"b\""));
	line(ADMIN(1, "\"a\""));
	line(ADMIN(2, "\"b\""));
	line(CALL(2, "c00000b7", "241", "yes"));
	audit_end(&audit);
	assert_int_equal(audit.program_count, 2);
	assert_int_equal(audit.programs[0].pairs[AUDIT_UNTOLD], 1);
	assert_int_equal(audit.programs[1].pairs[AUDIT_SUCCEEDED], 1);
}

static void sys_admin_alone_counts_with_its_call_only(void **state)
{
	(void)state;
	line(ADMIN(1, "\"mount\""));
	line(CALL(1, "c000003e", "165", "no"));
	line(ADMIN(2, "\"perf\""));
	line(CALL(2, "c000003e", "298", "no"));
	line(ADMIN(3, "\"wrong\"")); /* arm64's number on x86_64 */
	line(CALL(3, "c000003e", "241", "no"));
	audit_end(&audit);
	assert_int_equal(audit.program_count, 1);
	assert_string_equal(audit.programs[0].name, "perf");
	assert_int_equal(audit.programs[0].admin_only, 1);
}

static void interpreted_and_dmesg_forms(void **state)
{
	(void)state;
	line("type=AVC msg=audit(11/21/2026 20:01:28.123:77) : avc:  denied  { perfmon } for  "
	     "pid=1 comm=perf capability=perfmon scontext=a:b:c_t:s0 tclass=capability2");
	line("type=AVC msg=audit(11/21/2026 20:01:28.123:77) : avc:  denied  { sys_admin } for  "
	     "pid=1 comm=perf capability=sys_admin scontext=a:b:c_t:s0 tclass=capability");
	line("type=SYSCALL msg=audit(11/21/2026 20:01:28.123:77) : arch=x86_64 "
	     "syscall=perf_event_open success=no exit=EACCES comm=perf exe=/usr/bin/perf");
	line("[  12.345678] audit: type=1400 audit(1779929096.000:7): apparmor=\"DENIED\" "
	     "operation=\"capable\" class=\"cap\" profile=\"/usr/bin/foo\" pid=1 comm=\"foo\" "
	     "capability=38  capname=\"perfmon\"");
	audit_end(&audit);
	assert_int_equal(audit.program_count, 2);
	assert_int_equal(audit.programs[0].pairs[AUDIT_FAILED], 1);
	assert_string_equal(audit.programs[1].domain, "/usr/bin/foo");
	assert_int_equal(audit.programs[1].perfmon_only, 1);
}

static void names_in_hexadecimal_are_undone(void **state)
{
	(void)state;
	line(PERFMON(5, "6120621B5B31")); /* a b ESC [ 1 */
	audit_end(&audit);
	assert_string_equal(audit.programs[0].name, "a b\033[1");
}

static void the_policys_own_class_is_told_apart(void **state)
{
	(void)state;
	line(AVC(9, "\"perf\"", "open", "0", "perf_event"));
	line(AVC(10, "\"cat\"", "read", "0", "file"));
	audit_end(&audit);
	assert_int_equal(audit.program_count, 1);
	assert_int_equal(audit.programs[0].policy, 1);
	assert_int_equal(audit.programs[0].perfmon_only, 0);
}

static void malformed_lines_are_counted(void **state)
{
	static const char zero[] =
		"type=AVC msg=audit(1.1:1): avc:  denied  { perfmon }\0comm=\"x\"";

	(void)state;
	line("type=AVC avc:  denied  { perfmon } for comm=\"x\" tclass=capability2");
	line("type=AVC msg=audit(1.1): avc:  denied  { perfmon } comm=\"x\" tclass=capability2");
	line("type=AVC msg=audit(1.1:2: avc:  denied");
	line("type=SYSCALL msg=audit(1.1:2): arch=c000003e");
	audit_line(&audit, zero, sizeof(zero) - 1);
	line("nothing of interest");
	audit_end(&audit);
	assert_int_equal(audit.lines, 6);
	assert_int_equal(audit.malformed, 5);
	assert_int_equal(audit.program_count, 0);
}

static void a_full_table_counts_what_it_leaves_out(void **state)
{
	char text[512];

	(void)state;
	for (int i = 0; i < AUDIT_PROGRAMS + 10; i++) {
		snprintf(text, sizeof(text),
			"type=AVC msg=audit(1.1:%d): avc:  denied  { perfmon } for comm=\"p%d\" "
			"capability=38 tclass=capability2",
			i, i);
		line(text);
	}
	audit_end(&audit);
	assert_int_equal(audit.program_count, AUDIT_PROGRAMS);
	assert_int_equal(audit.unlisted, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_of_one_event_are_a_pair, fresh),
		cmocka_unit_test_setup(a_pair_needs_one_serial, fresh),
		cmocka_unit_test_setup(events_may_be_interleaved, fresh),
		cmocka_unit_test_setup(sys_admin_alone_counts_with_its_call_only, fresh),
		cmocka_unit_test_setup(interpreted_and_dmesg_forms, fresh),
		cmocka_unit_test_setup(names_in_hexadecimal_are_undone, fresh),
		cmocka_unit_test_setup(the_policys_own_class_is_told_apart, fresh),
		cmocka_unit_test_setup(malformed_lines_are_counted, fresh),
		cmocka_unit_test_setup(a_full_table_counts_what_it_leaves_out, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
