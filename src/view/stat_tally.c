#include "view/stat.h"

void stat_tally_add(struct stat_tally *tally, const struct stat_cell *cell)
{
	if (cell->state > tally->state)
		tally->state = cell->state;
	spread_add(&tally->value, cell->value);
	spread_add(&tally->enabled, cell->enabled_ns);
	spread_add(&tally->running, cell->running_ns);
}

struct stat_cell stat_tally_mean(const struct stat_tally *tally)
{
	double mean = tally->value.mean;

	return (struct stat_cell){ .state = tally->state,
		.value = mean,
		.enabled_ns = tally->enabled.mean,
		.running_ns = tally->running.mean,
		.noise_percent = mean > 0 ? 100 * spread_deviation(&tally->value) / mean : 0 };
}
