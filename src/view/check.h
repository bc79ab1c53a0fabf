#ifndef VIEW_CHECK_H
#define VIEW_CHECK_H

/*
 * What `perfbox check` found, as text for people or as JSON for programs.
 *
 * The JSON is one object. Its keys stay; new ones may come. A fact is a value, or null with its
 * reason in the "unknown" of its object (key -> reason). Keys: version, who, kernel, operations (in
 * the order of the text: key, text, predicted, predicted_errno, predicted_layer, probed, agrees,
 * layer, beyond (what refuses even with every privilege), why, fix), agreement, resources, for
 * (where asked), fixes (key, title, why, commands).
 */

#include "access/need.h"
#include "access/remedy.h"
#include "base/out.h"

struct check {
	const struct survey *survey;
	const struct remedies *remedies;
	const struct need *need; /* of --for, or NULL */
	bool verbose;
};

void check_text(struct out *out, const struct check *check);
void check_json(struct out *out, const struct check *check);

#endif
