#include "capture/pmu.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pmu_open(struct pmu *pmu, const char *devices, const char *name, size_t length)
{
	char text[24];
	ssize_t size;

	if (!length || length >= sizeof(pmu->name) || name[0] == '.' || memchr(name, '/', length))
		return -ENOENT;
	memcpy(pmu->name, name, length);
	pmu->name[length] = 0;
	if (snprintf(pmu->path, sizeof(pmu->path), "%s/%s", devices, pmu->name) >=
		(int)sizeof(pmu->path))
		return -ENAMETOOLONG;
	size = pmu_text(pmu, ".", "type", text, sizeof(text));
	pmu->type = size > 0 ? (uint32_t)strtoul(text, NULL, 10) : 0;
	return size < 0 ? (int)size : 0;
}

ssize_t pmu_text(const struct pmu *pmu, const char *folder, const char *file, char *to, size_t cap)
{
	char path[320];
	ssize_t size;

	if (!*file || strchr(file, '/') ||
		snprintf(path, sizeof(path), "%s/%s/%s", pmu->path, folder, file) >=
			(int)sizeof(path))
		return -ENOENT;
	size = file_slurp(path, to, cap);
	if (size < 0)
		return size;
	size = (ssize_t)strcspn(to, "\n");
	to[size] = 0;
	return size;
}

/* One "7" or "0-7" of the list; where it ends, or NULL. */
static const char *range(const char *text, uint64_t *bits)
{
	unsigned long first, last;
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	first = last = strtoul(text, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		last = strtoul(end + 1, &end, 10);
	if (first > last || last > 63)
		return NULL;
	*bits |= (UINT64_MAX >> (63 - (last - first))) << first;
	return end;
}

int pmu_format_parse(struct pmu_format *format, const char *text)
{
	if (strncmp(text, "config", 6))
		return -EINVAL;
	text += 6;
	format->word = *text >= '1' && *text <= '4' ? (uint8_t)(*text++ - '0') : 0;
	format->bits = 0;
	if (*text != ':')
		return -EINVAL;
	do {
		text = range(text + 1, &format->bits);
	} while (text && *text == ',');
	return text && (!*text || *text == '\n') ? 0 : -EINVAL;
}

uint64_t pmu_format_max(const struct pmu_format *format)
{
	int bits = __builtin_popcountll(format->bits);

	return bits ? UINT64_MAX >> (64 - bits) : 0;
}

int pmu_format_put(const struct pmu_format *format, uint64_t value, struct perf_event_attr *attr)
{
	uint64_t *words[] = { &attr->config, &attr->config1, &attr->config2, &attr->config3,
		&attr->config4 };
	uint64_t *word = words[format->word];

	if (value > pmu_format_max(format))
		return -ERANGE;
	*word &= ~format->bits;
	for (uint64_t left = format->bits; left; left &= left - 1, value >>= 1)
		if (value & 1)
			*word |= left & -left;
	return 0;
}

bool pmu_is_unit_of(const char *name, const char *asked, size_t length)
{
	if (!strncmp(name, "uncore_", 7) && strncmp(asked, "uncore_", 7))
		name += 7;
	if (strncmp(name, asked, length))
		return false;
	name += length;
	if (*name == '_' && isdigit((unsigned char)name[1]))
		for (name++; isdigit((unsigned char)*name);)
			name++;
	return !*name;
}
