#include "view/dump.h"

#include "data/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 16
#define PROT(prot, bit, letter) ((prot) >> (bit)&1 ? (letter) : '-')

static void bytes(struct out *out, const uint8_t *at, size_t size)
{
	for (size_t line = 0; line < size; line += LINE_BYTES) {
		size_t left = size - line < LINE_BYTES ? size - line : LINE_BYTES;

		out_string(out, ".  ");
		out_hex(out, line, 4);
		out_string(out, ": ");
		for (size_t i = 0; i < left; i++) {
			out_char(out, ' ');
			out_hex(out, at[line + i], 2);
		}
		out_fill(out, ' ', (int)(3 * (LINE_BYTES - left) + 2));
		for (size_t i = 0; i < left; i++)
			out_char(out, at[line + i] >= ' ' && at[line + i] <= '~'
					      ? (char)at[line + i]
					      : '.');
		out_fill(out, ' ', (int)(LINE_BYTES - left));
		out_char(out, '\n');
	}
}

static void mapping(struct out *out, const struct record *r)
{
	const struct record_mmap *m = &r->mmap;

	out_printf(out, " %d/%d: [%#" PRIx64 "(%#" PRIx64 ") @ %#" PRIx64, (int)m->pid, (int)m->tid,
		m->start, m->size, m->pgoff);
	if (r->type == PERF_RECORD_MMAP) {
		out_printf(out, "]: %c ", r->misc & PERF_RECORD_MISC_MMAP_DATA ? 'r' : 'x');
	} else {
		if (m->build_id) {
			out_string(out, " <");
			for (int i = 0; i < m->build_id_size; i++)
				out_hex(out, m->build_id[i], 2);
			out_char(out, '>');
		} else {
			out_printf(out, " %02x:%02x %" PRIu64 " %" PRIu64, m->major, m->minor,
				m->inode, m->inode_generation);
		}
		out_printf(out, "]: %c%c%c%c ", PROT(m->prot, 0, 'r'), PROT(m->prot, 1, 'w'),
			PROT(m->prot, 2, 'x'), m->flags & 1 ? 's' : 'p');
	}
	out_text(out, m->path);
}

static void comm(struct out *out, const struct record *r)
{
	out_string(out, r->comm.exec ? " exec: " : ": ");
	out_text(out, r->comm.name);
	out_printf(out, ":%d/%d", (int)r->comm.pid, (int)r->comm.tid);
}

static void switched(struct out *out, const struct record *r)
{
	const struct record_switch *s = &r->switched;

	out_printf(out, " %-11s", !s->out ? "IN" : s->preempted ? "OUT preempt" : "OUT");
	if (r->type == PERF_RECORD_SWITCH_CPU_WIDE)
		out_printf(out, "  %s pid/tid: %5d/%-5d", s->out ? "next" : "prev",
			(int)s->other_pid, (int)s->other_tid);
}

static void words(struct out *out, const struct record *r)
{
	switch (r->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		mapping(out, r);
		break;
	case PERF_RECORD_COMM:
		comm(out, r);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		out_printf(out, "(%d:%d):(%d:%d)", (int)r->task.pid, (int)r->task.tid,
			(int)r->task.parent_pid, (int)r->task.parent_tid);
		break;
	case PERF_RECORD_LOST:
		out_printf(out, ": id:%" PRIu64 ": lost:%" PRIu64, r->lost.id, r->lost.count);
		break;
	case PERF_RECORD_LOST_SAMPLES:
		out_printf(
			out, ": id:%" PRIu64 ": lost samples :%" PRIu64, r->id.id, r->lost.count);
		break;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		switched(out, r);
		break;
	case PERF_RECORD_NAMESPACES:
		out_printf(out, " %d/%d - nr_namespaces: %" PRIu64, (int)r->namespaces.pid,
			(int)r->namespaces.tid, r->namespaces.count);
		break;
	}
}

static void sample_words(struct out *out, const struct sample *s)
{
	out_printf(out, "(IP, %#x): %d/%d: %#" PRIx64 " period: %" PRIu64 " addr: %#" PRIx64 "\n",
		s->misc, (int)s->pid, (int)s->tid, s->ip, s->period, s->addr);
	if (s->type & PERF_SAMPLE_CALLCHAIN)
		out_printf(out, "... FP chain: nr:%" PRIu64 "\n", s->chain.count);
	for (uint64_t i = 0; i < s->chain.count; i++)
		out_printf(out, "..... %2" PRIu64 ": %016" PRIx64 "\n", i, s->chain.at[i]);
	if (s->type & PERF_SAMPLE_STACK_USER && s->user_stack.size)
		out_printf(out, "... ustack: size %" PRIu64 "\n", s->user_stack.size);
}

/* What any event's samples hold decides what stands in front of all records. */
static void when(struct out *out, const struct reader *reader, uint32_t cpu, uint64_t time_ns)
{
	uint64_t types = 0, flags = 0;

	for (uint32_t i = 0; reader->attrs && i < reader->attr_count; i++) {
		types |= reader->attrs[i].attr.sample_type;
		flags |= reader->attrs[i].attr.flags;
	}
	if (!(flags & PERF_ATTR_SAMPLE_ID_ALL) && reader->record->type != PERF_RECORD_SAMPLE) {
		out_string(out, "-1 -1 ");
		return;
	}
	if (types & PERF_SAMPLE_CPU)
		out_printf(out, "%" PRIu32 " ", cpu == SAMPLE_NO_CPU ? 0 : cpu);
	if (types & PERF_SAMPLE_TIME)
		out_printf(out, "%" PRIu64 " ", time_ns);
}

static void decoded(struct out *out, const struct reader *reader)
{
	const struct perf_event_header *header = reader->record;
	int event = reader_event(reader);
	const struct perf_event_attr *attr = event < 0 ? NULL : &reader->attrs[event].attr;
	const char *name = record_name(header->type);
	struct record record = { .id = { .cpu = SAMPLE_NO_CPU } };
	struct sample sample = { .cpu = SAMPLE_NO_CPU };
	bool is_sample = header->type == PERF_RECORD_SAMPLE;
	bool whole = is_sample ? attr && sample_decode(&sample, header, attr) != SAMPLE_SHORT
			       : record_decode(&record, header, attr) != RECORD_SHORT;

	when(out, reader, is_sample ? sample.cpu : record.id.cpu,
		is_sample ? sample.time_ns : record.id.time_ns);
	out_printf(out, "%#" PRIx64 " [%#x]: PERF_RECORD_%s", reader->record_offset, header->size,
		name ? name : "UNKNOWN");
	if (!whole)
		out_string(out, ": too short for its fields\n");
	else if (is_sample)
		sample_words(out, &sample);
	else
		words(out, &record);
	if (!is_sample && whole)
		out_char(out, '\n');
}

void dump_record(struct out *out, const struct reader *reader, const char *path)
{
	const struct perf_event_header *header = reader->record;

	out_printf(out, "\n%#" PRIx64 "@", reader->record_offset);
	out_text(out, path);
	out_printf(out, " [%#x]: event: %" PRIu32 "\n.\n. ... raw event: size %d bytes\n",
		header->size, header->type, header->size);
	bytes(out, (const uint8_t *)header, header->size);
	out_char(out, '\n');
	decoded(out, reader);
}
