#include "view/check.h"

#include "access/verdict.h"

#include <inttypes.h>

/* The facts of one object that are not known, said together at its end. */
struct unknowns {
	int count;
	struct {
		const char *key, *reason;
	} at[24];
};

static void key(struct out *out, const char *name)
{
	out_printf(out, "\"%s\":", name);
}

static void string(struct out *out, const char *name, const char *text)
{
	key(out, name);
	out_json(out, text);
	out_char(out, ',');
}

static void fact(struct out *out, struct unknowns *unknowns, const char *name, struct fact f)
{
	key(out, name);
	if (!fact_known(f))
		out_string(out, "null,");
	else if (f.value == FACT_UNLIMITED)
		out_string(out, "\"unlimited\",");
	else
		out_printf(out, "%" PRId64 ",", f.value);
	if (!fact_known(f) && unknowns->count < 24) {
		unknowns->at[unknowns->count].key = name;
		unknowns->at[unknowns->count++].reason = fact_reason(f);
	}
}

/* A fact whose values have names. */
static void word(struct out *out, struct unknowns *unknowns, const char *name, struct fact f,
	const char *const words[3])
{
	if (fact_known(f) && f.value >= 0 && f.value < 3)
		string(out, name, words[f.value]);
	else
		fact(out, unknowns, name, f);
}

static void close_facts(struct out *out, const struct unknowns *unknowns)
{
	out_string(out, "\"unknown\":{");
	for (int i = 0; i < unknowns->count; i++)
		out_printf(out, "%s\"%s\":\"%s\"", i ? "," : "", unknowns->at[i].key,
			unknowns->at[i].reason);
	out_string(out, "}}");
}

static void caps(struct out *out, const char *name, uint64_t set)
{
	const char *comma = "";

	key(out, name);
	out_char(out, '[');
	for (unsigned i = 0; i < CAP_BITS; i++) {
		if (!(set & CAP_BIT(i)))
			continue;
		if (cap_name(i))
			out_printf(out, "%s\"%s\"", comma, cap_name(i));
		else
			out_printf(out, "%s\"%u\"", comma, i);
		comma = ",";
	}
	out_string(out, "],");
}

static void say_who(struct out *out, const struct survey *survey)
{
	static const char *const filters[] = { "none", "strict", "filter" };
	static const char *const levels[] = { "none", "integrity", "confidentiality" };
	const struct facts *f = &survey->facts;
	const struct identity *who = &f->who;
	struct unknowns unknowns = { 0 };

	out_printf(out, "\"who\":{\"uid\":%u,\"euid\":%u,\"gid\":%u,\"egid\":%u,", who->ruid,
		who->euid, who->rgid, who->egid);
	caps(out, "effective", who->caps.effective);
	caps(out, "permitted", who->caps.permitted);
	caps(out, "inheritable", who->caps.inheritable);
	caps(out, "ambient", who->caps.ambient);
	caps(out, "bounding", who->caps.bounding);
	caps(out, "excess", survey->excess);
	out_printf(out, "\"securebits\":%u,", f->securebits);
	fact(out, &unknowns, "no_new_privs", f->no_new_privs);
	word(out, &unknowns, "seccomp", f->seccomp, filters);
	fact(out, &unknowns, "initial_user_namespace", f->initial_user_ns);
	string(out, "uid_map", f->uid_map);
	fact(out, &unknowns, "security_modules_known", f->lsms_known);
	string(out, "security_modules", f->lsms);
	fact(out, &unknowns, "selinux_enforcing", f->selinux);
	string(out, "confinement", f->confinement);
	word(out, &unknowns, "lockdown", f->lockdown, levels);
	close_facts(out, &unknowns);
}

static void say_pmus(struct out *out, const struct facts *f)
{
	out_string(out, "\"pmus\":[");
	for (uint32_t i = 0; i < f->pmu_count; i++) {
		out_string(out, i ? ",{" : "{");
		string(out, "name", f->pmus[i].name);
		out_printf(out, "\"type\":%u}", f->pmus[i].type);
	}
	out_string(out, "],");
}

static void say_kernel(struct out *out, const struct facts *f)
{
	static const char *const gates[] = { "none", "debian", "ubuntu" };
	const struct limits *l = &f->limits;
	struct unknowns unknowns = { 0 };

	out_string(out, "\"kernel\":{");
	string(out, "release", f->release);
	string(out, "base", f->base);
	string(out, "machine", f->machine);
	word(out, &unknowns, "gate", f->gate, gates);
	fact(out, &unknowns, "perf_events", f->perf_events);
	fact(out, &unknowns, "cap_perfmon", rules_has_perfmon(f));
	fact(out, &unknowns, "spares_ptrace_check", rules_has_ptrace_bypass(f));
	fact(out, &unknowns, "perf_event_paranoid", l->paranoid);
	fact(out, &unknowns, "perf_event_max_sample_rate", l->max_sample_rate);
	fact(out, &unknowns, "perf_event_max_stack", l->max_stack);
	fact(out, &unknowns, "perf_event_mlock_kb", l->mlock_kb);
	fact(out, &unknowns, "kptr_restrict", f->kptr_restrict);
	fact(out, &unknowns, "online_cpus", l->cpus_online);
	fact(out, &unknowns, "tracefs_mounted", f->tracefs);
	fact(out, &unknowns, "tracefs_readable", f->tracefs_readable);
	fact(out, &unknowns, "pmu_count", f->pmus_known);
	say_pmus(out, f);
	close_facts(out, &unknowns);
}

static void say_row(struct out *out, const struct survey *survey, const struct row *row)
{
	char fix[256];
	const struct ruling *predicted = &row->predicted, *refusal = &row->refusal;
	bool refused = refusal->outcome != ALLOWED, foreseen = predicted->outcome == REFUSED;

	verdict_fix(fix, sizeof(fix), &survey->facts, row->fix);
	out_char(out, '{');
	string(out, "key", row->key);
	string(out, "text", row->text);
	string(out, "predicted", row_outcome(predicted->outcome));
	string(out, "predicted_errno", foreseen ? row_result(predicted->error) : "");
	string(out, "predicted_layer", layer_name(predicted->layer));
	string(out, "probed", row_result(row->probed));
	out_printf(out, "\"agrees\":%s,", row->agrees ? "true" : "false");
	string(out, "layer", layer_name(refused ? refusal->layer : LAYER_NONE));
	string(out, "beyond", layer_name(row->beyond));
	string(out, "why", row->untried ? row->untried : refused ? refusal->why : "");
	key(out, "fix");
	out_json(out, fix);
	out_char(out, '}');
}

static void say_operations(struct out *out, const struct survey *survey)
{
	out_string(out, "\"operations\":[");
	for (int i = 0; i < survey->row_count; i++) {
		out_string(out, i ? ",\n" : "\n");
		say_row(out, survey, &survey->rows[i]);
	}
	out_printf(out, "],\n\"agreement\":{\"compared\":%d,\"agree\":%d}", survey->comparisons,
		survey->agreements);
}

static void say_resources(struct out *out, const struct survey *survey)
{
	const struct resources *r = &survey->resources;
	const struct limits *l = &survey->facts.limits;
	struct unknowns unknowns = { 0 };

	out_string(out, "\"resources\":{");
	fact(out, &unknowns, "nofile_soft", l->nofile);
	fact(out, &unknowns, "nofile_hard", l->nofile_max);
	fact(out, &unknowns, "threads", r->threads);
	out_printf(out, "\"events\":%" PRIu64 ",\"descriptors_wanted\":%" PRIu64 ",", r->events,
		r->descriptors);
	fact(out, &unknowns, "memlock_kb", l->memlock_kb);
	fact(out, &unknowns, "ring_kb", r->rings_kb);
	fact(out, &unknowns, "ring_free_kb", r->rings_free_kb);
	string(out, "trial_errno", verdict_errno(r->trial_error));
	out_printf(out,
		"\"unlimited_rings\":%s,\"sessions\":%" PRIu64 ",\"session_pages\":%" PRIu64,
		l->unlimited_rings ? "true" : "false", r->sessions, r->session_pages);
	out_printf(out, ",\"session_kb\":%" PRIu64 ",", r->session_kb);
	close_facts(out, &unknowns);
}

static void say_need(struct out *out, const struct check *check)
{
	uint64_t missing, missing_caps;
	enum need_answer answer = need_met(check->need, check->survey, &missing, &missing_caps);
	const char *comma = "";

	out_string(out, ",\n\"for\":{");
	string(out, "name", check->need->name);
	string(out, "answer", need_answer_word(answer));
	caps(out, "missing_capabilities", missing_caps);
	out_string(out, "\"missing\":[");
	for (int i = 0; i < OPERATIONS; i++)
		if (missing & (uint64_t)1 << i) {
			out_printf(out, "%s\"%s\"", comma, check->survey->rows[i].key);
			comma = ",";
		}
	out_string(out, "]}");
}

static void say_fixes(struct out *out, const struct remedies *remedies)
{
	out_string(out, ",\n\"fixes\":[");
	for (int i = 0; i < remedies->count; i++) {
		const struct remedy *remedy = &remedies->at[i];

		out_string(out, i ? ",\n{" : "\n{");
		string(out, "key", remedy->key);
		string(out, "title", remedy->title);
		string(out, "why", remedy->why);
		key(out, "commands");
		out_json(out, remedy->commands);
		out_char(out, '}');
	}
	out_char(out, ']');
}

void check_json(struct out *out, const struct check *check)
{
	out_string(out, "{\"version\":1,\n");
	say_who(out, check->survey);
	out_string(out, ",\n");
	say_kernel(out, &check->survey->facts);
	out_string(out, ",\n");
	say_operations(out, check->survey);
	out_string(out, ",\n");
	say_resources(out, check->survey);
	if (check->need)
		say_need(out, check);
	say_fixes(out, check->remedies);
	out_string(out, "}\n");
}
