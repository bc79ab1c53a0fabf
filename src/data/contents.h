#ifndef DATA_CONTENTS_H
#define DATA_CONTENTS_H

/*
 * What a perf.data file holds, counted by kind: records by type, samples by field, sections by
 * feature, and all of it by category. Memory does not grow with the file.
 *
 *	contents_begin(&contents, &reader)
 *	while (reader_next(&reader) == READER_OK)
 *		contents_add(&contents, &reader)
 */

#include "data/category.h"
#include "data/reader.h"
#include "data/sample_field.h"

#define CONTENTS_SECTION_FIELD 64 /* features beyond are counted as number 0 */

struct amount {
	uint64_t count, bytes;
};

struct contents {
	struct amount record[RECORD_TYPES]; /* whole records; unknown types as 0 */
	struct amount field[SAMPLE_FIELDS]; /* of samples */
	struct amount feature[CONTENTS_SECTION_FIELD];
	struct amount category[CATEGORIES];
	struct amount rest;   /* of samples: behind the fields that are known */
	struct amount broken; /* samples too short for their fields, or of no known event */
	struct amount attrs;  /* events with their ids */
	struct sample_layout layout;
};

/* Counts what stands before and behind the records. */
void contents_begin(struct contents *contents, const struct reader *reader);

/* Counts reader->record with what follows it. */
void contents_add(struct contents *contents, const struct reader *reader);

/* The highest category of which there is anything. */
enum category contents_most(const struct contents *contents);

#endif
