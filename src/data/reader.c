#include "data/reader.h"

#include "base/file.h"
#include "data/header.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_BYTES (256u << 10)
#define SPARSE_BYTES 4096 /* a smaller record is read as a whole */
#define KERNEL_RECORDS_END 64

static const char *const texts[] = {
	[READER_OK] = "is whole",
	[READER_END] = "is whole",
	[READER_CUT] = "is cut off: the recording, or a copy of it, did not end properly",
	[READER_BROKEN] = "is damaged: a record tells an impossible size",
	[READER_COMPRESSED] = "holds compressed records; record without -z",
	[READER_EMPTY] = "is empty: was anything recorded?",
	[READER_DIRECTORY] = "is a directory; the recordings in it are files named data*",
	[READER_FOREIGN] = "is not a perf.data file",
	[READER_ANCIENT] = "was written by a perf older than Linux 3.0, which is not supported",
	[READER_ENDIAN] =
		"was written on a machine of the other byte order, which is not supported",
	[READER_HEADER] = "has a damaged header",
	[READER_NO_EVENTS] = "names no event, so nothing can have been recorded",
	[READER_TOO_MANY] = "has more events than there is memory for; see --memory",
	[READER_IO] = "cannot be read",
	[READER_SPOOL] = "comes through a pipe, and there is no room in /tmp to keep it",
};

const char *reader_text(enum reader_status status)
{
	return texts[status];
}

ssize_t reader_bytes(struct reader *reader, uint64_t offset, void *to, size_t size)
{
	ssize_t got;

	if (offset >= reader->file_bytes)
		return 0;
	got = file_pread(reader->fd, to, size, offset);
	if (got < 0)
		reader->error = (int)-got;
	return got;
}

struct span reader_feature(struct reader *reader, int feature, void *to, size_t cap)
{
	const struct perf_file_section *s = &reader->features[feature];
	ssize_t got;

	if (to == reader->window)
		reader->window_bytes = 0;
	got = s->offset ? reader_bytes(reader, s->offset, to, s->size < cap ? s->size : cap) : 0;
	return span_of(to, got > 0 ? (size_t)got : 0);
}

static bool is_pipe(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
}

/* An unlinked file in /tmp, or memory where /tmp cannot have one. */
int reader_spool(int input)
{
	struct stat st;
	int fd;

	if (fstat(input, &st) || !is_pipe(&st))
		return -1;
	fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("perf.data", MFD_CLOEXEC);
}

static int spool_copy(struct reader *r, int to, uint64_t kept)
{
	for (;;) {
		ssize_t got = file_read(r->fd, r->window, r->window_cap);
		int err = got < 0 ? (int)got : file_pwrite(to, r->window, (size_t)got, kept);

		if (err)
			return err;
		kept += (uint64_t)got;
		if ((size_t)got < r->window_cap)
			return 0;
	}
}

/* A pipe is kept in a file, once its first bytes are those of perf.data. */
static enum reader_status spool(struct reader *r, int fd)
{
	char magic[8];
	ssize_t got = file_read(r->fd, magic, sizeof(magic));
	enum reader_status status;
	int err;

	if (got <= 0)
		return got < 0 ? READER_IO : READER_EMPTY;
	status = got < (ssize_t)sizeof(magic) ? READER_FOREIGN : header_magic(magic);
	if (status)
		return status;
	err = fd < 0 ? -ENOSPC : file_pwrite(fd, magic, sizeof(magic), 0);
	if (!err)
		err = spool_copy(r, fd, sizeof(magic));
	close(r->fd);
	r->fd = fd;
	r->error = -err;
	return err ? READER_SPOOL : READER_OK;
}

static enum reader_status take_file(struct reader *r, int spool_fd)
{
	enum reader_status status = READER_OK;
	struct stat st;

	if (fstat(r->fd, &st)) {
		r->error = errno;
		return READER_IO;
	}
	if (S_ISDIR(st.st_mode))
		return READER_DIRECTORY;
	if (is_pipe(&st)) {
		status = spool(r, spool_fd);
		if (status)
			return status;
		if (fstat(r->fd, &st))
			return READER_SPOOL;
	}
	if (!S_ISREG(st.st_mode))
		return READER_FOREIGN;
	r->file_bytes = (uint64_t)st.st_size;
	return READER_OK;
}

static enum reader_status walk_pipe(struct reader *r)
{
	enum reader_status status = READER_OK;

	reader_rewind(r);
	while (!status && reader_next(r) == READER_OK)
		status = header_tell(r);
	if (status == READER_OK && !r->attr_count)
		return READER_NO_EVENTS;
	return status;
}

enum reader_status reader_open(struct reader *reader, int fd, struct arena *arena)
{
	return reader_open_spooled(reader, fd, reader_spool(fd), arena);
}

enum reader_status reader_open_spooled(
	struct reader *reader, int fd, int spool_fd, struct arena *arena)
{
	enum reader_status status;

	*reader = (struct reader){ .fd = fd, .arena = arena, .window_cap = WINDOW_BYTES };
	reader->window_want = WINDOW_BYTES;
	reader->window = arena_take(arena, 1, WINDOW_BYTES);
	reader->aligned = arena_take(arena, 1, RECORD_MAX + 8);
	if (!reader->aligned)
		return READER_TOO_MANY;
	status = take_file(reader, spool_fd);
	if (!status)
		status = header_read(reader);
	if (!status && reader->pipe)
		status = walk_pipe(reader);
	if (!status)
		status = header_index(reader);
	reader_rewind(reader);
	return status;
}

void reader_close(struct reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
}

void reader_seek(struct reader *reader, uint64_t offset)
{
	reader->next = offset;
	reader->end = reader->data.offset + reader->data.size;
}

void reader_rewind(struct reader *reader)
{
	reader_seek(reader, reader->data.offset);
	memset(reader->counts, 0, sizeof(reader->counts));
	reader->payload_bytes = 0;
}

/* The window that begins at `offset`; NULL where it has fewer than `size` bytes. */
static const void *move_window(struct reader *r, uint64_t offset, size_t size)
{
	ssize_t got =
		reader_bytes(r, offset, r->window, size > r->window_want ? size : r->window_want);

	r->window_want = r->window_want > r->window_cap / 2 ? r->window_cap : 2 * r->window_want;
	r->window_offset = offset;
	r->window_bytes = got < 0 ? 0 : (size_t)got;
	return size <= r->window_bytes ? r->window : NULL;
}

/* `size` bytes at `offset`, from the window or through a new one; NULL where there are fewer. */
static inline const void *fetch(struct reader *r, uint64_t offset, size_t size)
{
	uint64_t inside = offset - r->window_offset;

	if (offset >= r->window_offset && inside + size <= r->window_bytes)
		return r->window + inside;
	return move_window(r, offset, size);
}

/* Records of pipes may have any size, so what follows one may lie anywhere. */
static const void *align(struct reader *r, const void *record, size_t size)
{
	return (uintptr_t)record % 8 ? memcpy(r->aligned, record, size) : record;
}

void reader_sparse(struct reader *reader, uint32_t head_bytes, uint32_t tail_bytes)
{
	reader->head_bytes = head_bytes;
	reader->tail_bytes = tail_bytes;
	reader->hole = reader->hole_end = 0;
}

bool reader_fill(struct reader *reader, uint32_t until)
{
	uint32_t from = reader->hole, end = until > 2 * from ? until : 2 * from;

	if (until <= from || from == reader->hole_end)
		return true;
	if (end > reader->hole_end)
		end = reader->hole_end;
	if (reader_bytes(reader, reader->record_offset + from, reader->aligned + from,
		    end - from) != (ssize_t)(end - from))
		return false;
	reader->hole = end;
	/* the next will hardly need less, and bytes cost less than calls */
	if (reader->head_bytes < until && until + reader->tail_bytes <= SPARSE_BYTES)
		reader->head_bytes = until;
	return true;
}

/* The begin and the end of a sample; what is read for the end has the begin of the next. */
static const void *fetch_parts(struct reader *r, uint32_t size)
{
	const void *part = fetch(r, r->next, r->head_bytes);

	if (!part)
		return NULL;
	memcpy(r->aligned, part, r->head_bytes);
	r->window_want = r->tail_bytes + r->head_bytes;
	part = fetch(r, r->next + size - r->tail_bytes, r->tail_bytes);
	if (part)
		memcpy(r->aligned + size - r->tail_bytes, part, r->tail_bytes);
	r->hole = r->head_bytes;
	r->hole_end = size - r->tail_bytes;
	return part ? r->aligned : NULL;
}

/* What follows a record without being counted in its size. */
static uint64_t payload(const struct perf_event_header *h)
{
	size_t size = h->size - sizeof(*h);
	uint32_t tracing;
	uint64_t aux;

	if (h->type == PERF_RECORD_AUXTRACE && size >= sizeof(aux)) {
		memcpy(&aux, h + 1, sizeof(aux));
		return aux;
	}
	if (h->type == PERF_RECORD_HEADER_TRACING_DATA && size >= sizeof(tracing)) {
		memcpy(&tracing, h + 1, sizeof(tracing));
		return tracing;
	}
	return 0;
}

static void step(struct reader *r)
{
	uint64_t left = r->end - r->next - r->record->size;

	r->payload = 0;
	if (r->record->type >= KERNEL_RECORDS_END)
		r->payload = payload(r->record);
	if (r->payload > left) {
		r->notes |= READER_NOTE_DATA_CUT;
		r->payload = left;
	}
	r->next += r->record->size + r->payload;
	r->payload_bytes += r->payload;
	r->counts[r->record->type < RECORD_TYPES ? r->record->type : 0]++;
}

static enum reader_status at_end(const struct reader *r)
{
	return r->next < r->end || r->notes & READER_NOTE_DATA_CUT ? READER_CUT : READER_END;
}

enum reader_status reader_next(struct reader *reader)
{
	uint64_t left = reader->next < reader->end ? reader->end - reader->next : 0;
	struct perf_event_header h;
	const void *at = left < sizeof(h) ? NULL : fetch(reader, reader->next, sizeof(h));

	if (!at)
		return reader->error ? READER_IO : at_end(reader);
	memcpy(&h, at, sizeof(h));
	if (h.size < sizeof(h))
		return READER_BROKEN;
	if (h.type == PERF_RECORD_COMPRESSED || h.type == PERF_RECORD_COMPRESSED2)
		return READER_COMPRESSED;
	reader->hole = reader->hole_end = 0;
	if (h.size > left)
		at = NULL;
	else if (reader->head_bytes && h.type == PERF_RECORD_SAMPLE && h.size >= SPARSE_BYTES)
		at = fetch_parts(reader, h.size);
	else
		at = fetch(reader, reader->next, h.size);
	if (!at)
		return reader->error ? READER_IO : READER_CUT;
	reader->record_offset = reader->next;
	reader->record = align(reader, at, h.size);
	step(reader);
	return READER_OK;
}

static int event_at(const struct reader *r, int place, uint64_t id)
{
	bool sample = r->record->type == PERF_RECORD_SAMPLE;
	int event = reader_event_of_id(r, id);
	const struct reader_attr *a = &r->attrs[event < 0 ? 0 : event];

	if (event < 0)
		return !sample && !id ? 0 : READER_NO_EVENT;
	return place == (sample ? a->place : a->place_from_end) ? event : READER_NO_EVENT;
}

int reader_event(const struct reader *reader)
{
	const uint64_t *words = (const uint64_t *)(const void *)(reader->record + 1);
	int count = (int)(reader->record->size / 8 - 1), event = READER_NO_EVENT;
	bool sample = reader->record->type == PERF_RECORD_SAMPLE;
	uint64_t places = sample ? reader->places : reader->places_from_end;

	if (reader->record->type >= KERNEL_RECORDS_END)
		return READER_NO_EVENT;
	if (reader->attr_count == 1 || !places)
		return 0;
	for (; places && event < 0; places &= places - 1) {
		int place = __builtin_ctzll(places);

		if (sample ? place < count : place <= count)
			event = event_at(reader, place, words[sample ? place : count - place]);
	}
	return event;
}
