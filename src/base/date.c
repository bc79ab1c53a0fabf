#include "base/date.h"

#include <stdio.h>

#define DAY 86400

struct date {
	int64_t year;
	int month, day; /* month from 0 */
	int second;	/* of the day */
	int weekday;	/* from 0, Thursday, which 1 January 1970 was */
};

/* Days are counted from 1 March of year 0, so that the leap day is a year's last. */
static struct date date_of(int64_t seconds)
{
	int64_t since_1970 = seconds / DAY - (seconds % DAY < 0), days = since_1970 + 719468;
	int64_t era = days / 146097 - (days % 146097 < 0);
	int64_t in_era = days - era * 146097;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153; /* from March */

	return (struct date){ .year = year + era * 400 + (month >= 10),
		.month = (int)(month + 2) % 12,
		.day = (int)(in_year - (153 * month + 2) / 5 + 1),
		.second = (int)(seconds - since_1970 * DAY),
		.weekday = (int)((since_1970 % 7 + 7) % 7) };
}

void date_text(char to[DATE_MAX], int64_t seconds)
{
	static const char weekdays[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date date = date_of(seconds);

	snprintf(to, DATE_MAX, "%.3s %.3s %2d %02d:%02d:%02d %lld", weekdays + 3 * date.weekday,
		months + 3 * date.month, date.day, date.second / 3600, date.second / 60 % 60,
		date.second % 60, (long long)date.year);
}

uint64_t date_stamp(int64_t seconds)
{
	struct date date = date_of(seconds);
	uint64_t day = (uint64_t)date.year * 10000 + (unsigned)(date.month + 1) * 100 + date.day;

	return day * 1000000 + (uint64_t)(date.second / 3600 * 10000 + date.second / 60 % 60 * 100 +
					  date.second % 60);
}
