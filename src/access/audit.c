#include "access/audit.h"

#include "access/caps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 8192 /* as the kernel's records, and more */

/* The text behind "NAME=" where NAME is a word of its own; NULL when it is not there. */
static const char *field(const char *line, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = strstr(line, name); at; at = strstr(at + 1, name))
		if (at[size] == '=' && (at == line || at[-1] == ' ' || at[-1] == '\''))
			return at + size + 1;
	return NULL;
}

/* A field's value: quoted, or up to a space. */
static bool value(const char *line, const char *name, char *to, size_t cap)
{
	const char *from = field(line, name);
	size_t size;

	if (!from)
		return false;
	if (*from == '"')
		size = strcspn(++from, "\"");
	else
		size = strcspn(from, " \t");
	snprintf(to, cap, "%.*s", (int)(size < cap ? size : cap - 1), from);
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Names with a space or a control byte are logged as bare hexadecimal digits (audit_log_untrusted).
 */
static void name_of(const char *line, const char *key, char *to, size_t cap)
{
	const char *from = field(line, key);
	size_t size = 0;

	if (!value(line, key, to, cap) || *from == '"' || !*to || strlen(to) % 2)
		return;
	if (to[strspn(to, "0123456789ABCDEF")])
		return;
	for (const char *at = to; *at; at += 2) {
		char byte = (char)(digit(at[0]) << 4 | digit(at[1]));

		to[size++] = byte ? byte : ' ';
	}
	to[size] = 0;
}

/* audit(1779929095.817:622): what is between the brackets, hashed. 0 where there is none. */
static uint64_t event_key(const char *line)
{
	const char *at = strstr(line, "audit(");
	const char *end = at ? strchr(at, ')') : NULL;
	const char *colon = NULL;
	uint64_t hash = 14695981039346656037u;

	if (!end)
		return 0;
	for (at += 6; at < end; at++) {
		colon = *at == ':' ? at : colon;
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	}
	return colon && isdigit((unsigned char)colon[1]) ? hash | 1 : 0;
}

static void merge(struct audit_program *program, const struct audit_event *event)
{
	snprintf(program->name, sizeof(program->name), "%s", event->name);
	if (*event->path)
		snprintf(program->path, sizeof(program->path), "%s", event->path);
	if (*event->domain)
		snprintf(program->domain, sizeof(program->domain), "%s", event->domain);
	program->apparmor |= event->apparmor;
	program->permissive += event->permissive;
	program->policy += event->policy;
	if (event->perfmon && event->admin)
		program->pairs[event->answer]++;
	else if (event->perfmon)
		program->perfmon_only++;
	else if (event->admin)
		program->admin_only++;
}

/* CAP_SYS_ADMIN is asked for much else: alone it matters only with a SYSCALL record that says so.
 */
static bool matters(const struct audit_event *event)
{
	return event->perfmon || event->policy || (event->admin && event->perf_call);
}

static void close_event(struct audit *audit, struct audit_event *event)
{
	int i = 0;

	if (event->key && matters(event)) {
		while (i < audit->program_count && strcmp(audit->programs[i].name, event->name))
			i++;
		if (i < AUDIT_PROGRAMS) {
			audit->program_count += i == audit->program_count;
			merge(&audit->programs[i], event);
		} else {
			audit->unlisted++;
		}
	}
	memset(event, 0, sizeof(*event));
}

static struct audit_event *event_of(struct audit *audit, uint64_t key)
{
	struct audit_event *event;

	for (int i = 0; i < AUDIT_OPEN; i++)
		if (audit->open[i].key == key)
			return &audit->open[i];
	event = &audit->open[audit->next];
	audit->next = (audit->next + 1) % AUDIT_OPEN;
	close_event(audit, event);
	event->key = key;
	return event;
}

static bool number_or_name(const char *text, unsigned number, const char *name)
{
	char *end;

	if (!text)
		return false;
	if (isdigit((unsigned char)*text))
		return strtoul(text, &end, 10) == number && (!*end || *end == ' ');
	return !strncmp(text, name, strlen(name)) && !isalnum((unsigned char)text[strlen(name)]);
}

static void note_capability(struct audit_event *event, const char *line)
{
	const char *capability = field(line, "capability");

	event->perfmon |= number_or_name(capability, CAP_PERFMON, "perfmon");
	event->admin |= number_or_name(capability, CAP_SYS_ADMIN, "sys_admin");
}

/* The type of "user:role:type:level". */
static void note_domain(struct audit_event *event, const char *line)
{
	char context[128], *type;

	if (!value(line, "scontext", context, sizeof(context)))
		return;
	type = strchr(context, ':');
	type = type ? strchr(type + 1, ':') : NULL;
	if (!type)
		return;
	type[1 + strcspn(type + 1, ":")] = 0;
	snprintf(event->domain, sizeof(event->domain), "%s", type + 1);
}

/* avc:  denied  { perfmon } for  pid=1 comm="x" capability=38 ... tclass=capability2 permissive=0
 */
static bool note_avc(struct audit_event *event, const char *line)
{
	char class[32] = "", permissive[4] = "";

	if (!strchr(line, '{') || !value(line, "tclass", class, sizeof(class)))
		return false;
	if (!strcmp(class, "perf_event"))
		event->policy = true;
	else if (!strncmp(class, "cap", 3))
		note_capability(event, line);
	name_of(line, "comm", event->name, sizeof(event->name));
	note_domain(event, line);
	value(line, "permissive", permissive, sizeof(permissive));
	event->permissive |= *permissive == '1';
	return *event->name;
}

static bool note_apparmor(struct audit_event *event, const char *line)
{
	char operation[32] = "";

	if (!value(line, "operation", operation, sizeof(operation)))
		return false;
	if (strcmp(operation, "capable"))
		return true;
	note_capability(event, line);
	name_of(line, "comm", event->name, sizeof(event->name));
	name_of(line, "profile", event->domain, sizeof(event->domain));
	event->apparmor = true;
	event->permissive |= strstr(line, "apparmor=\"ALLOWED\"") != NULL;
	return *event->name && field(line, "capability");
}

/* x86_64 and arm64 numbers of perf_event_open and bpf, and their names in interpreted logs. */
static bool is_perf_call(const char *line)
{
	static const struct {
		const char *arch;
		unsigned perf_event_open, bpf;
	} calls[] = { { "c000003e", 298, 321 }, { "c00000b7", 241, 280 } };
	const char *call = field(line, "syscall"), *arch = field(line, "arch");

	for (int i = 0; call && arch && i < 2; i++)
		if (!strncmp(arch, calls[i].arch, 8) &&
			(number_or_name(call, calls[i].perf_event_open, "perf_event_open") ||
				number_or_name(call, calls[i].bpf, "bpf")))
			return true;
	return call && !isdigit((unsigned char)*call) &&
	       (number_or_name(call, 0, "perf_event_open") || number_or_name(call, 0, "bpf"));
}

static bool note_call(struct audit_event *event, const char *line)
{
	char success[8] = "", name[64] = "";

	if (!field(line, "syscall"))
		return false;
	event->call_seen = true;
	event->perf_call = is_perf_call(line);
	if (value(line, "success", success, sizeof(success)))
		event->answer = !strcmp(success, "yes") ? AUDIT_SUCCEEDED : AUDIT_FAILED;
	name_of(line, "exe", event->path, sizeof(event->path));
	name_of(line, "comm", name, sizeof(name));
	if (!*event->name)
		snprintf(event->name, sizeof(event->name), "%s", name);
	return true;
}

static const struct {
	const char *mark;
	bool (*note)(struct audit_event *event, const char *line);
	bool denial;
} kinds[] = {
	{ "avc:  denied", note_avc, true },
	{ "avc: denied", note_avc, true },
	{ "apparmor=\"DENIED\"", note_apparmor, true },
	{ "apparmor=\"ALLOWED\"", note_apparmor, true },
	{ "type=SYSCALL", note_call, false },
	{ "type=1300", note_call, false },
};

void audit_line(struct audit *audit, const char *line, size_t size)
{
	char text[LINE_MAX_BYTES];
	uint64_t key;

	audit->lines++;
	size = size < sizeof(text) ? size : sizeof(text) - 1;
	for (size_t i = 0; i < size; i++)
		text[i] = line[i] ? line[i] : ' ';
	text[size] = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strstr(text, kinds[i].mark))
			continue;
		key = event_key(text);
		if (!key || !kinds[i].note(event_of(audit, key), text))
			audit->malformed++;
		else
			audit->records += kinds[i].denial;
		return;
	}
}

void audit_end(struct audit *audit)
{
	for (int i = 0; i < AUDIT_OPEN; i++)
		close_event(audit, &audit->open[(audit->next + i) % AUDIT_OPEN]);
}
