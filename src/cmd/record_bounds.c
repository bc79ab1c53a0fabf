#include "cmd/record_bounds.h"
#include "cmd/record_loss.h"

#include "base/date.h"
#include "base/message.h"
#include "base/number.h"
#include "data/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ull
#define LEAST_FILE_BYTES 4096
#define END_BYTES 65536 /* kept free for what stands at a file's end, of small files an eighth */

static struct {
	const struct record_bounds *asked;
	struct record_file *file;
	struct recorder *recorder;
	uint64_t file_bytes, file_ns; /* when a further one begins; 0: not by that */
	uint64_t began_ns, synced_ns;
	uint64_t samples_before, bytes_before; /* in the files before this one */
	uint64_t latest_stamp;
	uint32_t kept_from, kept, finished, dropped;
	uint64_t stamps[RECORD_BOUNDS_FILES];
} own;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

/* A size with its unit, or a time with its unit, as perf tells them apart by the letter. */
static bool parse_when(const char *text)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} times[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = strspn(text, "0123456789");
	uint64_t count;

	if (!*text || !strcmp(text, "signal"))
		return true;
	if (!digits || !text[digits] || text[digits + 1])
		return false;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (text[digits] == times[i].unit) {
			char number[24];

			snprintf(number, sizeof(number), "%.*s", (int)digits, text);
			own.file_ns = number_u64(number, &count) || count > UINT32_MAX
					      ? 0
					      : count * times[i].seconds * NS;
			return own.file_ns;
		}
	return strchr("BKMG", text[digits]) && !number_bytes(text, &own.file_bytes) &&
	       own.file_bytes >= LEAST_FILE_BYTES;
}

int record_bounds_check(const struct record_bounds *bounds)
{
	own.asked = bounds;
	if (bounds->when && !parse_when(bounds->when))
		return message_usage("--switch-output=%s: want signal, a size from 4K on (B K M "
				     "G) or a time (s m h d)",
			bounds->when);
	if (bounds->most_files && (!bounds->when || bounds->most_files > RECORD_BOUNDS_FILES))
		return message_usage("--switch-max-files: needs --switch-output, and can be %d at "
				     "the most",
			RECORD_BOUNDS_FILES);
	if (bounds->on_full && strcmp(bounds->on_full, "stop") && strcmp(bounds->on_full, "rotate"))
		return message_usage("--on-full %s: want stop or rotate", bounds->on_full);
	if (bounds->on_full && *bounds->on_full == 'r' && !bounds->when)
		return message_usage("--on-full=rotate: needs --switch-output, to have an oldest "
				     "file to drop");
	return 0;
}

bool record_bounds_carries(const struct record_bounds *bounds)
{
	return bounds->when || bounds->latest;
}

/* The oldest file that is still there goes, for the writer's sake or since enough are kept. */
static bool drop_oldest(void *context)
{
	(void)context;
	if (!own.kept)
		return false;
	output_drop(&own.file->output, own.stamps[own.kept_from]);
	own.kept_from = (own.kept_from + 1) % RECORD_BOUNDS_FILES;
	own.kept--;
	own.dropped++;
	return true;
}

static void keep(uint64_t stamp)
{
	if (own.kept == RECORD_BOUNDS_FILES) {
		/* it stays where it is, but is not ours to drop any more */
		own.kept_from = (own.kept_from + 1) % RECORD_BOUNDS_FILES;
		own.kept--;
	}
	own.stamps[(own.kept_from + own.kept++) % RECORD_BOUNDS_FILES] = stamp;
	own.latest_stamp = stamp;
	own.finished++;
	while (own.asked->most_files && own.kept > own.asked->most_files)
		drop_oldest(NULL);
}

/* perf's: year to second and two digits more, here in UTC; never the same twice. */
static uint64_t new_stamp(void)
{
	uint64_t now = now_ns(CLOCK_REALTIME);
	uint64_t stamp = date_stamp((int64_t)(now / NS)) * 100 + now % NS / (NS / 100);

	return stamp > own.latest_stamp ? stamp : own.latest_stamp + 1;
}

/* A file has room for what ends it, and at the least for the largest record. */
static void set_limit(void)
{
	uint64_t size = own.file_bytes, begun = own.file->writer.data_size;
	uint64_t end, least;

	if (own.asked->max_bytes && (!size || own.asked->max_bytes < size))
		size = own.asked->max_bytes;
	if (!size)
		return;
	end = size / 8 < END_BYTES ? size / 8 : END_BYTES;
	end += own.file->writer.data_offset;
	least = begun + RECORD_MAX;
	own.recorder->limit_bytes = size > end + least ? size - end : least;
}

static void begin_counting(void)
{
	own.began_ns = now_ns(CLOCK_MONOTONIC);
	own.samples_before = own.recorder->samples;
	own.recorder->first_ns = own.recorder->last_ns = 0;
	set_limit();
}

int record_bounds_begin(struct record_file *file, struct recorder *recorder)
{
	own.file = file;
	own.recorder = recorder;
	if (record_bounds_carries(own.asked) && !own.file->output.created)
		return message_usage("-o %s: a stream or a device has no further files; name a "
				     "file for --switch-output and --overwrite",
			own.file->output.path);
	if (own.asked->on_full && *own.asked->on_full == 'r')
		own.file->writer.make_room = drop_oldest;
	own.synced_ns = now_ns(CLOCK_MONOTONIC);
	begin_counting();
	return 0;
}

/* What the rings have kept of the latest, behind what is known of who ran. */
static int dump(void)
{
	int status;

	rings_pause(own.recorder->rings, true);
	status = recorder_round(own.recorder) ? record_file_failed(own.file)
					      : record_file_tell(own.file);
	if (!status && recorder_dump(own.recorder))
		status = record_file_failed(own.file);
	return status;
}

static uint64_t written_bytes(void)
{
	return own.file->writer.data_offset + own.file->writer.data_size;
}

static void say_kept(uint64_t stamp, uint64_t samples, uint64_t bytes)
{
	message("%" PRIu64 " samples, %" PRIu64 " bytes, %s.%016" PRIu64, samples, bytes,
		own.file->output.path, stamp);
}

/* The latest where only that is kept, what is lost, and with `next` another file. */
static int end_file(bool next)
{
	struct recorder *r = own.recorder;
	uint64_t stamp = new_stamp(), samples, bytes;
	int status = own.asked->latest ? dump() : 0;

	if (status)
		return status;
	record_loss_write(r, own.file->events, &own.file->writer);
	samples = r->samples - own.samples_before;
	bytes = written_bytes();
	status = next ? record_file_next(own.file, r->first_ns, r->last_ns, &stamp)
		      : record_file_end(own.file, r->first_ns, r->last_ns);
	if (status || (!next && !own.asked->when))
		return status;
	if (!next && output_keep(&own.file->output, &stamp, -1))
		return message_fail("%s: cannot be renamed", own.file->output.path);
	own.bytes_before += next ? bytes : 0;
	keep(stamp);
	say_kept(stamp, samples, bytes);
	return 0;
}

static int switch_file(void)
{
	int status = end_file(true);

	rings_pause(own.recorder->rings, false);
	begin_counting();
	return status;
}

int record_bounds_snapshot(void)
{
	return record_bounds_carries(own.asked) ? switch_file() : 0;
}

static int sync_file(void)
{
	uint64_t now;

	if (!own.asked->sync_ns || own.file->writer.stream)
		return 0;
	now = now_ns(CLOCK_MONOTONIC);
	if (now - own.synced_ns < own.asked->sync_ns)
		return 0;
	own.synced_ns = now;
	return fdatasync(own.file->writer.fd)
		       ? message_fail("%s: fdatasync: %s", own.file->output.path, strerror(errno))
		       : 0;
}

/* What the last round told of is the past for the next, unless samples were kept back. */
static int take_round(void)
{
	if (own.file->carry && !own.asked->latest && !own.recorder->full)
		carry_settle(own.file->carry);
	return recorder_round(own.recorder) ? record_file_failed(own.file) : 0;
}

int record_bounds_round(bool *ended)
{
	int status;

	while (!(status = take_round()) && own.recorder->full) {
		if (!own.file_bytes ||
			(own.asked->max_bytes && own.asked->max_bytes < own.file_bytes)) {
			if (!*ended)
				message("%s has reached --max-size", own.file->output.path);
			*ended = true;
			break;
		}
		status = switch_file();
		if (status)
			break;
		own.recorder->full = true;
	}
	if (!status && own.file_ns && now_ns(CLOCK_MONOTONIC) - own.began_ns >= own.file_ns)
		status = switch_file();
	return status ? status : sync_file();
}

int record_bounds_wait_ms(int most)
{
	uint64_t passed_ms = own.file_ns ? (now_ns(CLOCK_MONOTONIC) - own.began_ns) / 1000000 : 0;
	uint64_t after_ms = own.file_ns / 1000000;

	if (!own.file_ns || after_ms > passed_ms + (uint64_t)most)
		return most;
	return after_ms > passed_ms ? (int)(after_ms - passed_ms) : 0;
}

int record_bounds_end(void)
{
	int status = end_file(false);

	if (own.asked->sync_ns && !status)
		fdatasync(own.file->output.fd);
	return status;
}

const char *record_bounds_place(void)
{
	static char text[64];

	if (!own.finished)
		return own.file->output.path;
	snprintf(text, sizeof(text), "%u files%s", own.finished + !own.asked->when,
		own.dropped ? ", not all kept" : "");
	return text;
}

uint64_t record_bounds_bytes(void)
{
	return own.bytes_before + written_bytes();
}
