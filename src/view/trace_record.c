#include "view/trace.h"

#include "data/feature.h"
#include "data/sample.h"

#define AUXTRACE_SPE 4 /* AUXTRACE_INFO's type; tools/perf/util/auxtrace.h in the kernel */
#define CHUNK_BYTES 4096

void trace_begin(struct trace *trace, struct reader *reader)
{
	char bytes[8192];
	struct span s = reader_feature(reader, HEADER_PMU_MAPPINGS, bytes, sizeof(bytes));
	enum ibs_kind kind;

	*trace = (struct trace){ .spe = false };
	for (uint32_t left = span_u32(&s); left && !s.bad; left--) {
		uint32_t type = span_u32(&s);

		if (trace_ibs_pmu(feature_string(&s), &kind))
			trace->ibs_type[kind] = type;
	}
}

/* The `size` bytes behind the record, which begin at `offset` of the trace. */
static void show_spe(struct out *out, struct reader *reader, uint64_t size, uint64_t offset)
{
	uint64_t at = reader->record_offset + reader->record->size, shown;
	uint8_t bytes[CHUNK_BYTES];

	for (; size; at += shown, offset += shown, size -= shown) {
		size_t part = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
		ssize_t got = reader_bytes(reader, at, bytes, part);

		if (got <= 0)
			return;
		shown = trace_spe(out, span_of(bytes, (size_t)got), offset,
			(size_t)got == part && part < size);
		if (!shown)
			return;
	}
}

static void show_sample(const struct trace *trace, struct out *out, const struct reader *reader)
{
	int event = reader_event(reader);
	const struct perf_event_attr *attr;
	struct sample s;

	if (event < 0)
		return;
	attr = &reader->attrs[event].attr;
	if (!attr->type || sample_decode(&s, reader->record, attr) == SAMPLE_SHORT || !s.raw.size)
		return;
	for (int kind = IBS_FETCH; kind <= IBS_OP; kind++)
		if (attr->type == trace->ibs_type[kind])
			trace_ibs(out, (enum ibs_kind)kind, span_of(s.raw.at, (size_t)s.raw.size));
}

void trace_record(struct trace *trace, struct out *out, struct reader *reader)
{
	struct span s = span_of(
		reader->record + 1, reader->record->size - sizeof(struct perf_event_header));
	uint64_t size;

	switch (reader->record->type) {
	case PERF_RECORD_SAMPLE:
		show_sample(trace, out, reader);
		break;
	case PERF_RECORD_AUXTRACE_INFO:
		trace->spe = span_u32(&s) == AUXTRACE_SPE;
		break;
	case PERF_RECORD_AUXTRACE:
		size = span_u64(&s);
		if (trace->spe)
			show_spe(out, reader, size, span_u64(&s));
		break;
	}
}
