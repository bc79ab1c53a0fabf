#ifndef DATA_CATEGORY_H
#define DATA_CATEGORY_H

/*
 * What kind of data each thing is that perf_events can collect and perf.data can hold: the four
 * categories of the kernel's Documentation/admin-guide/perf-security.rst, the fourth split by what
 * it gives away. Something nobody here knows is above all of them.
 */

#include "data/abi.h"

#include <stdbool.h>
#include <stdint.h>

enum category {
	CATEGORY_NONE,	    /* tells nothing: how the file is built */
	CATEGORY_SYSTEM,    /* 1: hardware, software, how the recording was set up */
	CATEGORY_TASKS,	    /* 2: paths, load addresses, names, ids, times */
	CATEGORY_COUNTS,    /* 3: counters */
	CATEGORY_CODE,	    /* 4a: code addresses */
	CATEGORY_ADDRESS,   /* 4b: data addresses */
	CATEGORY_REGISTERS, /* 4c: contents of registers */
	CATEGORY_MEMORY,    /* 4d: contents of memory, raw payloads, hardware traces */
	CATEGORY_UNKNOWN,
	CATEGORIES,
};

/* Bits as numbers from 0. */
enum category category_of_sample(unsigned bit);	 /* attr.sample_type */
enum category category_of_branch(unsigned bit);	 /* attr.branch_sample_type */
enum category category_of_flag(unsigned bit);	 /* attr.flags */
enum category category_of_feature(unsigned bit); /* enum perf_header_feature */

/* A record as a whole; a sample has what its fields have. */
enum category category_of_record(uint32_t type);

/* The most that an event of this attr collects. `what` (or NULL) is then the bit's name, as in
 * "CALLCHAIN", lower case for flags and fields of the attr. */
enum category category_of_attr(const struct perf_event_attr *attr, const char **what);

/* "4a"; "-" for CATEGORY_NONE, "?" for CATEGORY_UNKNOWN. */
const char *category_name(enum category category);

/* "code addresses" */
const char *category_text(enum category category);

/* What somebody who gets such data learns, as the end of a sentence. */
const char *category_reveals(enum category category);

/* "1" to "4" and "4a" to "4d"; 4 is 4d. False for anything else. */
bool category_parse(const char *text, enum category *category);

#endif
