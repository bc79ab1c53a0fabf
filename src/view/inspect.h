#ifndef VIEW_INSPECT_H
#define VIEW_INSPECT_H

/*
 * What `perfbox inspect` found in a file, as text for people or as JSON for programs.
 *
 * The JSON is one object. Its keys stay; new ones may come: file, bytes, whole, written_s, owner,
 * host, kernel, architecture, recorder, command (an array), duration_ns (null: not told), events
 * (name, samples' fields), max_category ("4a"; "-": nothing at all), categories (category, text,
 * items, bytes, reveals; all of them, in order), parts (kind: field, record, section or events;
 * name, category, count, bytes), broken (count, bytes).
 */

#include "base/out.h"
#include "data/contents.h"

#define INSPECT_WORDS 64 /* of the command line that are shown */

struct inspect {
	const char *file;
	struct reader *reader;
	const struct contents *contents;
	bool whole;		/* read to its end */
	int64_t written_s;	/* the file's time of change, since 1970 */
	uint32_t owner;		/* uid */
	const char *owner_name; /* or NULL */
	const char *host, *kernel, *architecture, *recorder; /* "": not told */
	const char *command[INSPECT_WORDS];
	uint32_t command_words;
	uint64_t first_ns, last_ns; /* both 0: not told */
};

void inspect_text(struct out *out, const struct inspect *inspect);
void inspect_json(struct out *out, const struct inspect *inspect);

/* One kind of thing in the file. */
struct inspect_part {
	const char *kind, *name;
	enum category category;
	struct amount amount;
};

/* The parts in the order of their category, the highest first; `*at` starts at 0. False behind the
 * last. */
bool inspect_next(const struct contents *contents, uint32_t *at, struct inspect_part *part);

#endif
