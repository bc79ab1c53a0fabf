#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

int nearest_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int rows[3][NEAREST_NAME_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

	if (a_length > NEAREST_NAME_MAX || b_length > NEAREST_NAME_MAX)
		return NEAREST_NAME_MAX;
	for (size_t j = 0; j <= b_length; j++)
		before[j] = last[j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = last[j - 1] + !same(a[i - 1], b[j - 1]);
			row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		int *spare = before;

		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

void nearest_begin(struct nearest *nearest, const char *wanted, size_t length)
{
	nearest->wanted = wanted;
	nearest->length = length;
	nearest->count = 0;
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t length = strlen(name);
	int distance, at;

	if (length >= NEAREST_NAME_MAX || nearest->length > NEAREST_NAME_MAX)
		return;
	distance = nearest_distance(nearest->wanted, nearest->length, name, length);
	if (distance > (int)(nearest->length + 2) / 3)
		return;
	for (at = 0; at < nearest->count; at++)
		if (!strcmp(nearest->name[at], name))
			return;
	for (at = nearest->count; at > 0 && nearest->distance[at - 1] > distance; at--)
		if (at < NEAREST_MAX) {
			nearest->distance[at] = nearest->distance[at - 1];
			memcpy(nearest->name[at], nearest->name[at - 1], NEAREST_NAME_MAX);
		}
	if (at == NEAREST_MAX)
		return;
	nearest->distance[at] = distance;
	memcpy(nearest->name[at], name, length + 1);
	nearest->count += nearest->count < NEAREST_MAX;
}
