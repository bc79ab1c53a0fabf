#include "cmd/caps_option.h"

#include "access/captext.h"
#include "access/least.h"
#include "base/message.h"

int caps_option(const char *list, const struct facts *facts, uint64_t *set)
{
	struct captext_error error;

	*set = least_caps(facts);
	if (!list && *set & CAP_BIT(CAP_SYS_ADMIN))
		return message_fail(
			"this kernel has no CAP_PERFMON (5.8 and later have): it asks for "
			"CAP_SYS_ADMIN, which is nearly all that root may do; --caps "
			"cap_sys_admin if that is meant");
	if (list && captext_parse_list(list, caps_last(), set, &error))
		return message_usage(
			"--caps %s: %s at '%.40s'; a list like cap_perfmon,cap_syslog is "
			"wanted",
			list, error.why, error.at);
	return 0;
}
