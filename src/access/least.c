#include "access/least.h"

uint64_t least_caps(const struct facts *facts)
{
	bool perfmon = facts->caps_all & CAP_BIT(CAP_PERFMON);
	uint64_t set = CAP_BIT(perfmon ? CAP_PERFMON : CAP_SYS_ADMIN);

	if (fact_known(facts->kernel) && facts->kernel.value < KERNEL(5, 9, 0))
		set |= CAP_BIT(CAP_SYS_PTRACE);
	return set;
}
