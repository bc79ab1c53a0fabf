#include "view/attr_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define RULE "------------------------------------------------------------\n"

/* In the order of the structure; a flag's bits stand for the field. */
static const struct field {
	const char *name;
	uint8_t offset, size;
	bool hexadecimal;
	uint64_t flag;
} fields[] = {
#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct perf_event_attr, name),                                     \
			sizeof(((struct perf_event_attr *)0)->name), false, 0                      \
	}
#define WORD(label, name)                                                                          \
	{                                                                                          \
		label, offsetof(struct perf_event_attr, name),                                     \
			sizeof(((struct perf_event_attr *)0)->name), true, 0                       \
	}
#define FLAG(name, bit)                                                                            \
	{                                                                                          \
		name, offsetof(struct perf_event_attr, flags), 8, false, bit                       \
	}
	FIELD(type),
	FIELD(size),
	WORD("config", config),
	FIELD(sample_period),
	WORD("sample_type", sample_type),
	WORD("read_format", read_format),
	FLAG("disabled", PERF_ATTR_DISABLED),
	FLAG("inherit", PERF_ATTR_INHERIT),
	FLAG("pinned", PERF_ATTR_PINNED),
	FLAG("exclusive", PERF_ATTR_EXCLUSIVE),
	FLAG("exclude_user", PERF_ATTR_EXCLUDE_USER),
	FLAG("exclude_kernel", PERF_ATTR_EXCLUDE_KERNEL),
	FLAG("exclude_hv", PERF_ATTR_EXCLUDE_HV),
	FLAG("exclude_idle", PERF_ATTR_EXCLUDE_IDLE),
	FLAG("enable_on_exec", PERF_ATTR_ENABLE_ON_EXEC),
	FLAG("precise_ip", PERF_ATTR_PRECISE_IP(3)),
	FLAG("exclude_host", PERF_ATTR_EXCLUDE_HOST),
	FLAG("exclude_guest", PERF_ATTR_EXCLUDE_GUEST),
	FIELD(bp_type),
	WORD("{ bp_addr, config1 }", config1),
	WORD("{ bp_len, config2 }", config2),
	WORD("config3", config3),
	WORD("config4", config4),
};

static uint64_t value_of(const struct perf_event_attr *attr, const struct field *field)
{
	uint64_t value = 0;

	/* both architectures are little-endian: a short field is the low end of a long one */
	memcpy(&value, (const char *)attr + field->offset, field->size);
	return field->flag ? (value & field->flag) / (field->flag & -field->flag) : value;
}

void attr_text(struct out *out, const struct perf_event_attr *attr)
{
	out_string(out, RULE "perf_event_attr:\n");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t value = value_of(attr, &fields[i]);

		if (!value)
			continue;
		out_printf(out, fields[i].hexadecimal ? "  %-32s 0x%llx\n" : "  %-32s %llu\n",
			fields[i].name, (unsigned long long)value);
	}
	out_string(out, RULE);
}
