// SPDX-License-Identifier: BSD-2-Clause
#include "recorder.h"

#include "base/log.h"
#include "base/macros.h"
#include "files/output_file.h"
#include "directory.h"
#include "block.h"
#include "destination.h"
#include "checkpoint.h"
#include "current_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The time whose records a recording may lose if it is killed. */
#define FLUSH_NS NS_PER_S
#define RETRY_NS (10 * NS_PER_S)
/* The part of retain_bytes that the current file may have, so that older files remain beside it. */
#define CURRENT_FILE_PART 2

struct lp_recorder {
	struct lp_capture_header header; /* header of the current file */
	/* the destination without rotation; NULL: an archive is written */
	struct lp_destination *destination;
	struct lp_capture_directory *archive;
	bool waits; /* an older file remains until there is something to record */
	bool written; /* the header of a file of this run has been written */
	uint64_t rotate_bytes, rotate_ns;
	struct lp_checkpoint *checkpoint;
	struct lp_block_packer *packer;
	struct lp_current_file file; /* the current file */
	struct lp_recorder_totals *totals;
	uint64_t earlier_bytes; /* of the files before the current one */
	uint64_t segment_bytes; /* the part of bytes that is header and checkpoint */
	uint64_t segment_records; /* records in the current file, apart from its checkpoint */
	uint64_t now_ns; /* time of the latest record or tick */
	uint64_t flushed_ns;
	/* last check that the file exists and that the archive is within its limit */
	uint64_t checked_ns;
	uint16_t flags; /* flags of the block that is being filled */
	/*
	 * while writing fails: the error (0: none), its times, and the records that were lost since
	 * then
	 */
	int err;
	uint64_t failed_ns, retry_ns;
	uint64_t gap;
	/* over the whole run */
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
	/* 16 bytes in hexadecimal, separated by dashes */
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
	if (err == -LP_TRUNCATED)
		return "another program has truncated it, and its records are lost; keep logrotate with copytruncate away from it (--rotate begins new files)";
	return err == -ENOENT ? "it was removed, or its directory; put that back"
			      : output_advice(err);
}

/*
 * Records an error: until the next attempt records are counted instead of written.  records:
 * those that were collected and are lost as well.
 */
static void fail(struct lp_recorder *recorder, int err, uint64_t records, uint64_t now_ns)
{
	if (!recorder->err)
		recorder->failed_ns = recorder->flushed_ns;
	recorder->err = err;
	recorder->retry_ns = now_ns + RETRY_NS;
	recorder->gap += records;
	recorder->lost += records;
	if (!recorder->first_err)
		recorder->first_err = err;
	block_packer_clear(recorder->packer);
	if (recorder->warned)
		return;
	recorder->warned = true;
	log_warning(
		"cannot write the capture %s: %s (tried again every 10 s; everything else goes on)",
		recorder_path(recorder), reason(err));
}

/* Removes a block from the file that was only written in part. */
static void cut_back(struct lp_recorder *recorder)
{
	if (!ftruncate(recorder->file.descriptor, (off_t)recorder->file.bytes))
		lseek(recorder->file.descriptor, (off_t)recorder->file.bytes, SEEK_SET);
}

static int write_bytes(struct lp_recorder *recorder, const void *data, size_t size)
{
	int err = output_write_all(recorder->file.descriptor, data, size);

	if (err)
		cut_back(recorder);
	else
		recorder->file.bytes += size;
	return err;
}

/*
 * Writes the collected records as a block.  Returns 0 or a negative errno; no record is left
 * to write in both cases.
 */
static int write_block(struct lp_recorder *recorder)
{
	int err = current_file_check(&recorder->file);
	const void *block;
	size_t size;

	if (err)
		return err;
	if (!block_packer_count(recorder->packer))
		return 0;
	block = block_packer_finish(recorder->packer, recorder->flags, recorder->gap, &size);
	if (!block)
		return -ENOMEM;
	err = write_bytes(recorder, block, size);
	if (!err)
		recorder->gap = 0;
	return err;
}

/* A lp_record_taker: adds a record of the checkpoint to its block. */
static void add_repeated(void *context, const struct lp_event *record)
{
	struct lp_recorder *recorder = context;

	if (!recorder->err && !block_packer_has_space(recorder->packer, record->size))
		recorder->err = write_block(recorder);
	if (!recorder->err)
		block_packer_add(recorder->packer, record);
}

/*
 * Creates a file with its header.  Returns a descriptor, or a negative errno; then no file is
 * left.
 */
static int create_file(struct lp_recorder *recorder)
{
	const struct lp_capture_header *header = &recorder->header;
	int descriptor, err;

	if (!recorder->archive)
		return destination_create(recorder->destination, header, sizeof(*header));
	descriptor = capture_directory_create(recorder->archive, header);
	if (descriptor < 0)
		return descriptor;
	err = output_write_all(descriptor, header, sizeof(*header));
	if (!err)
		return descriptor;
	capture_directory_discard(recorder->archive);
	close(descriptor);
	return err;
}

/* Removes the current file, which has no records yet. */
static void discard_file(struct lp_recorder *recorder)
{
	if (recorder->file.descriptor < 0)
		return;
	if (recorder->archive)
		capture_directory_discard(recorder->archive);
	else
		destination_discard(recorder->destination, recorder->file.descriptor);
}

/*
 * Counts the records of a block that was not written as lost, and all records of the file if that
 * was removed or truncated.
 */
static void fail_block(struct lp_recorder *recorder, int err, uint64_t records, uint64_t now_ns)
{
	bool whole = err == -ENOENT || err == -LP_TRUNCATED;

	fail(recorder, err, whole ? recorder->segment_records : records, now_ns);
	if (!whole) {
		/* they are lost already if the whole file is lost later */
		recorder->segment_records = saturating_sub(recorder->segment_records, records);
		return;
	}
	recorder->failed_ns = recorder->header.segment_ns;
	/* the directory may well be there, so that the next attempt can be at once */
	recorder->retry_ns = now_ns;
}

static void close_file(struct lp_recorder *recorder)
{
	if (recorder->file.descriptor >= 0)
		close(recorder->file.descriptor);
	recorder->file.descriptor = -1;
}

/* Begins a new file with its header. */
static int begin_file(struct lp_recorder *recorder, uint64_t now_ns)
{
	struct lp_capture_header *header = &recorder->header;
	int descriptor;

	header->segment_ns = now_ns;
	header->segment_unix_ns = header->start_unix_ns + (now_ns - header->start_ns);
	descriptor = create_file(recorder);
	if (descriptor < 0)
		return descriptor;
	current_file_begin(&recorder->file, descriptor, header);
	recorder->written = true;
	recorder->segment_bytes = recorder->file.bytes;
	recorder->segment_records = 0;
	return 0;
}

/* Writes the checkpoint, in blocks of its own.  Returns 0 or a negative errno. */
static int write_checkpoint(struct lp_recorder *recorder, uint64_t now_ns)
{
	int err;

	recorder->err = 0;
	recorder->flags = LP_BLOCK_CHECKPOINT;
	checkpoint_begin_file(recorder->checkpoint, now_ns, add_repeated, recorder);
	err = recorder->err;
	if (!err)
		err = write_block(recorder);
	recorder->flags = 0;
	recorder->segment_bytes = recorder->file.bytes;
	return err;
}

/* Begins the next file of an archive, or replaces a single file that was removed or truncated. */
static int begin_next_file(struct lp_recorder *recorder, uint64_t now_ns)
{
	uint32_t step = recorder->written ? 1 : 0;
	int err;

	close_file(recorder);
	recorder->earlier_bytes += step ? recorder->file.bytes : 0;
	recorder->header.segment += step;
	err = begin_file(recorder, now_ns);
	if (!err)
		err = write_checkpoint(recorder, now_ns);
	if (err) {
		discard_file(recorder);
		close_file(recorder);
		/* the number is used for the next attempt */
		recorder->header.segment -= step;
		recorder->file.bytes = 0;
	}
	return err;
}

static void try_again(struct lp_recorder *recorder, uint64_t now_ns)
{
	uint64_t gap = recorder->gap, whole = recorder->file.bytes;
	int failed = recorder->err, damage = current_file_check(&recorder->file), err;

	/* the next file may have the same name */
	if (damage == -LP_TRUNCATED)
		discard_file(recorder);
	if (recorder->archive || recorder->file.descriptor < 0 || damage) {
		err = begin_next_file(recorder, now_ns);
	} else {
		err = recorder->file.bytes
			      ? 0
			      : write_bytes(recorder, &recorder->header, sizeof(recorder->header));
		if (!err)
			err = write_checkpoint(recorder, now_ns);
		if (err) {
			recorder->file.bytes = whole;
			cut_back(recorder);
		}
	}
	if (err) {
		recorder->err = failed;
		recorder->gap = gap;
		fail(recorder, err, 0, now_ns);
		return;
	}
	recorder->lost_ns += now_ns - recorder->failed_ns;
	recorder->flushed_ns = recorder->checked_ns = now_ns;
	log_note("the capture goes on in %s: %" PRIu64
		 " records in %.1f s could not be written before",
		 recorder_path(recorder), gap,
		 (double)(now_ns - recorder->failed_ns) / (double)NS_PER_S);
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

static int open_place(struct lp_recorder *recorder, const struct lp_recorder_config *config,
		      struct lp_error *error)
{
	bool create = config->directory || has_trailing_slash(config->path);
	uint64_t most = config->retain_bytes / CURRENT_FILE_PART;

	if (!create && !is_directory(config->path))
		return destination_open(config->path, &recorder->destination, error);
	recorder->rotate_bytes = config->rotate_bytes;
	recorder->rotate_ns = config->rotate_ns;
	if (most && (!recorder->rotate_bytes || recorder->rotate_bytes > most))
		recorder->rotate_bytes = most;
	return capture_directory_open(config->path, create, config->retain_bytes,
				      &recorder->archive, error);
}

/* Returns whether the error means that there is no space, which may change. */
static bool is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EFBIG;
}

/*
 * Begins the first file.  A full disk is reported like an error during the run, any other
 * failure is returned.
 */
static int begin(struct lp_recorder *recorder, struct lp_error *error)
{
	uint64_t now_ns = recorder->header.start_ns;
	int err;

	recorder->now_ns = recorder->flushed_ns = recorder->checked_ns = now_ns;
	recorder->waits = recorder->destination && destination_is_taken(recorder->destination);
	if (recorder->waits)
		return 0;
	err = begin_file(recorder, now_ns);
	if (err && !is_full(err))
		return output_cannot_write(error, recorder_path(recorder), err);
	if (err)
		fail(recorder, err, 0, now_ns);
	else if (recorder->archive)
		capture_directory_retain(recorder->archive, recorder->file.bytes);
	return 0;
}

/*
 * Ends the wait for something to record: the new file takes the place of the older one.  The
 * capture begins with the start of the run.
 */
static void stop_waiting(struct lp_recorder *recorder)
{
	uint64_t now_ns = recorder->now_ns;
	int err = begin_file(recorder, recorder->header.start_ns);

	recorder->waits = false;
	recorder->flushed_ns = recorder->checked_ns = now_ns;
	if (err)
		fail(recorder, err, 0, now_ns);
}

static void free_recording(struct lp_recorder *recorder)
{
	close_file(recorder);
	destination_free(recorder->destination);
	capture_directory_free(recorder->archive);
	checkpoint_free(recorder->checkpoint);
	block_packer_free(recorder->packer);
	free(recorder);
}

int recorder_new(const struct lp_recorder_config *config, struct lp_recorder **result,
		 struct lp_error *error)
{
	struct lp_recorder *recorder = calloc(1, sizeof(*recorder));
	struct lp_capture_header *header;
	int err;

	*result = NULL;
	if (!recorder)
		return error_set(error, -ENOMEM, "out of memory");
	recorder->file.descriptor = -1;
	recorder->checkpoint = checkpoint_new();
	recorder->packer = block_packer_new();
	recorder->header = config->header;
	recorder->totals = config->totals;
	header = &recorder->header;
	memcpy(header->magic, LP_CAPTURE_MAGIC, sizeof(header->magic));
	header->major = LP_CAPTURE_MAJOR;
	header->minor = LP_CAPTURE_MINOR;
	header->header_bytes = sizeof(*header);
	header->segment = 0;
	read_boot_id(header->boot_id);
	if (!recorder->checkpoint || !recorder->packer)
		err = error_set(error, -ENOMEM, "out of memory");
	else if (getrandom(header->run_id, sizeof(header->run_id), 0) !=
		 (ssize_t)sizeof(header->run_id))
		err = error_set(error, -EIO, "cannot get random numbers from the kernel");
	else
		err = open_place(recorder, config, error);
	if (!err)
		err = begin(recorder, error);
	if (!err) {
		*result = recorder;
		return 0;
	}
	free_recording(recorder);
	return err;
}

/* A lp_record_taker: adds a record to the block that is being filled. */
static void add(void *context, const struct lp_event *record)
{
	struct lp_recorder *recorder = context;
	uint64_t waiting = block_packer_count(recorder->packer);
	int err = 0;

	if (!recorder->err && !block_packer_has_space(recorder->packer, record->size)) {
		err = write_block(recorder);
		if (err)
			fail_block(recorder, err, waiting, recorder->now_ns);
		else
			recorder->flushed_ns = recorder->now_ns;
	}
	if (recorder->err) {
		recorder->gap++;
		recorder->lost++;
		return;
	}
	block_packer_add(recorder->packer, record);
	recorder->segment_records++;
}

/* Returns whether the record is about a target, as against the run itself. */
static bool is_of_target(const struct lp_event *record)
{
	static const uint16_t of_run[] = { LP_EVENT_PROCESS, LP_EVENT_POLLER,	LP_EVENT_LOST,
					   LP_EVENT_SELF,    LP_EVENT_INTERVAL, LP_EVENT_END };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_run); i++)
		if (record->type == of_run[i])
			return false;
	return true;
}

void recorder_take(struct lp_recorder *recorder, const struct lp_event *record)
{
	if (record->size > LP_CAPTURE_RECORD_MAX / 2)
		return;
	if (record->time_ns > recorder->now_ns)
		recorder->now_ns = record->time_ns;
	if (recorder->waits && is_of_target(record))
		stop_waiting(recorder);
	if (!recorder->waits && record->type != LP_EVENT_PROCESS &&
	    record->type != LP_EVENT_POLLER) {
		if (!recorder->err)
			checkpoint_before(recorder->checkpoint, record, add, recorder);
		add(recorder, record);
	}
	checkpoint_add(recorder->checkpoint, record);
}

bool recorder_rotation_due(const struct lp_recorder *recorder, uint64_t now_ns)
{
	uint64_t age = now_ns - recorder->header.segment_ns;

	if (!recorder->archive || recorder->err || age < FLUSH_NS)
		return false;
	if (recorder->rotate_ns && age >= recorder->rotate_ns)
		return true;
	/* a file with only a checkpoint would be followed by files without an end */
	return recorder->rotate_bytes && recorder->file.bytes >= recorder->rotate_bytes &&
	       recorder->file.bytes > recorder->segment_bytes;
}

/* Writes the collected records to the file. */
static void flush(struct lp_recorder *recorder, uint64_t now_ns)
{
	uint64_t waiting = block_packer_count(recorder->packer);
	int err = write_block(recorder);

	if (err)
		fail_block(recorder, err, waiting, now_ns);
	else
		recorder->flushed_ns = now_ns;
}

/* Checks that the file is still in its place, and that the archive is within its limit. */
static void check(struct lp_recorder *recorder, uint64_t now_ns)
{
	int err = current_file_check(&recorder->file);

	recorder->checked_ns = now_ns;
	if (err)
		fail_block(recorder, err, 0, now_ns);
	else if (recorder->archive)
		capture_directory_retain(recorder->archive, recorder->file.bytes);
}

static void rotate(struct lp_recorder *recorder, uint64_t now_ns)
{
	int err = begin_next_file(recorder, now_ns);

	recorder->err = 0;
	if (err)
		fail(recorder, err, 0, now_ns);
}

void recorder_tick(struct lp_recorder *recorder, uint64_t now_ns)
{
	bool due = recorder_rotation_due(recorder, now_ns);

	recorder->now_ns = now_ns;
	if (recorder->waits)
		return;
	if (!recorder->err && (due || now_ns >= recorder->flushed_ns + FLUSH_NS))
		flush(recorder, now_ns);
	if (!recorder->err && due)
		rotate(recorder, now_ns);
	if (!recorder->err && (due || now_ns >= recorder->checked_ns + FLUSH_NS))
		check(recorder, now_ns);
	if (recorder->err && now_ns >= recorder->retry_ns)
		try_again(recorder, now_ns);
}

const char *recorder_path(const struct lp_recorder *recorder)
{
	return recorder->archive ? capture_directory_path(recorder->archive)
				 : destination_path(recorder->destination);
}

void recorder_discard(struct lp_recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->written && !recorder->segment_records && !recorder->header.segment)
		discard_file(recorder);
	free_recording(recorder);
}

int recorder_close(struct lp_recorder *recorder, struct lp_error *error)
{
	uint64_t waiting;
	int err = 0;

	if (!recorder)
		return 0;
	if (recorder->waits)
		log_note("there was nothing to record: %s is as it was", recorder_path(recorder));
	waiting = block_packer_count(recorder->packer);
	if (!recorder->err)
		err = write_block(recorder);
	if (err)
		fail_block(recorder, err, waiting, recorder->now_ns);
	if (recorder->file.descriptor >= 0 && close(recorder->file.descriptor) && !recorder->err)
		recorder->err = recorder->first_err = -errno;
	recorder->file.descriptor = -1;
	if (recorder->err && recorder->now_ns > recorder->failed_ns)
		recorder->lost_ns += recorder->now_ns - recorder->failed_ns;
	err = recorder->lost || recorder->err ? recorder->first_err : 0;
	if (err)
		error_set(error, err,
			  "the capture %s is incomplete: %" PRIu64
			  " records in %.1f s could not be written: %s",
			  recorder_path(recorder), recorder->lost,
			  (double)recorder->lost_ns / (double)NS_PER_S, reason(err));
	if (recorder->totals && recorder->written)
		*recorder->totals = (struct lp_recorder_totals){
			.files = recorder->header.segment + 1,
			.bytes = recorder->earlier_bytes + recorder->file.bytes,
		};
	free_recording(recorder);
	return err;
}
