#include "view/audit.h"

#include <inttypes.h>
#include <string.h>

static uint64_t pairs(const struct audit_program *p)
{
	return p->pairs[AUDIT_UNTOLD] + p->pairs[AUDIT_FAILED] + p->pairs[AUDIT_SUCCEEDED];
}

static const char *advice(const struct audit_program *p)
{
	if (pairs(p) && pairs(p) == p->pairs[AUDIT_SUCCEEDED])
		return "every call succeeded: CAP_PERFMON alone would only quiet the log";
	if (pairs(p))
		return "grant CAP_PERFMON alone, not CAP_SYS_ADMIN";
	if (p->perfmon_only)
		return "CAP_PERFMON was denied and CAP_SYS_ADMIN was not: grant CAP_PERFMON, and "
		       "take "
		       "CAP_SYS_ADMIN away if this is all it is for";
	if (p->admin_only)
		return "CAP_SYS_ADMIN alone was denied: uprobes, a kernel breakpoint, a "
		       "distribution's "
		       "gate, or a kernel before 5.8";
	return "the SELinux policy's class perf_event says no; capabilities do not help";
}

/* A path that a shell takes as it is; the log's paths were chosen by whoever made the file. */
static bool plain(const char *path)
{
	return *path == '/' &&
	       !path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "/._+-")];
}

/* The line that grants it: to the file, or in the policy. */
static void say_grant(struct out *out, const struct audit_program *p)
{
	if (!pairs(p) && !p->perfmon_only)
		return;
	out_string(out, "    perfbox setcap cap_perfmon=ep ");
	out_text(out, plain(p->path) ? p->path : "FILE");
	out_char(out, '\n');
	if (!*p->domain)
		return;
	out_string(out, p->apparmor ? "    in profile " : "    allow ");
	out_text(out, p->domain);
	out_string(
		out, p->apparmor ? ": capability perfmon,\n" : " self:capability2 { perfmon };\n");
}

static void say_program(struct out *out, const struct audit_program *p)
{
	out_text(out, p->name);
	out_printf(out,
		": %" PRIu64 " double denials (%" PRIu64 " failed, %" PRIu64
		" succeeded all the same, %" PRIu64 " untold)",
		pairs(p), p->pairs[AUDIT_FAILED], p->pairs[AUDIT_SUCCEEDED],
		p->pairs[AUDIT_UNTOLD]);
	out_printf(out, ", %" PRIu64 " of perfmon alone, %" PRIu64 " of sys_admin alone",
		p->perfmon_only, p->admin_only);
	if (p->policy)
		out_printf(out, ", %" PRIu64 " of class perf_event", p->policy);
	if (p->permissive)
		out_printf(out, "; %" PRIu64 " only logged (permissive)", p->permissive);
	out_printf(out, "\n  %s\n", advice(p));
	say_grant(out, p);
}

void audit_text(struct out *out, const struct audit *audit)
{
	for (int i = 0; i < audit->program_count; i++)
		say_program(out, &audit->programs[i]);
	if (!audit->program_count)
		out_string(out, "no denial of perf events\n");
	out_printf(out, "%" PRIu64 " lines, %" PRIu64 " denials, %" PRIu64 " malformed",
		audit->lines, audit->records, audit->malformed);
	if (audit->unlisted)
		out_printf(out, ", %" PRIu64 " events of further programs", audit->unlisted);
	out_char(out, '\n');
}

static void number(struct out *out, const char *key, uint64_t value)
{
	out_printf(out, "\"%s\":%" PRIu64 ",", key, value);
}

static void json_program(struct out *out, const struct audit_program *p)
{
	out_string(out, "{\"name\":");
	out_json(out, p->name);
	out_string(out, ",\"path\":");
	out_json(out, p->path);
	out_string(out, ",\"domain\":");
	out_json(out, p->domain);
	out_char(out, ',');
	number(out, "pairs_failed", p->pairs[AUDIT_FAILED]);
	number(out, "pairs_succeeded", p->pairs[AUDIT_SUCCEEDED]);
	number(out, "pairs_untold", p->pairs[AUDIT_UNTOLD]);
	number(out, "perfmon_only", p->perfmon_only);
	number(out, "sys_admin_only", p->admin_only);
	number(out, "policy", p->policy);
	number(out, "permissive", p->permissive);
	out_printf(out, "\"advice\":\"%s\"}", advice(p));
}

void audit_json(struct out *out, const struct audit *audit)
{
	out_string(out, "{\"version\":1,");
	number(out, "lines", audit->lines);
	number(out, "denials", audit->records);
	number(out, "malformed", audit->malformed);
	number(out, "unlisted", audit->unlisted);
	out_string(out, "\"programs\":[");
	for (int i = 0; i < audit->program_count; i++) {
		out_string(out, i ? ",\n" : "\n");
		json_program(out, &audit->programs[i]);
	}
	out_string(out, "]}\n");
}
