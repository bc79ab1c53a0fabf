#include "access/remedy.h"

#include "access/least.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool remedy_gate_closed(const struct facts *facts)
{
	int64_t level = fact_or(facts->limits.paranoid, 2);

	return (fact_is(facts->gate, GATE_DEBIAN) && level > 2) ||
	       (fact_is(facts->gate, GATE_UBUNTU) && level > 3);
}

/* What every remedy is written from. */
struct ground {
	const struct survey *survey;
	struct arena *arena;
	struct remedies *to;
	char caps[96];	 /* "cap_perfmon" */
	char engine[96]; /* "PERFMON", as container engines spell the first of them */
	char self[PATH_MAX];
	unsigned fixes; /* of all refused rows */
};

__attribute__((format(printf, 2, 3))) static const char *text(
	struct arena *arena, const char *format, ...)
{
	char line[2048];
	const char *copy;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	copy = arena_copy(arena, line, strlen(line));
	return copy ? copy : "";
}

static void add(
	struct ground *g, const char *key, const char *title, const char *why, const char *commands)
{
	if (g->to->count < REMEDIES)
		g->to->at[g->to->count++] = (struct remedy){ key, title, why, commands };
}

/* What keeps file capabilities from working for this caller. */
static const char *file_capability_caveat(const struct ground *g)
{
	const struct facts *facts = &g->survey->facts;

	if (fact_is(facts->no_new_privs, 1))
		return "here no_new_privs is set, so file capabilities do nothing in this "
		       "session; ";
	if (fact_is(facts->initial_user_ns, 0))
		return "here a user namespace is in force: run it outside; ";
	if (least_caps(facts) & ~facts->who.caps.bounding)
		return "here the bounding set lacks them, so exec fails with EPERM in this "
		       "session; ";
	return "";
}

static const char *cost(const struct facts *facts)
{
	if (remedy_gate_closed(facts))
		return "CAP_SYS_ADMIN is nearly root: under this kernel's gate nothing less will "
		       "do; "
		       "with kernel.perf_event_paranoid=2 cap_perfmon is enough";
	if (!rules_has_perfmon(facts).value)
		return "kernels before 5.8 have no CAP_PERFMON; CAP_SYS_ADMIN is nearly root, so "
		       "keep "
		       "the group small";
	if (!fact_or(rules_has_ptrace_bypass(facts), 1))
		return "before 5.9 other users' processes need CAP_SYS_PTRACE too, which also "
		       "reads "
		       "and changes their memory";
	return "opens monitoring of the whole system to the group, and nothing else but a look at "
	       "/proc/PID/maps";
}

static void add_gate(struct ground *g)
{
	if (remedy_gate_closed(&g->survey->facts))
		add(g, "gate",
			"the distribution's gate: CAP_PERFMON will not do while paranoid is above "
			"2",
			"2 is the kernel's own default: it opens user-space profiling of one's own "
			"processes to everybody; then CAP_PERFMON is enough for the rest",
			"sysctl kernel.perf_event_paranoid=2\n");
}

static void add_file(struct ground *g)
{
	add(g, "file", "file capabilities for a group",
		text(g->arena, "%s%s", file_capability_caveat(g), cost(&g->survey->facts)),
		text(g->arena,
			"perfbox grant --group perf_users --caps %s %s\n"
			"setcap \"%s=ep\" /usr/bin/perf\n",
			g->caps, g->self, g->caps));
}

static void add_shell(struct ground *g)
{
	add(g, "shell", "a shell that has them, where files cannot (nosuid, no xattr)",
		"the capabilities last as long as the shell, and are inherited by what it starts",
		text(g->arena,
			"sudo perfbox shell --caps %s\n"
			"sudo capsh --iab='^%s' --secbits=239 --user=$SUDO_USER -- -l\n",
			g->caps, g->caps));
}

static void add_container(struct ground *g)
{
	const char *cap = g->engine;

	add(g, "container", "container engines: the capability and a filter that knows it",
		"a user other than root in the container still has no capability: --cap-add fills "
		"the "
		"bounding set and root's sets, so setcap the binary in the image too; root of a "
		"user "
		"namespace (rootless engines) never has one that counts; old engines' filters ask "
		"for "
		"SYS_ADMIN: give them a profile that lists perf_event_open",
		text(g->arena,
			"docker run --cap-add=%s IMAGE\n"
			"docker run --cap-add=%s --security-opt seccomp=PROFILE.json IMAGE\n"
			"podman run --cap-add=%s --security-opt seccomp=PROFILE.json IMAGE\n"
			"securityContext: {capabilities: {add: [\"%s\"]}, seccompProfile: "
			"{type: Localhost, localhostProfile: PROFILE.json}}\n",
			cap, cap, cap, cap));
}

static void add_systemd(struct ground *g)
{
	char upper[96];
	size_t i;

	for (i = 0; g->caps[i]; i++)
		upper[i] = g->caps[i] == ','			    ? ' '
			   : g->caps[i] >= 'a' && g->caps[i] <= 'z' ? (char)(g->caps[i] - 32)
								    : g->caps[i];
	upper[i] = 0;
	add(g, "systemd", "a systemd service",
		"SystemCallFilter= must not leave out perf_event_open (group @debug)",
		text(g->arena,
			"[Service]\nUser=SOMEONE\nAmbientCapabilities=%s\n"
			"systemd-run -p AmbientCapabilities='%s' -p User=SOMEONE COMMAND\n",
			upper, upper));
}

static void add_limits(struct ground *g)
{
	const struct resources *r = &g->survey->resources;
	const struct limits *limits = &g->survey->facts.limits;
	bool files = r->descriptors > (uint64_t)fact_or(limits->nofile, INT64_MAX);
	bool memory = !limits->unlimited_rings && !r->session_pages;

	if (!files && !memory)
		return;
	add(g, "limits", "more descriptors and ring memory, in /etc/security/limits.conf",
		"for the group, from the next login on; CAP_IPC_LOCK lifts the memory limit for "
		"one "
		"program instead",
		text(g->arena,
			"@perf_users - nofile %" PRIu64 "\n@perf_users - memlock %" PRIu64 "\n",
			r->descriptors > 65536 ? r->descriptors * 2 : 65536,
			r->sessions * 528 * (uint64_t)fact_or(limits->cpus_online, 1)));
}

static void add_symbols(struct ground *g)
{
	if (g->fixes & FIX_KPTR)
		add(g, "kptr", "kernel symbol addresses",
			"kptr_restrict 2 hides them even from CAP_SYSLOG; 1 shows them to it",
			"sysctl kernel.kptr_restrict=1\n");
	else if (g->fixes & FIX_SYSLOG)
		add(g, "symbols", "kernel symbol addresses",
			"CAP_SYSLOG also opens the kernel's log, and undoes what hides kernel "
			"addresses",
			text(g->arena, "perfbox grant --caps %s,cap_syslog %s\n", g->caps,
				g->self));
}

static void add_sysctl(struct ground *g)
{
	int64_t level = fact_or(g->survey->facts.limits.paranoid, INT64_MIN);

	if (level < 0)
		return;
	add(g, "sysctl", "last: open it to everybody",
		"1: kernel profiling of one's own processes (kernel addresses leak); 0: "
		"system-wide "
		"profiling by every user; -1: tracepoint data and unlimited ring memory too",
		text(g->arena, "%s%s%s", level > 1 ? "sysctl kernel.perf_event_paranoid=1\n" : "",
			level > 0 ? "sysctl kernel.perf_event_paranoid=0\n" : "",
			"sysctl kernel.perf_event_paranoid=-1\n"));
}

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-"
#define PRIVILEGES                                                                                 \
	(FIX_PERFMON | FIX_PTRACE | FIX_ADMIN | FIX_PARANOID_2 | FIX_INITIAL_NS | FIX_SECCOMP |    \
		FIX_SYSLOG | FIX_KPTR)

void remedies_make(struct remedies *remedies, const struct survey *survey, struct arena *arena)
{
	struct ground g = { .survey = survey, .arena = arena, .to = remedies };
	uint64_t caps = least_caps(&survey->facts);
	ssize_t size = readlink("/proc/self/exe", g.self, sizeof(g.self) - 1);

	remedies->count = 0;
	/* what a shell would not take as it is has no place in a line to be pasted */
	if (size <= 0 || g.self[strspn(g.self, PLAIN)])
		snprintf(g.self, sizeof(g.self), "/usr/local/bin/perfbox");
	for (int i = 0; i < survey->row_count; i++)
		g.fixes |= survey->rows[i].fix;
	if (remedy_gate_closed(&survey->facts))
		caps = CAP_BIT(CAP_SYS_ADMIN);
	caps_list(g.caps, sizeof(g.caps), caps);
	snprintf(g.engine, sizeof(g.engine), "%s",
		caps & CAP_BIT(CAP_SYS_ADMIN) ? "SYS_ADMIN" : "PERFMON");
	if (g.fixes & PRIVILEGES) {
		add_gate(&g);
		add_file(&g);
		add_shell(&g);
		add_container(&g);
		add_systemd(&g);
		add_symbols(&g);
	}
	add_limits(&g);
	if (g.fixes & PRIVILEGES)
		add_sysctl(&g);
}
