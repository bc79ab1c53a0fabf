#ifndef BASE_DATE_H
#define BASE_DATE_H

/* Points in time for people, in UTC: time zones would need the heap. */

#include <stddef.h>
#include <stdint.h>

#define DATE_MAX 64

/* "Sat Nov 21 20:16:15 2026", as ctime(3) lays it out, from seconds since 1970. */
void date_text(char to[DATE_MAX], int64_t seconds);

/* 20261121201615, from the same: digits that sort as time does. */
uint64_t date_stamp(int64_t seconds);

#endif
