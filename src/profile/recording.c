#include "profile/recording.h"

#include "data/feature.h"
#include "profile/hist.h"

#include <string.h>
#include <sys/utsname.h>

/* Of the arena: a node with its slots, and as much again for places, names and sums. */
#define NODE_SHARE 128

/* Of a sample with a stack: all before the stack and its nearest part; all behind it. */
#define HEAD_BYTES 1024
#define TAIL_BYTES 64

bool recording_init_flat(struct recording *recording, struct reader *reader, struct arena *arena)
{
	*recording = (struct recording){ .reader = reader, .arena = arena };
	recording->first_ns = UINT64_MAX;
	recording->timed = true;
	for (uint32_t i = 0; i < reader->attr_count; i++)
		if (!(reader->attrs[i].attr.sample_type & PERF_SAMPLE_TIME))
			recording->timed = false;
	images_init(&recording->images, arena);
	processes_init(&recording->processes, arena, &recording->images);
	recording->event = arena_array(arena, struct recording_event, reader->attr_count);
	return recording->event && missing_init(&recording->missing, arena) &&
	       chains_init(&recording->chains, arena, &recording->processes, &recording->images,
		       &recording->tree);
}

bool recording_init(struct recording *recording, struct reader *reader, struct arena *arena)
{
	size_t room = (arena->size - arena->used) / NODE_SHARE;

	return recording_init_flat(recording, reader, arena) &&
	       tree_init(&recording->tree, arena, room < TREE_NONE ? (uint32_t)room : TREE_NONE);
}

bool recording_elsewhere(struct reader *reader)
{
	char text[256];
	struct span s = reader_feature(reader, HEADER_HOSTNAME, text, sizeof(text) - 1);
	struct utsname here;
	const char *host = feature_string(&s);

	return *host && !uname(&here) && strcmp(host, here.nodename);
}

uint64_t recording_time(const struct recording *recording, uint64_t time_ns)
{
	return recording->timed ? time_ns : recording->reader->record_offset;
}

static void tell_sideband(struct recording *r)
{
	int event = reader_event(r->reader);
	struct record record;

	if (record_decode(&record, r->reader->record,
		    event < 0 ? NULL : &r->reader->attrs[event].attr) == RECORD_SHORT) {
		r->broken++;
		return;
	}
	missing_tell(&r->missing, &record, event, r->reader->record);
	processes_tell(&r->processes, &record, recording_time(r, record.id.time_ns));
}

/* Build IDs that were looked up when recording ended, for images whose mappings had none. */
static void tell_build_ids(struct recording *r)
{
	struct perf_file_section *s = &r->reader->features[HEADER_BUILD_ID];
	_Alignas(8) char bytes[4352];
	uint64_t at = 0;

	while (at < s->size) {
		size_t left = s->size - at < sizeof(bytes) ? s->size - at : sizeof(bytes);
		ssize_t got = reader_bytes(r->reader, s->offset + at, bytes, left);
		struct perf_event_header *h = (struct perf_event_header *)(void *)bytes;
		struct record record;

		if (got < (ssize_t)sizeof(*h) || h->size < sizeof(*h) || h->size > got)
			break;
		at += h->size;
		h->type = PERF_RECORD_HEADER_BUILD_ID;
		if (record_decode(&record, h, NULL) == RECORD_OK)
			processes_tell(&r->processes, &record, 0);
	}
}

enum reader_status recording_sideband(struct recording *recording)
{
	enum reader_status status;

	reader_rewind(recording->reader);
	reader_sparse(recording->reader, sizeof(struct perf_event_header), 0);
	while ((status = reader_next(recording->reader)) == READER_OK)
		if (recording->reader->record->type != PERF_RECORD_SAMPLE)
			tell_sideband(recording);
	reader_sparse(recording->reader, 0, 0);
	tell_build_ids(recording);
	recording->lost =
		recording->missing.lost ? recording->missing.lost : recording->missing.in_rings;
	return status;
}

/* That of the machine it was recorded on. */
static const struct arch *arch_of(struct reader *reader)
{
	char text[256]; /* perf pads strings to multiples of 64 bytes */
	struct span s = reader_feature(reader, HEADER_ARCH, text, sizeof(text));
	const struct arch *arch = arch_find(feature_string(&s));

	return arch ? arch : arch_host;
}

bool recording_unwind(struct recording *recording, const struct resolve_options *options)
{
	bool stacks = false;

	for (uint32_t i = 0; i < recording->reader->attr_count; i++)
		stacks |= recording->reader->attrs[i].attr.sample_type & PERF_SAMPLE_STACK_USER;
	if (!stacks)
		return true;
	recording->unwinder = arena_new(recording->arena, struct unwinder);
	return recording->unwinder &&
	       unwind_init(recording->unwinder, recording->arena, &recording->processes, options,
		       arch_of(recording->reader));
}

static bool chosen(const struct recording_choice *c, const struct sample *s)
{
	if (s->time_ns < c->from_ns || (c->until_ns && s->time_ns > c->until_ns))
		return false;
	return !c->cpus || (s->cpu < c->cpu_count && c->cpus[s->cpu / 8] >> s->cpu % 8 & 1);
}

static uint32_t find_root(struct recording *r, unsigned separate, uint32_t event,
	const struct sample *s, const char *comm)
{
	struct tree_root root = { .event = event };

	if (separate & (1u << HIST_COMM | 1u << HIST_PID | 1u << HIST_TID))
		root.comm = comm;
	if (separate & (1u << HIST_PID | 1u << HIST_TID))
		root.pid = s->pid;
	if (separate & 1u << HIST_TID)
		root.tid = s->tid;
	if (separate & 1u << HIST_CPU)
		root.cpu = (int32_t)s->cpu;
	return tree_root(&r->tree, &root);
}

static struct recording_recent *thread_of(struct recording *r, unsigned separate, uint32_t event,
	const struct sample *s, uint64_t time_ns)
{
	struct recording_recent *t = &r->recent[s->tid % RECORDING_RECENT];
	struct process_comm comm;

	if (t->node_plus_1 && t->tid == s->tid && t->pid == s->pid && t->cpu == s->cpu &&
		t->event == event && time_ns >= t->from_ns && time_ns < t->until_ns)
		return t;
	comm = process_comm(&r->processes, s->tid, time_ns);
	*t = (struct recording_recent){ .from_ns = comm.from_ns,
		.until_ns = comm.until_ns,
		.comm = comm.name,
		.pid = s->pid,
		.tid = s->tid,
		.cpu = s->cpu,
		.event = event,
		.node_plus_1 = find_root(r, separate, event, s, comm.name) + 1 };
	return t;
}

static void collapse(struct recording *r)
{
	chains_collapse(&r->chains, r->arena);
	memset(r->recent, 0, sizeof(r->recent));
}

static void count(struct recording *r, struct recording_event *e, const struct sample *s)
{
	e->samples++;
	e->weight += s->period;
	e->chains |= s->type & PERF_SAMPLE_CALLCHAIN;
	if (!r->timed)
		return;
	r->first_ns = s->time_ns < r->first_ns ? s->time_ns : r->first_ns;
	r->last_ns = s->time_ns > r->last_ns ? s->time_ns : r->last_ns;
}

static void add_sample(
	struct recording *r, const struct recording_choice *c, uint32_t event, struct sample *s)
{
	uint64_t time_ns = recording_time(r, s->time_ns);
	const struct recording_recent *t;

	if (r->tree.count >= r->tree.room - CHAIN_DEPTH_MAX && !r->chains.collapsed)
		collapse(r);
	t = thread_of(r, c->separate, event, s, time_ns);
	if (c->wanted && !c->wanted(c->context, s, t->comm)) {
		r->event[event].filtered++;
		return;
	}
	if (!t->node_plus_1) {
		r->no_room++;
		return;
	}
	if (r->unwinder && s->type & PERF_SAMPLE_STACK_USER && !c->no_callers)
		unwind_sample(r->unwinder, s, time_ns, UNWIND_DEPTH_MAX);
	tree_add(&r->tree, chains_node(&r->chains, t->node_plus_1 - 1, s, time_ns, !c->no_callers),
		s->period);
}

static bool is_cut(const struct sample *s, const struct perf_event_attr *attr)
{
	uint32_t most = loss_max_stack(attr), frames = 0;

	if (s->chain.count < most)
		return false;
	for (uint64_t i = 0; i < s->chain.count; i++)
		frames += loss_is_frame(s->chain.at[i]);
	return frames >= most;
}

static bool more_stack(struct stack_rest *rest, uint64_t bytes)
{
	struct recording *r = rest->context;
	const struct reader *reader = r->reader;
	uint32_t before = reader->hole - (uint32_t)rest->here;
	bool there = reader_fill(r->reader, before + (uint32_t)bytes);

	rest->here = reader->hole == reader->hole_end ? UINT64_MAX : reader->hole - before;
	return there;
}

/* A hole is for the stack alone: anything else is read again as a whole. */
static enum sample_status decode(
	struct recording *r, struct sample *s, const struct perf_event_attr *attr)
{
	struct reader *reader = r->reader;
	const uint8_t *record = (const void *)reader->record, *stack, *end;
	enum sample_status status = sample_decode(s, reader->record, attr);

	r->rest.here = UINT64_MAX;
	if (reader->hole == reader->hole_end)
		return status;
	stack = s->user_stack.at;
	end = (const uint8_t *)(s->user_part.at + s->user_part.count - 1);
	if (stack && stack <= record + reader->hole && end >= record + reader->hole_end) {
		r->rest.here = (uint64_t)(record + reader->hole - stack);
		return status;
	}
	reader_fill(reader, reader->hole_end);
	return sample_decode(s, reader->record, attr);
}

static void take_sample(struct recording *r, const struct recording_choice *c)
{
	int event = reader_event(r->reader);
	enum sample_status status;
	struct sample s;

	if (event < 0) {
		r->orphaned++;
		return;
	}
	status = decode(r, &s, &r->reader->attrs[event].attr);
	r->broken += status == SAMPLE_SHORT;
	r->future += status == SAMPLE_FUTURE;
	if (status == SAMPLE_SHORT)
		return;
	if (!chosen(c, &s))
		return;
	count(r, &r->event[event], &s);
	r->event[event].cut += is_cut(&s, &r->reader->attrs[event].attr);
	add_sample(r, c, (uint32_t)event, &s);
}

enum reader_status recording_samples(
	struct recording *recording, const struct recording_choice *choice)
{
	enum reader_status status;

	reader_rewind(recording->reader);
	recording->rest = (struct stack_rest){ .more = more_stack, .context = recording };
	if (recording->unwinder) {
		recording->unwinder->rest = &recording->rest;
		reader_sparse(recording->reader, HEAD_BYTES, TAIL_BYTES);
	}
	while ((status = reader_next(recording->reader)) == READER_OK)
		if (recording->reader->record->type == PERF_RECORD_SAMPLE)
			take_sample(recording, choice);
	return status;
}
