// SPDX-License-Identifier: BSD-2-Clause
#include "recorder.h"

#include "base/log.h"
#include "files/output_file.h"
#include "directory.h"
#include "block.h"
#include "destination.h"
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_NS 1000000000ULL
/* What a recording that is killed may lose. */
#define FLUSH_NS SECOND_NS
#define RETRY_NS (10 * SECOND_NS)
/* So that what is kept is always some files, and the current one is a part of it only. */
#define FILES_LEAST 2

struct lp_recording {
	struct lp_capture_header header; /* of the current file */
	struct lp_destination *destination; /* a single file; NULL: an archive */
	struct lp_archive *archive;
	bool waits; /* an older file stays until there is something to record */
	bool written; /* a file of this run has its header */
	uint64_t rotate_bytes, rotate_ns;
	struct lp_replay *replay;
	struct lp_packer *packer;
	int descriptor; /* -1: none could be created */
	uint64_t bytes; /* of whole blocks in it, header included */
	uint64_t segment_bytes; /* of these, its header and replay */
	uint64_t segment_records; /* in them */
	uint64_t now_ns; /* as far as it was told */
	uint64_t flushed_ns;
	uint64_t checked_ns; /* whether its file is still there, and how much is kept */
	uint16_t flags; /* of the block that is being filled */
	/* since writing failed */
	int err; /* 0: it works */
	uint64_t failed_ns, retry_ns;
	uint64_t gap; /* records since then */
	/* of the whole run */
	int first_err;
	uint64_t lost;
	uint64_t lost_ns;
	bool warned;
};

static void read_boot_id(uint8_t id[LP_CAPTURE_ID_BYTES])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char text[64] = "";
	unsigned int byte;
	size_t i = 0;
	const char *at = text;

	memset(id, 0, LP_CAPTURE_ID_BYTES);
	if (!file)
		return;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	/* 16 bytes in hexadecimal, with dashes in between */
	while (i < LP_CAPTURE_ID_BYTES && *at) {
		if (*at == '-') {
			at++;
			continue;
		}
		if (sscanf(at, "%2x", &byte) != 1 || !at[1])
			return;
		id[i++] = (uint8_t)byte;
		at += 2;
	}
}

static const char *reason(int err)
{
	return err == -ENOENT ? "it was removed, or its directory; put that back"
			      : output_advice(err);
}

/* From here on it is not written but counted; what waits to be written counts as well. */
static void fail(struct lp_recording *recording, int err, uint64_t records, uint64_t now_ns)
{
	if (!recording->err)
		recording->failed_ns = recording->flushed_ns;
	recording->err = err;
	recording->retry_ns = now_ns + RETRY_NS;
	recording->gap += records;
	recording->lost += records;
	if (!recording->first_err)
		recording->first_err = err;
	packer_clear(recording->packer);
	if (recording->warned)
		return;
	recording->warned = true;
	log_warning(
		"cannot write the capture %s: %s (tried again every 10 s; everything else goes on)",
		recording_path(recording), reason(err));
}

/* Forgets what was written of a block only in part. */
static void cut_back(struct lp_recording *recording)
{
	if (!ftruncate(recording->descriptor, (off_t)recording->bytes))
		lseek(recording->descriptor, (off_t)recording->bytes, SEEK_SET);
}

static int write_bytes(struct lp_recording *recording, const void *data, size_t size)
{
	int err = output_write_all(recording->descriptor, data, size);

	if (err)
		cut_back(recording);
	else
		recording->bytes += size;
	return err;
}

/* Returns 0 or a negative errno; either way nothing waits any more. */
static int write_block(struct lp_recording *recording)
{
	const void *block;
	size_t size;
	int err;

	if (!packer_count(recording->packer))
		return 0;
	block = packer_finish(recording->packer, recording->flags, recording->gap, &size);
	if (!block)
		return -ENOMEM;
	err = write_bytes(recording, block, size);
	if (!err)
		recording->gap = 0;
	return err;
}

/* A lp_record_taker: what is told again, into the file. */
static void add_replayed(void *context, const struct lp_event *record)
{
	struct lp_recording *recording = context;

	if (!recording->err && !packer_has_room(recording->packer, record->size))
		recording->err = write_block(recording);
	if (!recording->err)
		packer_add(recording->packer, record);
}

/* Creates a file with its header, or none.  Returns a descriptor or a negative errno. */
static int create_file(struct lp_recording *recording)
{
	const struct lp_capture_header *header = &recording->header;
	int descriptor, err;

	if (!recording->archive)
		return destination_create(recording->destination, header, sizeof(*header));
	descriptor = archive_create(recording->archive, header);
	if (descriptor < 0)
		return descriptor;
	err = output_write_all(descriptor, header, sizeof(*header));
	if (!err)
		return descriptor;
	archive_discard(recording->archive);
	close(descriptor);
	return err;
}

/* Removes the current file, which has no records yet. */
static void discard_file(struct lp_recording *recording)
{
	if (recording->descriptor < 0)
		return;
	if (recording->archive)
		archive_discard(recording->archive);
	else
		destination_discard(recording->destination, recording->descriptor);
}

/* It is no longer where it was put: what is written to it is lost. */
static bool is_removed(const struct lp_recording *recording)
{
	struct stat status;

	return recording->descriptor >= 0 && !fstat(recording->descriptor, &status) &&
	       S_ISREG(status.st_mode) && !status.st_nlink;
}

static void close_file(struct lp_recording *recording)
{
	if (recording->descriptor >= 0)
		close(recording->descriptor);
	recording->descriptor = -1;
}

/* A new file with its header. */
static int begin_file(struct lp_recording *recording, uint64_t now_ns)
{
	struct lp_capture_header *header = &recording->header;
	int descriptor;

	header->segment_ns = now_ns;
	header->segment_unix_ns = header->start_unix_ns + (now_ns - header->start_ns);
	descriptor = create_file(recording);
	if (descriptor < 0)
		return descriptor;
	recording->descriptor = descriptor;
	recording->written = true;
	recording->bytes = sizeof(*header);
	recording->segment_bytes = recording->bytes;
	recording->segment_records = 0;
	return 0;
}

/* What was known so far, in blocks of its own.  Returns 0 or a negative errno. */
static int tell_again(struct lp_recording *recording, uint64_t now_ns)
{
	int err;

	recording->err = 0;
	recording->flags = LP_BLOCK_REPLAY;
	replay_begin_file(recording->replay, now_ns, add_replayed, recording);
	err = recording->err;
	if (!err)
		err = write_block(recording);
	recording->flags = 0;
	recording->segment_bytes = recording->bytes;
	return err;
}

/* The next file of an archive, or a single file that has been removed. */
static int begin_next_file(struct lp_recording *recording, uint64_t now_ns)
{
	uint32_t step = recording->written ? 1 : 0;
	int err;

	close_file(recording);
	recording->header.segment += step;
	err = begin_file(recording, now_ns);
	if (!err)
		err = tell_again(recording, now_ns);
	if (err) {
		discard_file(recording);
		close_file(recording);
		/* its number is free again */
		recording->header.segment -= step;
	}
	return err;
}

static void try_again(struct lp_recording *recording, uint64_t now_ns)
{
	uint64_t gap = recording->gap, whole = recording->bytes;
	int failed = recording->err, err;

	if (recording->archive || recording->descriptor < 0 || is_removed(recording)) {
		err = begin_next_file(recording, now_ns);
	} else {
		err = recording->bytes ? 0
				       : write_bytes(recording, &recording->header,
						     sizeof(recording->header));
		if (!err)
			err = tell_again(recording, now_ns);
		if (err) {
			recording->bytes = whole;
			cut_back(recording);
		}
	}
	if (err) {
		recording->err = failed;
		recording->gap = gap;
		fail(recording, err, 0, now_ns);
		return;
	}
	recording->lost_ns += now_ns - recording->failed_ns;
	recording->flushed_ns = recording->checked_ns = now_ns;
	log_note("the capture goes on in %s: %" PRIu64
		 " records in %.1f s could not be written before",
		 recording_path(recording), gap,
		 (double)(now_ns - recording->failed_ns) / (double)SECOND_NS);
}

static bool has_trailing_slash(const char *path)
{
	size_t length = strlen(path);

	return length && path[length - 1] == '/';
}

static bool is_directory(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

static int open_place(struct lp_recording *recording, const struct lp_recording_config *config,
		      struct lp_error *error)
{
	bool create = config->directory || has_trailing_slash(config->path);
	uint64_t most = config->retain_bytes / FILES_LEAST;

	if (!create && !is_directory(config->path))
		return destination_open(config->path, &recording->destination, error);
	recording->rotate_bytes = config->rotate_bytes;
	recording->rotate_ns = config->rotate_ns;
	if (most && (!recording->rotate_bytes || recording->rotate_bytes > most))
		recording->rotate_bytes = most;
	return archive_open(config->path, create, config->retain_bytes, &recording->archive, error);
}

/* Is the error a lack of room?  Then there may be some later. */
static bool is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EFBIG;
}

/* Begins the first file; one that cannot be created is an error, a full disk is not yet. */
static int begin(struct lp_recording *recording, struct lp_error *error)
{
	uint64_t now_ns = recording->header.start_ns;
	int err;

	recording->now_ns = recording->flushed_ns = recording->checked_ns = now_ns;
	recording->waits = recording->destination && destination_is_taken(recording->destination);
	if (recording->waits)
		return 0;
	err = begin_file(recording, now_ns);
	if (err && !is_full(err))
		return output_cannot_write(error, recording_path(recording), err);
	if (err)
		fail(recording, err, 0, now_ns);
	else if (recording->archive)
		archive_retain(recording->archive, recording->bytes);
	return 0;
}

/*
 * There is something to record: the new file takes the place of the older one.  The
 * capture begins with the start of the run.
 */
static void stop_waiting(struct lp_recording *recording)
{
	uint64_t now_ns = recording->now_ns;
	int err = begin_file(recording, recording->header.start_ns);

	recording->waits = false;
	recording->flushed_ns = recording->checked_ns = now_ns;
	if (err)
		fail(recording, err, 0, now_ns);
}

static void free_recording(struct lp_recording *recording)
{
	close_file(recording);
	destination_free(recording->destination);
	archive_free(recording->archive);
	replay_free(recording->replay);
	packer_free(recording->packer);
	free(recording);
}

int recording_new(const struct lp_recording_config *config, struct lp_recording **result,
		  struct lp_error *error)
{
	struct lp_recording *recording = calloc(1, sizeof(*recording));
	struct lp_capture_header *header;
	int err;

	*result = NULL;
	if (!recording)
		return error_set(error, -ENOMEM, "out of memory");
	recording->descriptor = -1;
	recording->replay = replay_new();
	recording->packer = packer_new();
	recording->header = config->header;
	header = &recording->header;
	memcpy(header->magic, LP_CAPTURE_MAGIC, sizeof(header->magic));
	header->major = LP_CAPTURE_MAJOR;
	header->minor = LP_CAPTURE_MINOR;
	header->header_bytes = sizeof(*header);
	header->segment = 0;
	read_boot_id(header->boot_id);
	if (!recording->replay || !recording->packer)
		err = error_set(error, -ENOMEM, "out of memory");
	else if (getrandom(header->run_id, sizeof(header->run_id), 0) !=
		 (ssize_t)sizeof(header->run_id))
		err = error_set(error, -EIO, "cannot get random numbers from the kernel");
	else
		err = open_place(recording, config, error);
	if (!err)
		err = begin(recording, error);
	if (!err) {
		*result = recording;
		return 0;
	}
	free_recording(recording);
	return err;
}

/* A lp_record_taker: into the block that is being filled. */
static void add(void *context, const struct lp_event *record)
{
	struct lp_recording *recording = context;
	uint64_t waiting = packer_count(recording->packer);
	int err = 0;

	if (!recording->err && !packer_has_room(recording->packer, record->size)) {
		err = write_block(recording);
		if (err)
			fail(recording, err, waiting, recording->now_ns);
		else
			recording->flushed_ns = recording->now_ns;
	}
	if (recording->err) {
		recording->gap++;
		recording->lost++;
		return;
	}
	packer_add(recording->packer, record);
	recording->segment_records++;
}

/* Is the record of a target, not only of the run? */
static bool is_of_target(const struct lp_event *record)
{
	static const uint16_t of_run[] = { LP_EVENT_PROCESS, LP_EVENT_POLLER,	LP_EVENT_LOST,
					   LP_EVENT_SELF,    LP_EVENT_INTERVAL, LP_EVENT_END };
	size_t i;

	for (i = 0; i < sizeof(of_run) / sizeof(of_run[0]); i++)
		if (record->type == of_run[i])
			return false;
	return true;
}

void recording_take(struct lp_recording *recording, const struct lp_event *record)
{
	if (record->size > LP_CAPTURE_RECORD_MAX / 2)
		return;
	if (record->time_ns > recording->now_ns)
		recording->now_ns = record->time_ns;
	if (recording->waits && is_of_target(record))
		stop_waiting(recording);
	if (!recording->waits && record->type != LP_EVENT_PROCESS &&
	    record->type != LP_EVENT_POLLER) {
		if (!recording->err)
			replay_before(recording->replay, record, add, recording);
		add(recording, record);
	}
	replay_keep(recording->replay, record);
}

bool recording_rotation_due(const struct lp_recording *recording, uint64_t now_ns)
{
	uint64_t age = now_ns - recording->header.segment_ns;

	if (!recording->archive || recording->err || age < FLUSH_NS)
		return false;
	if (recording->rotate_ns && age >= recording->rotate_ns)
		return true;
	/* a file that holds nothing new would only be followed by the next */
	return recording->rotate_bytes && recording->bytes >= recording->rotate_bytes &&
	       recording->bytes > recording->segment_bytes;
}

/* What has waited, into the file. */
static void flush(struct lp_recording *recording, uint64_t now_ns)
{
	uint64_t waiting = packer_count(recording->packer);
	int err = write_block(recording);

	if (err)
		fail(recording, err, waiting, now_ns);
	else
		recording->flushed_ns = now_ns;
}

/* Is the file where it was put?  If not, all that is in it is lost. */
static void check(struct lp_recording *recording, uint64_t now_ns)
{
	recording->checked_ns = now_ns;
	if (is_removed(recording)) {
		fail(recording, -ENOENT, recording->segment_records, now_ns);
		recording->failed_ns = recording->header.segment_ns;
		/* for all that we know the directory is there */
		recording->retry_ns = now_ns;
	} else if (recording->archive) {
		archive_retain(recording->archive, recording->bytes);
	}
}

static void rotate(struct lp_recording *recording, uint64_t now_ns)
{
	int err = begin_next_file(recording, now_ns);

	recording->err = 0;
	if (err)
		fail(recording, err, 0, now_ns);
}

void recording_tick(struct lp_recording *recording, uint64_t now_ns)
{
	bool due = recording_rotation_due(recording, now_ns);

	recording->now_ns = now_ns;
	if (recording->waits)
		return;
	if (!recording->err && (due || now_ns >= recording->flushed_ns + FLUSH_NS))
		flush(recording, now_ns);
	if (!recording->err && due)
		rotate(recording, now_ns);
	if (!recording->err && (due || now_ns >= recording->checked_ns + FLUSH_NS))
		check(recording, now_ns);
	if (recording->err && now_ns >= recording->retry_ns)
		try_again(recording, now_ns);
}

const char *recording_path(const struct lp_recording *recording)
{
	return recording->archive ? archive_path(recording->archive)
				  : destination_path(recording->destination);
}

void recording_discard(struct lp_recording *recording)
{
	if (!recording)
		return;
	if (recording->written && !recording->segment_records && !recording->header.segment)
		discard_file(recording);
	free_recording(recording);
}

int recording_close(struct lp_recording *recording, struct lp_error *error)
{
	uint64_t waiting;
	int err = 0;

	if (!recording)
		return 0;
	if (recording->waits)
		log_note("there was nothing to record: %s is as it was", recording_path(recording));
	waiting = packer_count(recording->packer);
	if (waiting && !recording->err)
		err = write_block(recording);
	if (err)
		fail(recording, err, waiting, recording->now_ns);
	if (recording->descriptor >= 0 && close(recording->descriptor) && !recording->err)
		recording->err = recording->first_err = -errno;
	recording->descriptor = -1;
	if (recording->err && recording->now_ns > recording->failed_ns)
		recording->lost_ns += recording->now_ns - recording->failed_ns;
	err = recording->lost || recording->err ? recording->first_err : 0;
	if (err)
		error_set(error, err,
			  "the capture %s is incomplete: %" PRIu64
			  " records in %.1f s could not be written: %s",
			  recording_path(recording), recording->lost,
			  (double)recording->lost_ns / (double)SECOND_NS, reason(err));
	free_recording(recording);
	return err;
}
