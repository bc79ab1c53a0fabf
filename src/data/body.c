#include "data/body.h"

#include "data/abi.h"

#include <string.h>

#define STRING_ALIGN 64
#define BUILD_ID_BYTES 20
#define MISC_BUILD_ID_SIZE (1u << 15) /* the byte behind the build ID tells its length */

void body_put(struct body *body, const void *bytes, size_t size)
{
	if (size > body->cap - body->size) {
		body->full = true;
		return;
	}
	memcpy(body->bytes + body->size, bytes, size);
	body->size += size;
}

static void put_zeroes(struct body *body, size_t size)
{
	static const uint8_t zeroes[STRING_ALIGN];

	body_put(body, zeroes, size);
}

void body_u32(struct body *body, uint32_t value)
{
	body_put(body, &value, sizeof(value));
}

void body_u64(struct body *body, uint64_t value)
{
	body_put(body, &value, sizeof(value));
}

static size_t padding(size_t length)
{
	return STRING_ALIGN - length % STRING_ALIGN;
}

void body_string(struct body *body, const char *text)
{
	size_t length = strlen(text);

	body_u32(body, (uint32_t)(length + padding(length)));
	body_put(body, text, length);
	put_zeroes(body, padding(length));
}

void body_build_id(struct body *body, int32_t pid, uint16_t misc, const uint8_t *build_id,
	size_t build_id_size, const char *filename)
{
	size_t length = strlen(filename);
	uint8_t id[BUILD_ID_BYTES + 4] = { 0 };
	struct perf_event_header header = {
		.misc = misc | MISC_BUILD_ID_SIZE,
		.size = (uint16_t)(sizeof(header) + sizeof(pid) + sizeof(id) + length +
				   padding(length)),
	};

	if (build_id_size > BUILD_ID_BYTES)
		build_id_size = BUILD_ID_BYTES;
	memcpy(id, build_id, build_id_size);
	id[BUILD_ID_BYTES] = (uint8_t)build_id_size;
	body_put(body, &header, sizeof(header));
	body_put(body, &pid, sizeof(pid));
	body_put(body, id, sizeof(id));
	body_put(body, filename, length);
	put_zeroes(body, padding(length));
}
