#include "view/check.h"

#include "access/verdict.h"

#include <inttypes.h>
#include <string.h>

#define FEW 8 /* capabilities that are named where -v was not asked for */

static void label(struct out *out, const char *name)
{
	out_printf(out, "  %-26s ", name);
}

static void line_text(struct out *out, const char *name, const char *text)
{
	label(out, name);
	out_text(out, text);
	out_char(out, '\n');
}

static void line_fact(struct out *out, const char *name, struct fact fact, const char *rest)
{
	label(out, name);
	if (!fact_known(fact))
		out_printf(out, "unknown (%s)\n", fact_reason(fact));
	else if (fact.value == FACT_UNLIMITED)
		out_printf(out, "unlimited%s\n", rest);
	else
		out_printf(out, "%" PRId64 "%s\n", fact.value, rest);
}

static int count(uint64_t set)
{
	return __builtin_popcountll(set);
}

/* "all 41", "all but", "none", or names. */
static void line_caps(struct out *out, const char *name, uint64_t set, uint64_t all)
{
	char names[1024];
	uint64_t missing = all & ~set;
	bool few_missing = count(missing) < FEW;

	caps_list(names, sizeof(names), few_missing ? missing : set);
	label(out, name);
	if (!set)
		out_string(out, "none\n");
	else if (!missing)
		out_printf(out, "all %d\n", count(all));
	else
		out_printf(out, "%s%s\n", few_missing ? "all but " : "", names);
}

static void say_excess(struct out *out, const struct check *check)
{
	uint64_t excess = check->survey->excess;
	char names[1024];

	if (!excess)
		return;
	caps_list(names, sizeof(names), excess);
	label(out, "excess");
	out_printf(out, "%d that monitoring has no use for", count(excess));
	if (check->verbose || count(excess) < FEW)
		out_printf(out, ": %s\n", names);
	else
		out_string(out, " (-v names them)\n");
}

static void say_ids(struct out *out, const struct check *check)
{
	const struct facts *f = &check->survey->facts;
	const struct identity *who = &f->who;

	out_string(out, "Who\n");
	label(out, "user, group");
	out_printf(out, "%u, %u (effective %u, %u)\n", who->ruid, who->rgid, who->euid, who->egid);
	line_caps(out, "effective capabilities", who->caps.effective, f->caps_all);
	line_caps(out, "permitted", who->caps.permitted, f->caps_all);
	line_caps(out, "inheritable", who->caps.inheritable, f->caps_all);
	line_caps(out, "ambient", who->caps.ambient, f->caps_all);
	line_caps(out, "bounding", who->caps.bounding, f->caps_all);
	say_excess(out, check);
	label(out, "securebits");
	out_printf(out, "0x%x\n", f->securebits);
}

/* The word for a known fact of a small range. */
static const char *word(struct fact fact, const char *const *words, int size)
{
	return fact_known(fact) && fact.value >= 0 && fact.value < size ? words[fact.value] : "";
}

static void say_confinement(struct out *out, const struct facts *f)
{
	static const char *const filters[] = { " (none)", " (strict)", " (a filter)" };
	static const char *const levels[] = { " (none)", " (integrity)", " (confidentiality)" };
	static const char *const initial[] = { " (not the initial one: capabilities do not count)",
		" (the initial one)" };

	line_fact(out, "no_new_privs", f->no_new_privs, "");
	line_fact(out, "seccomp", f->seccomp, word(f->seccomp, filters, 3));
	line_fact(out, "initial user namespace", f->initial_user_ns,
		word(f->initial_user_ns, initial, 2));
	if (!fact_is(f->initial_user_ns, 1) && *f->uid_map)
		line_text(out, "  its uid map", f->uid_map);
	if (fact_known(f->lsms_known))
		line_text(out, "security modules", f->lsms);
	else
		line_fact(out, "security modules", f->lsms_known, "");
	if (fact_known(f->selinux))
		line_fact(out, "SELinux enforces", f->selinux, "");
	if (*f->confinement)
		line_text(out, "  this process is", f->confinement);
	line_fact(out, "lockdown", f->lockdown, word(f->lockdown, levels, 3));
}

static const char *paranoid_meaning(const struct facts *f)
{
	int64_t level = f->limits.paranoid.value;

	if (!fact_known(f->limits.paranoid))
		return "";
	if (level < 0)
		return ": everybody may everything, ring memory is unlimited";
	if (level == 0)
		return ": all but tracepoint data for everybody";
	if (level == 1)
		return ": own processes, the kernel's part too";
	if (fact_is(f->gate, GATE_DEBIAN) && level > 2)
		return ": Debian's gate: nothing without CAP_SYS_ADMIN";
	if (fact_is(f->gate, GATE_UBUNTU) && level > 3)
		return ": Ubuntu's gate: nothing without CAP_SYS_ADMIN";
	if (!fact_known(f->gate) && level > 2)
		return ": as 2, or a gate of this kernel's maker: the probes tell";
	return ": own processes, user space only";
}

static void say_kernel(struct out *out, const struct facts *f)
{
	static const char *const gates[] = { "", ", Debian's", ", Ubuntu's" };
	static const char *const has[] = { " (built without)", " (it has them)" };
	static const char *const perfmon[] = { " (before 5.8 CAP_SYS_ADMIN takes its place)", "" };
	static const char *const bypass[] = { " (before 5.9 CAP_SYS_PTRACE too)", "" };
	static const char *const readable[] = { " (names of tracepoints cannot be looked up)", "" };

	out_string(out, "\nKernel\n");
	label(out, "release");
	out_text(out, f->release);
	out_printf(out, " (%s%s)\n", f->base, word(f->gate, gates, 3));
	line_fact(out, "perf events", f->perf_events, word(f->perf_events, has, 2));
	line_fact(out, "CAP_PERFMON", rules_has_perfmon(f), word(rules_has_perfmon(f), perfmon, 2));
	line_fact(out, "it spares the ptrace check", rules_has_ptrace_bypass(f),
		word(rules_has_ptrace_bypass(f), bypass, 2));
	line_fact(out, "perf_event_paranoid", f->limits.paranoid, paranoid_meaning(f));
	line_fact(out, "kptr_restrict", f->kptr_restrict, "");
	line_fact(out, "max_sample_rate", f->limits.max_sample_rate, " Hz");
	line_fact(out, "max_stack", f->limits.max_stack, " frames");
	line_fact(out, "online CPUs", f->limits.cpus_online, "");
	line_fact(out, "PMUs", f->pmus_known, facts_pmu_cpu(f) ? "" : " (none counts CPU cycles)");
	line_fact(out, "tracefs mounted", f->tracefs, "");
	line_fact(out, "tracefs readable", f->tracefs_readable,
		word(f->tracefs_readable, readable, 2));
}

static void say_pmus(struct out *out, const struct facts *f)
{
	for (uint32_t i = 0; i < f->pmu_count; i++) {
		label(out, "  PMU");
		out_text(out, f->pmus[i].name);
		out_printf(out, " (type %u)\n", f->pmus[i].type);
	}
}

static void say_difference(struct out *out, const struct row *row)
{
	bool no = row->predicted.outcome == REFUSED;

	out_printf(out, "      rules and probe differ: the rules say %s%s%s%s\n",
		row_outcome(row->predicted.outcome), no ? ", " : "",
		no ? row_result(row->predicted.error) : "", no ? row->predicted.why : "");
}

static void say_row(struct out *out, const struct check *check, const struct row *row)
{
	char fix[256];
	bool refused = row->refusal.outcome != ALLOWED;

	verdict_fix(fix, sizeof(fix), &check->survey->facts, row->fix);
	out_string(out, "  ");
	out_column(out, row->text, 43);
	out_printf(out, "%-8s", row_outcome(row->predicted.outcome));
	if (!refused)
		out_string(out, row_result(row->probed));
	else if (!*fix)
		out_printf(out, "%-11s%s", row_result(row->probed), layer_name(row->refusal.layer));
	else
		out_printf(out, "%-11s%-15s%s", row_result(row->probed),
			layer_name(row->refusal.layer), fix);
	if (refused && row->beyond && row->beyond != row->refusal.layer)
		out_printf(out, ", then %s", layer_name(row->beyond));
	out_char(out, '\n');
	if (!row->agrees)
		say_difference(out, row);
	if (refused && (check->verbose || !row->agrees))
		out_printf(out, "      %s: %s\n", layer_text(row->refusal.layer),
			row->untried ? row->untried : row->refusal.why);
}

static void say_operations(struct out *out, const struct check *check)
{
	const struct survey *survey = check->survey;

	out_printf(out, "\nWhat is possible\n  %-43s%-8s%-11s%-15s%s\n", "OPERATION", "RULES",
		"PROBE", "BLOCKED BY", "SMALLEST FIX");
	for (int i = 0; i < survey->row_count; i++)
		say_row(out, check, &survey->rows[i]);
	out_printf(out, "  rules and probes agree in %d of %d\n", survey->agreements,
		survey->comparisons);
}

static void say_ring_limit(struct out *out, const struct resources *r, const struct limits *l)
{
	if (!fact_is(r->rings_kb, FACT_UNLIMITED) && fact_known(r->rings_kb)) {
		label(out, "ring memory");
		out_printf(out,
			"%" PRId64 " KiB: perf_event_mlock_kb %" PRId64 " x %" PRId64
			" CPUs for all of this user, RLIMIT_MEMLOCK %" PRId64 " for each process\n",
			r->rings_kb.value, l->mlock_kb.value, l->cpus_online.value,
			l->memlock_kb.value);
		return;
	}
	line_fact(out, "ring memory", r->rings_kb,
		fact_or(l->paranoid, 0) < 0 ? " (paranoid is -1)"
		: l->unlimited_rings	    ? " (CAP_IPC_LOCK)"
					    : " (RLIMIT_MEMLOCK)");
}

static void say_rings(struct out *out, const struct resources *r, const struct limits *l)
{
	say_ring_limit(out, r, l);
	if (r->trial_error) {
		label(out, "  free right now");
		out_printf(out, "unknown (the trial: %s)\n", verdict_errno(r->trial_error));
	} else if (!fact_is(r->rings_free_kb, FACT_UNLIMITED)) {
		line_fact(out, "  free right now", r->rings_free_kb, " KiB (tried and released)");
	}
	label(out, r->sessions == 1 ? "  one session" : "  concurrent sessions");
	if (r->session_pages)
		out_printf(out, "%" PRIu64 " x %" PRIu64 " KiB: -m %" PRIu64 "\n", r->sessions,
			r->session_kb, r->session_pages);
	else
		out_printf(out, "%" PRIu64 ": not enough is free\n", r->sessions);
}

static void say_resources(struct out *out, const struct check *check)
{
	const struct resources *r = &check->survey->resources;
	const struct limits *l = &check->survey->facts.limits;
	int64_t wanted = (int64_t)r->descriptors;

	out_string(out, "\nResources\n");
	line_fact(out, "descriptors, soft limit", l->nofile, "");
	line_fact(out, "descriptors, hard limit", l->nofile_max, "");
	label(out, "  wanted");
	out_printf(out, "%" PRIu64 " = (%" PRIu64 " event%s + side-band) x CPUs%s + %d: %s\n",
		r->descriptors, r->events, r->events == 1 ? "" : "s",
		fact_or(r->threads, 1) > 1 ? " x threads" : "", SURVEY_DESCRIPTORS_SPARE,
		wanted <= fact_or(l->nofile, INT64_MAX)	      ? "enough"
		: wanted <= fact_or(l->nofile_max, INT64_MAX) ? "raise the soft limit (ulimit -n)"
							      : "too many");
	say_rings(out, r, l);
}

static void say_lines(struct out *out, const char *lines)
{
	while (*lines) {
		size_t size = strcspn(lines, "\n");

		out_string(out, "       ");
		out_bytes(out, lines, size);
		out_char(out, '\n');
		lines += size + (lines[size] == '\n');
	}
}

#define WIDTH 96

/* Prose, broken at spaces. */
static void say_wrapped(struct out *out, const char *text)
{
	while (*text) {
		size_t size = strlen(text);

		if (size > WIDTH)
			for (size = WIDTH; size && text[size] != ' '; size--)
				;
		out_string(out, "     ");
		out_bytes(out, text, size);
		out_char(out, '\n');
		text += size + (text[size] == ' ');
		if (!size)
			break;
	}
}

static void say_fixes(struct out *out, const struct remedies *remedies)
{
	if (remedies->count)
		out_string(out, "\nFixes, least privilege first\n");
	for (int i = 0; i < remedies->count; i++) {
		out_printf(out, "  %d. %s\n", i + 1, remedies->at[i].title);
		say_lines(out, remedies->at[i].commands);
		say_wrapped(out, remedies->at[i].why);
	}
}

static void say_need(struct out *out, const struct check *check)
{
	uint64_t missing, caps;
	char names[256];
	enum need_answer answer = need_met(check->need, check->survey, &missing, &caps);

	out_printf(out, "\nFor %s (%s): %s\n", check->need->name, check->need->text,
		need_answer_word(answer));
	for (int i = 0; i < OPERATIONS; i++)
		if (missing & (uint64_t)1 << i)
			out_printf(out, "  missing: %s (%s)\n", check->survey->rows[i].text,
				layer_text(check->survey->rows[i].refusal.layer));
	caps_list(names, sizeof(names), caps);
	if (caps)
		out_printf(out, "  missing: %s\n", names);
}

void check_text(struct out *out, const struct check *check)
{
	const struct facts *facts = &check->survey->facts;

	say_ids(out, check);
	say_confinement(out, facts);
	say_kernel(out, facts);
	if (check->verbose)
		say_pmus(out, facts);
	say_operations(out, check);
	say_resources(out, check);
	say_fixes(out, check->remedies);
	if (check->need)
		say_need(out, check);
}
