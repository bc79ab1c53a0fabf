#include "base/date.h"

#include <stdio.h>

#define DAY 86400

/* Days are counted from 1 March of year 0, so that the leap day is a year's last. */
void date_text(char to[DATE_MAX], int64_t seconds)
{
	static const char weekdays[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
	int64_t since_1970 = seconds / DAY - (seconds % DAY < 0), days = since_1970 + 719468;
	int64_t second = seconds - since_1970 * DAY;
	int64_t era = days / 146097 - (days % 146097 < 0);
	int64_t in_era = days - era * 146097;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153, day = in_year - (153 * month + 2) / 5 + 1;

	snprintf(to, DATE_MAX, "%.3s %.3s %2d %02d:%02d:%02d %lld",
		weekdays + 3 * ((since_1970 % 7 + 7) % 7), months + 3 * month, (int)day,
		(int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
		(long long)year + era * 400 + (month >= 10));
}
