#include "data/record.h"

#include "base/span.h"
#include "data/sample.h"

#include <string.h>

#define KERNEL_RECORDS_END 64	     /* from here on perf's own records, which have no ids */
#define BUILD_ID_HAS_SIZE (1u << 15) /* misc of HEADER_BUILD_ID */

typedef void (*decoder)(struct span *s, struct record *r);

static void read_mmap(struct span *s, struct record *r)
{
	r->mmap.pid = span_u32(s);
	r->mmap.tid = span_u32(s);
	r->mmap.start = span_u64(s);
	r->mmap.size = span_u64(s);
	r->mmap.pgoff = span_u64(s);
	r->mmap.path = span_string(s);
}

static void read_mmap2_file(struct span *s, struct record_mmap *m)
{
	m->major = span_u32(s);
	m->minor = span_u32(s);
	m->inode = span_u64(s);
	m->inode_generation = span_u64(s);
}

static void read_mmap2_build_id(struct span *s, struct record_mmap *m)
{
	uint8_t size = span_u8(s);

	span_take(s, 3);
	m->build_id = span_take(s, 20);
	m->build_id_size = size < 20 ? size : 20;
}

static void read_mmap2(struct span *s, struct record *r)
{
	r->mmap.pid = span_u32(s);
	r->mmap.tid = span_u32(s);
	r->mmap.start = span_u64(s);
	r->mmap.size = span_u64(s);
	r->mmap.pgoff = span_u64(s);
	if (r->misc & PERF_RECORD_MISC_MMAP_BUILD_ID)
		read_mmap2_build_id(s, &r->mmap);
	else
		read_mmap2_file(s, &r->mmap);
	r->mmap.prot = span_u32(s);
	r->mmap.flags = span_u32(s);
	r->mmap.path = span_string(s);
}

static void read_lost(struct span *s, struct record *r)
{
	r->lost.id = span_u64(s);
	r->lost.count = span_u64(s);
}

static void read_lost_samples(struct span *s, struct record *r)
{
	r->lost.id = r->id.id;
	r->lost.count = span_u64(s);
}

static void read_comm(struct span *s, struct record *r)
{
	r->comm.pid = span_u32(s);
	r->comm.tid = span_u32(s);
	r->comm.name = span_string(s);
	r->comm.exec = r->misc & PERF_RECORD_MISC_COMM_EXEC;
}

static void read_task(struct span *s, struct record *r)
{
	r->task.pid = span_u32(s);
	r->task.parent_pid = span_u32(s);
	r->task.tid = span_u32(s);
	r->task.parent_tid = span_u32(s);
	r->task.time_ns = span_u64(s);
	if (!r->id.time_ns)
		r->id.time_ns = r->task.time_ns;
}

static void read_throttle(struct span *s, struct record *r)
{
	r->throttle.time_ns = span_u64(s);
	r->throttle.id = span_u64(s);
	r->throttle.stream_id = span_u64(s);
}

static void read_switch(struct span *s, struct record *r)
{
	r->switched.out = r->misc & PERF_RECORD_MISC_SWITCH_OUT;
	r->switched.preempted = r->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	if (r->type != PERF_RECORD_SWITCH_CPU_WIDE)
		return;
	r->switched.other_pid = span_u32(s);
	r->switched.other_tid = span_u32(s);
}

static void read_namespaces(struct span *s, struct record *r)
{
	struct record_namespaces *n = &r->namespaces;

	n->pid = span_u32(s);
	n->tid = span_u32(s);
	n->count = span_u64(s);
	if (n->count > span_left(s) / sizeof(*n->at))
		s->bad = true;
	n->at = span_take(s, n->count * sizeof(*n->at));
}

static void read_ksymbol(struct span *s, struct record *r)
{
	r->ksymbol.start = span_u64(s);
	r->ksymbol.size = span_u32(s);
	r->ksymbol.type = span_u16(s);
	r->ksymbol.unregistered = span_u16(s) & 1;
	r->ksymbol.name = span_string(s);
}

static void read_cgroup(struct span *s, struct record *r)
{
	r->cgroup.id = span_u64(s);
	r->cgroup.path = span_string(s);
}

static void read_aux(struct span *s, struct record *r)
{
	r->aux.offset = span_u64(s);
	r->aux.size = span_u64(s);
	r->aux.flags = span_u64(s);
}

static void read_build_id(struct span *s, struct record *r)
{
	struct record_build_id *b = &r->build_id;
	uint8_t size;

	b->pid = span_u32(s);
	span_read(s, b->build_id, sizeof(b->build_id));
	size = span_u8(s);
	b->size = r->misc & BUILD_ID_HAS_SIZE && size < 20 ? size : 20;
	span_take(s, 3);
	b->path = span_string(s);
}

static const struct {
	const char *name;
	decoder read;
} kinds[] = {
	[PERF_RECORD_MMAP] = { "MMAP", read_mmap },
	[PERF_RECORD_LOST] = { "LOST", read_lost },
	[PERF_RECORD_COMM] = { "COMM", read_comm },
	[PERF_RECORD_EXIT] = { "EXIT", read_task },
	[PERF_RECORD_THROTTLE] = { "THROTTLE", read_throttle },
	[PERF_RECORD_UNTHROTTLE] = { "UNTHROTTLE", read_throttle },
	[PERF_RECORD_FORK] = { "FORK", read_task },
	[PERF_RECORD_READ] = { "READ", NULL },
	[PERF_RECORD_SAMPLE] = { "SAMPLE", NULL },
	[PERF_RECORD_MMAP2] = { "MMAP2", read_mmap2 },
	[PERF_RECORD_AUX] = { "AUX", read_aux },
	[PERF_RECORD_ITRACE_START] = { "ITRACE_START", NULL },
	[PERF_RECORD_LOST_SAMPLES] = { "LOST_SAMPLES", read_lost_samples },
	[PERF_RECORD_SWITCH] = { "SWITCH", read_switch },
	[PERF_RECORD_SWITCH_CPU_WIDE] = { "SWITCH_CPU_WIDE", read_switch },
	[PERF_RECORD_NAMESPACES] = { "NAMESPACES", read_namespaces },
	[PERF_RECORD_KSYMBOL] = { "KSYMBOL", read_ksymbol },
	[PERF_RECORD_BPF_EVENT] = { "BPF_EVENT", NULL },
	[PERF_RECORD_CGROUP] = { "CGROUP", read_cgroup },
	[PERF_RECORD_TEXT_POKE] = { "TEXT_POKE", NULL },
	[PERF_RECORD_AUX_OUTPUT_HW_ID] = { "AUX_OUTPUT_HW_ID", NULL },
	[PERF_RECORD_CALLCHAIN_DEFERRED] = { "CALLCHAIN_DEFERRED", NULL },
	[PERF_RECORD_HEADER_ATTR] = { "HEADER_ATTR", NULL },
	[PERF_RECORD_HEADER_EVENT_TYPE] = { "HEADER_EVENT_TYPE", NULL },
	[PERF_RECORD_HEADER_TRACING_DATA] = { "HEADER_TRACING_DATA", NULL },
	[PERF_RECORD_HEADER_BUILD_ID] = { "HEADER_BUILD_ID", read_build_id },
	[PERF_RECORD_FINISHED_ROUND] = { "FINISHED_ROUND", NULL },
	[PERF_RECORD_ID_INDEX] = { "ID_INDEX", NULL },
	[PERF_RECORD_AUXTRACE_INFO] = { "AUXTRACE_INFO", NULL },
	[PERF_RECORD_AUXTRACE] = { "AUXTRACE", NULL },
	[PERF_RECORD_AUXTRACE_ERROR] = { "AUXTRACE_ERROR", NULL },
	[PERF_RECORD_THREAD_MAP] = { "THREAD_MAP", NULL },
	[PERF_RECORD_CPU_MAP] = { "CPU_MAP", NULL },
	[PERF_RECORD_STAT_CONFIG] = { "STAT_CONFIG", NULL },
	[PERF_RECORD_STAT] = { "STAT", NULL },
	[PERF_RECORD_STAT_ROUND] = { "STAT_ROUND", NULL },
	[PERF_RECORD_EVENT_UPDATE] = { "EVENT_UPDATE", NULL },
	[PERF_RECORD_TIME_CONV] = { "TIME_CONV", NULL },
	[PERF_RECORD_HEADER_FEATURE] = { "HEADER_FEATURE", NULL },
	[PERF_RECORD_COMPRESSED] = { "COMPRESSED", NULL },
	[PERF_RECORD_FINISHED_INIT] = { "FINISHED_INIT", NULL },
	[PERF_RECORD_COMPRESSED2] = { "COMPRESSED2", NULL },
	[PERF_RECORD_BPF_METADATA] = { "BPF_METADATA", NULL },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

const char *record_name(uint32_t type)
{
	return type < KINDS ? kinds[type].name : NULL;
}

static size_t ids_bytes(uint64_t type)
{
	static const uint32_t bits[] = { PERF_SAMPLE_TID, PERF_SAMPLE_TIME, PERF_SAMPLE_ID,
		PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		n += type & bits[i] ? 8 : 0;
	return n;
}

static uint64_t ids_type(uint32_t record_type, const struct perf_event_attr *attr)
{
	bool has = attr && attr->flags & PERF_ATTR_SAMPLE_ID_ALL &&
		   record_type < KERNEL_RECORDS_END && record_type != PERF_RECORD_SAMPLE;

	return has ? attr->sample_type : 0;
}

static void read_ids(struct span *s, uint64_t type, struct record_id *id)
{
	if (type & PERF_SAMPLE_TID) {
		id->pid = span_u32(s);
		id->tid = span_u32(s);
	}
	if (type & PERF_SAMPLE_TIME)
		id->time_ns = span_u64(s);
	if (type & PERF_SAMPLE_ID)
		id->id = span_u64(s);
	if (type & PERF_SAMPLE_STREAM_ID)
		id->stream_id = span_u64(s);
	if (type & PERF_SAMPLE_CPU)
		id->cpu = (uint32_t)span_u64(s);
	if (type & PERF_SAMPLE_IDENTIFIER)
		id->id = span_u64(s);
}

enum record_status record_decode(struct record *record, const struct perf_event_header *from,
	const struct perf_event_attr *attr)
{
	uint64_t type = ids_type(from->type, attr);
	size_t size = from->size < sizeof(*from) ? 0 : from->size - sizeof(*from);
	size_t behind = ids_bytes(type);
	struct span body, ids;

	memset(record, 0, sizeof(*record));
	record->type = from->type;
	record->misc = from->misc;
	record->id.cpu = SAMPLE_NO_CPU;
	if (behind > size)
		return RECORD_SHORT;
	body = span_of(from + 1, size - behind);
	ids = span_of((const char *)(from + 1) + size - behind, behind);
	read_ids(&ids, type, &record->id);
	if (from->type >= KINDS || !kinds[from->type].read)
		return RECORD_OTHER;
	kinds[from->type].read(&body, record);
	return body.bad ? RECORD_SHORT : RECORD_OK;
}

/* Bytes being written; what does not fit is only counted. */
struct sink {
	char *to;
	size_t cap, used;
};

static void put(struct sink *s, const void *bytes, size_t size)
{
	if (s->used + size <= s->cap)
		memcpy(s->to + s->used, bytes, size);
	s->used += size;
}

static void put_u32(struct sink *s, uint32_t v)
{
	put(s, &v, sizeof(v));
}

static void put_u64(struct sink *s, uint64_t v)
{
	put(s, &v, sizeof(v));
}

/* Cut to what a path may have, ended by a NUL, padded to whole words. */
static void put_string(struct sink *s, const char *text)
{
	static const char zeroes[8];
	size_t size = strnlen(text, 4095);

	put(s, text, size);
	put(s, zeroes, 8 - s->used % 8);
}

static void put_mmap2(struct sink *s, const struct record_mmap *m)
{
	uint8_t build_id[24] = { m->build_id_size };

	put_u32(s, m->pid);
	put_u32(s, m->tid);
	put_u64(s, m->start);
	put_u64(s, m->size);
	put_u64(s, m->pgoff);
	if (m->build_id) {
		memcpy(build_id + 4, m->build_id, m->build_id_size < 20 ? m->build_id_size : 20);
		put(s, build_id, sizeof(build_id));
	} else {
		put_u32(s, m->major);
		put_u32(s, m->minor);
		put_u64(s, m->inode);
		put_u64(s, m->inode_generation);
	}
	put_u32(s, m->prot);
	put_u32(s, m->flags);
	put_string(s, m->path);
}

static void put_task(struct sink *s, const struct record_task *t)
{
	put_u32(s, t->pid);
	put_u32(s, t->parent_pid);
	put_u32(s, t->tid);
	put_u32(s, t->parent_tid);
	put_u64(s, t->time_ns);
}

static void put_ids(struct sink *s, uint64_t type, const struct record_id *id)
{
	if (type & PERF_SAMPLE_TID) {
		put_u32(s, id->pid);
		put_u32(s, id->tid);
	}
	if (type & PERF_SAMPLE_TIME)
		put_u64(s, id->time_ns);
	if (type & PERF_SAMPLE_ID)
		put_u64(s, id->id);
	if (type & PERF_SAMPLE_STREAM_ID)
		put_u64(s, id->stream_id);
	if (type & PERF_SAMPLE_CPU)
		put_u64(s, id->cpu);
	if (type & PERF_SAMPLE_IDENTIFIER)
		put_u64(s, id->id);
}

size_t record_encode(
	void *to, size_t cap, const struct record *record, const struct perf_event_attr *attr)
{
	struct perf_event_header header = { .type = record->type, .misc = record->misc };
	struct sink s = { .to = to, .cap = cap, .used = sizeof(header) };

	if (record->type == PERF_RECORD_MMAP2) {
		header.misc |= record->mmap.build_id ? PERF_RECORD_MISC_MMAP_BUILD_ID : 0;
		put_mmap2(&s, &record->mmap);
	} else if (record->type == PERF_RECORD_COMM) {
		header.misc |= record->comm.exec ? PERF_RECORD_MISC_COMM_EXEC : 0;
		put_u32(&s, record->comm.pid);
		put_u32(&s, record->comm.tid);
		put_string(&s, record->comm.name);
	} else if (record->type == PERF_RECORD_FORK || record->type == PERF_RECORD_EXIT) {
		put_task(&s, &record->task);
	} else if (record->type == PERF_RECORD_LOST_SAMPLES) {
		put_u64(&s, record->lost.count);
	} else if (record->type == PERF_RECORD_KSYMBOL) {
		put_u64(&s, record->ksymbol.start);
		put_u32(&s, record->ksymbol.size);
		put_u32(&s, record->ksymbol.type);
		put_string(&s, record->ksymbol.name);
	} else {
		return 0;
	}
	put_ids(&s, ids_type(record->type, attr), &record->id);
	header.size = (uint16_t)s.used;
	if (s.used > cap || s.used > RECORD_MAX)
		return 0;
	memcpy(to, &header, sizeof(header));
	return s.used;
}
