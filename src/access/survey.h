#ifndef ACCESS_SURVEY_H
#define ACCESS_SURVEY_H

/*
 * All that `perfbox check` finds out, as data: the facts, per operation what the rules predict and
 * what a probe came to, the resources, and what a named use would need. Takes nothing from the
 * machine that it does not give back.
 */

#include "access/probe.h"
#include "base/arena.h"

#define SURVEY_EXTRA 32		    /* rows for events of the user's own */
#define SURVEY_DESCRIPTORS_SPARE 16 /* standard streams, the output, what is read in between */

struct row {
	const char *key, *text;
	struct request request;
	pid_t pid; /* of TARGET_TASK; 0: there is none */
	struct ruling predicted;
	int probed;	       /* enum probe_result or errno */
	bool agrees;	       /* or nothing can be compared: no prediction, or not tried */
	struct ruling refusal; /* what holds: the probe's word, and the rules' where it has none */
	unsigned fix;	       /* enum fix, 0: none needed or none known */
	enum layer beyond;     /* what refuses even with every privilege; LAYER_NONE: nothing */
	const char *untried;   /* why, where probed is PROBE_UNTRIED */
};

struct resources {
	struct fact rings_kb;	   /* what this user has in all; FACT_UNLIMITED */
	struct fact rings_free_kb; /* right now, as tried */
	int trial_error;	   /* errno of a trial that could not be made */
	struct fact threads;	   /* of the process asked about */
	uint64_t events;	   /* asked about */
	uint64_t descriptors;	   /* wanted for that: events x CPUs x threads and a few */
	/* what the recorder would plan, filled in by the command (capture/budget.h) */
	uint64_t sessions;	/* asked about */
	uint64_t session_pages; /* data pages of each ring of samples; 0: they do not fit */
	uint64_t session_kb;	/* all rings of one session */
};

struct survey {
	struct facts facts;
	int row_count;
	struct row rows[OPERATIONS + SURVEY_EXTRA];
	int agreements, comparisons;
	struct resources resources;
	struct identity other; /* the other user's process that was looked at; pid 0: none */
	bool other_asked;      /* it is the one of -p */
	uint64_t excess;       /* capabilities held that monitoring has no use for */
};

struct survey_question {
	pid_t pid; /* of -p; 0: none */
	bool system_wide;
	uint64_t sessions;
	/* events of -e: attributes, and their names as rows show them */
	int events;
	const struct perf_event_attr *attrs[SURVEY_EXTRA];
	const char *names[SURVEY_EXTRA];
};

/* Capabilities that some use of perf has. */
#define SURVEY_USEFUL                                                                              \
	(CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYSLOG) | CAP_BIT(CAP_IPC_LOCK) |                      \
		CAP_BIT(CAP_SYS_PTRACE))

void survey_make(struct survey *survey, const struct survey_question *question);

/* Whether a row's operation works here, as far as it was tried. */
static inline bool row_works(const struct row *row)
{
	return row->probed == PROBE_OPENED;
}

/* The outcome in a word: "yes", "no", "unknown"; and what the probe said: "EACCES", "killed". */
const char *row_outcome(enum outcome outcome);
const char *row_result(int probed);

#endif
