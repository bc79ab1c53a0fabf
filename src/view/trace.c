#include "view/trace.h"

#include <inttypes.h>

#define LINE_BYTES 16

bool trace_ibs_pmu(const char *name, enum ibs_kind *kind)
{
	*kind = strcmp(name, "ibs_op") ? IBS_FETCH : IBS_OP;
	return *kind == IBS_OP || !strcmp(name, "ibs_fetch");
}

static void put_field(struct out *out, const struct ibs_value *v)
{
	out_char(out, ' ');
	out_string(out, v->name);
	if (!v->means || v->between)
		out_printf(out, " %*" PRIu64, v->width, v->value);
	if (v->means) {
		out_char(out, v->between ? v->between : ' ');
		out_string(out, v->means);
	}
}

bool trace_ibs(struct out *out, enum ibs_kind kind, struct span raw)
{
	struct ibs_value v;
	struct ibs ibs;
	bool begun = false;

	if (!ibs_begin(&ibs, kind, raw))
		return false;
	while (ibs_next(&ibs, &v)) {
		if (v.name) {
			put_field(out, &v);
			continue;
		}
		out_printf(out, "%s%s:\t%016" PRIx64, begun ? "\n" : "", v.label, v.value);
		begun = true;
	}
	out_char(out, '\n');
	return true;
}

static void put_place(struct out *out, const struct spe_packet *p)
{
	static const char *const names[] = { "PC", "TGT", "VA", "PA", "PBT" };
	struct spe_place place = spe_place(p);

	if (p->index > SPE_PREVIOUS_TARGET) {
		out_printf(out, "ADDR 0x%" PRIx64 " (%u)", p->payload, p->index);
		return;
	}
	out_printf(out, "%s 0x%" PRIx64, names[p->index], place.address);
	if (p->index == SPE_PHYSICAL)
		out_printf(out, " ns=%d ch=%d pat=%x", place.non_secure, place.checked,
			place.physical);
	else if (p->index != SPE_VIRTUAL)
		out_printf(out, " el%u ns=%d", place.level, place.non_secure);
}

static void put_events(struct out *out, uint64_t events)
{
	out_string(out, "EV");
	for (unsigned bit = 0; bit < 64; bit++)
		if (events >> bit & 1 && spe_event(bit)) {
			out_char(out, ' ');
			out_string(out, spe_event(bit));
		}
}

static void put_operation(struct out *out, const struct spe_packet *p)
{
	char text[64];

	spe_operation(p, text, sizeof(text));
	if (*text)
		out_string(out, text);
	else
		out_printf(out, "OP-TYPE 0x%" PRIx64 " (%u)", p->payload, p->index);
}

static void put_packet(struct out *out, const struct spe_packet *p)
{
	static const char *const counters[] = { " TOT", " ISSUE", " XLAT" };
	static const char *const names[SPE_KINDS] = { [SPE_BAD] = "BAD",
		[SPE_PADDING] = "PAD",
		[SPE_END] = "END",
		[SPE_TIME] = "TS",
		[SPE_SOURCE] = "DATA-SOURCE" };

	switch (p->kind) {
	case SPE_ADDRESS:
		put_place(out, p);
		break;
	case SPE_EVENTS:
		put_events(out, p->payload);
		break;
	case SPE_OPERATION:
		put_operation(out, p);
		break;
	case SPE_CONTEXT:
		out_printf(out, "CONTEXT 0x%" PRIx64 " el%u", p->payload, p->index + 1);
		break;
	case SPE_COUNTER:
		out_printf(out, "LAT %u%s", (unsigned)(uint16_t)p->payload,
			p->index <= SPE_TRANSLATION ? counters[p->index] : "");
		break;
	default:
		out_string(out, names[p->kind]);
		if (p->kind == SPE_TIME || p->kind == SPE_SOURCE)
			out_printf(out, " %" PRIu64, p->payload);
	}
}

size_t trace_spe(struct out *out, struct span bytes, uint64_t offset, bool more)
{
	const uint8_t *begin = bytes.at, *at = begin;
	struct spe_packet p;

	for (; !more || span_left(&bytes) >= LINE_BYTES; at = bytes.at) {
		if (!spe_next(&bytes, offset + (uint64_t)(at - begin), &p))
			break;
		out_string(out, ".  ");
		out_hex(out, offset + (uint64_t)(at - begin), 8);
		out_string(out, ": ");
		for (uint8_t i = 0; i < p.size; i++) {
			out_char(out, ' ');
			out_hex(out, at[i], 2);
		}
		out_fill(out, ' ', 3 * (LINE_BYTES - p.size) + 1);
		put_packet(out, &p);
		out_char(out, '\n');
	}
	return (size_t)(at - begin);
}
