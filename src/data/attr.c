#include "data/attr.h"

uint32_t attr_size(const struct perf_event_attr *attr)
{
	if (attr->config4)
		return PERF_ATTR_SIZE_VER9;
	if (attr->config3)
		return PERF_ATTR_SIZE_VER8;
	if (attr->sig_data)
		return PERF_ATTR_SIZE_VER7;
	if (attr->aux_sample_size || attr->aux_action)
		return PERF_ATTR_SIZE_VER6;
	return PERF_ATTR_SIZE_VER5;
}
