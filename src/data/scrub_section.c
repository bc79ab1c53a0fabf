#include "data/scrub.h"

#include "data/feature.h"

static void count(struct amount *amount, uint64_t bytes)
{
	amount->count++;
	amount->bytes += bytes;
}

static void put_renamed(struct scrub *s, struct body *body, const char *prefix, const char *text)
{
	char name[PSEUDONYM_TEXT_MAX];

	pseudonym_text(&s->pseudonym, name, prefix, text, 8);
	body_string(body, name);
	s->renamed++;
}

static void put_command(struct scrub *s, struct body *body, struct span *section)
{
	uint32_t words = span_u32(section);

	if (words > span_left(section) / 4)
		words = 0;
	body_u32(body, words);
	while (words--)
		put_renamed(s, body, "word-", feature_string(section));
}

static void put_build_ids(struct scrub *s, struct body *body, struct span *section)
{
	_Alignas(8) char bytes[8192];
	struct perf_event_header *h = (void *)bytes;
	struct record record;

	while (feature_build_id_next(section, h, sizeof(bytes))) {
		char path[PSEUDONYM_TEXT_MAX];

		if (record_decode(&record, h, NULL) != RECORD_OK)
			continue;
		pseudonym_path(&s->pseudonym, path, record.build_id.path);
		body_build_id(body, (int32_t)record.build_id.pid, h->misc, record.build_id.build_id,
			record.build_id.size, path);
		s->renamed++;
	}
}

static void put_times(struct scrub *s, struct body *body, struct span *section)
{
	for (int i = 0; i < 2; i++) {
		uint64_t time_ns = span_u64(section);

		body_u64(body, time_ns < s->first_ns ? 1 : time_ns - s->first_ns + 1);
	}
}

bool scrub_section(struct scrub *scrub, struct body *body, unsigned feature, struct span section)
{
	if (feature >= 64 || scrub->sections >> feature & 1) {
		count(&scrub->removed.feature[feature < 64 ? feature : 0], span_left(&section));
		return false;
	}
	if (scrub->anonymize && feature == HEADER_HOSTNAME)
		put_renamed(scrub, body, "host-", feature_string(&section));
	else if (scrub->anonymize && feature == HEADER_CMDLINE)
		put_command(scrub, body, &section);
	else if (scrub->anonymize && feature == HEADER_BUILD_ID)
		put_build_ids(scrub, body, &section);
	else if (scrub->anonymize && feature == HEADER_SAMPLE_TIME)
		put_times(scrub, body, &section);
	else
		body_put(body, section.at, span_left(&section));
	return !body->full;
}
