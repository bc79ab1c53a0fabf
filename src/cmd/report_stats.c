#include "cmd/report_stats.h"

#include "view/loss_text.h"

#include <inttypes.h>

typedef void (*event_namer)(char *to, size_t cap, uint32_t event);

static void print_records(struct out *out, const struct reader *reader)
{
	uint64_t sum = 0;

	for (int i = 0; i < RECORD_TYPES; i++)
		sum += reader->counts[i];
	out_printf(out, "\nAggregated stats:\n%16s events: %10" PRIu64 "\n", "TOTAL", sum);
	for (uint32_t i = 0; i < RECORD_TYPES; i++) {
		const char *name = i ? record_name(i) : "unknown";

		if (reader->counts[i])
			out_printf(out, "%16s events: %10" PRIu64 "  (%4.1f%%)\n",
				name ? name : "unknown", reader->counts[i],
				100.0 * (double)reader->counts[i] / (double)sum);
	}
}

static void print_samples(
	struct out *out, const struct recording *recording, event_namer name_event)
{
	for (uint32_t i = 0; i < recording->reader->attr_count; i++) {
		char name[1024];

		if (!recording->event[i].samples)
			continue;
		name_event(name, sizeof(name), i);
		out_text(out, name);
		out_printf(out, " stats:\n%16s events: %10" PRIu64 "\n", "SAMPLE",
			recording->event[i].samples);
	}
}

/* The rows of one event; -1: of none that the file knows. */
static void print_loss(
	struct out *out, const struct recording *recording, int event, const char *name)
{
	const struct missing *m = &recording->missing;
	struct loss sum = { .samples = 0 };

	if (event >= 0) {
		sum.samples = recording->event[event].samples;
		sum.cut = recording->event[event].cut;
	}
	for (uint32_t i = 0; i < m->count; i++)
		if (m->row[i].event == event)
			loss_add(&sum, &m->row[i].loss);
	if (event >= 0 || loss_any(&sum))
		loss_text_row(out, name, LOSS_TEXT_SUM, &sum);
	for (uint32_t i = 0; i < m->count; i++)
		if (m->row[i].event == event)
			loss_text_row(out, name, m->row[i].cpu, &m->row[i].loss);
}

void report_stats(struct out *out, struct recording *recording, event_namer name_event)
{
	print_records(out, recording->reader);
	print_samples(out, recording, name_event);
	missing_settle(&recording->missing, recording->last_ns);
	loss_text_head(out);
	for (uint32_t i = 0; i < recording->reader->attr_count; i++) {
		char name[1024];

		name_event(name, sizeof(name), i);
		print_loss(out, recording, (int)i, name);
	}
	print_loss(out, recording, -1, "[unknown]");
}
