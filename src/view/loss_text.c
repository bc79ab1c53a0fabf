#include "view/loss_text.h"

#include <inttypes.h>
#include <stdio.h>

void loss_text_head(struct out *out)
{
	out_printf(out, "\nLoss by event and CPU:\n%-20s %5s %10s %10s %10s %12s %10s\n", "event",
		"CPU", "samples", "lost", "throttled", "throttled ms", "cut stacks");
}

void loss_text_row(struct out *out, const char *event, int32_t cpu, const struct loss *loss)
{
	char number[24] = "?";

	if (cpu >= 0)
		snprintf(number, sizeof(number), "%d", (int)cpu);
	out_column(out, event, 20);
	out_printf(out, " %5s ", cpu == LOSS_TEXT_SUM ? "all" : number);
	if (loss->samples || cpu == LOSS_TEXT_SUM)
		snprintf(number, sizeof(number), "%" PRIu64, loss->samples);
	else
		snprintf(number, sizeof(number), "-");
	out_printf(out, "%10s %10" PRIu64 " %10" PRIu64 " %12.3f %10" PRIu64 "\n", number,
		loss->lost + loss->lost_by_pmu, loss->throttled, (double)loss->throttled_ns / 1e6,
		loss->cut);
}
