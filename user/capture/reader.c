// SPDX-License-Identifier: BSD-2-Clause
#include "reader.h"

#include "base/text.h"

#include "block.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The least number of bytes that is read from the file at once. */
#define WINDOW_BYTES 32768

struct lp_capture_reader {
	char *path;
	int descriptor; /* -1: the reader is parked */
	dev_t device;
	ino_t inode;
	struct lp_capture_header header;
	uint64_t offset; /* file offset of the next record or block */
	/* bytes of the file from window_at on */
	uint8_t *window;
	size_t window_capacity, window_bytes;
	uint64_t window_at;
	/* the unpacked records of a block, or one record that is not in a block */
	uint8_t *raw;
	size_t raw_capacity, raw_bytes, raw_at;
	uint64_t block_at; /* file offset of the block */
	uint16_t block_flags;
	bool block_cut;
	bool checkpoint;
	uint64_t lost;
	/* damaged blocks: their number, and the file offset of the first one */
	uint64_t damaged, damaged_at;
};

static int cannot_read(struct lp_error *error, const char *path, int err)
{
	if (err == -ESPIPE)
		return error_set(
			error, err,
			"cannot read %s: it is a pipe or a device, and a capture is read as a file; write it to one first",
			path);
	return error_set(error, err, "cannot read %s: %s", path, strerror(-err));
}

/* Opens the file, or opens it again; then it has to be the same file. */
static int open_file(struct lp_capture_reader *reader)
{
	struct stat status;
	int err;

	if (reader->descriptor >= 0)
		return 0;
	/* opening a device may have an effect, and a pipe cannot be read twice */
	if (stat(reader->path, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -ESPIPE;
	/* the path may lead to another file since stat() */
	reader->descriptor = open(reader->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader->descriptor < 0)
		return -errno;
	if (fstat(reader->descriptor, &status))
		err = -errno;
	else if (!S_ISREG(status.st_mode))
		err = -ESPIPE;
	else if (reader->inode &&
		 (reader->device != status.st_dev || reader->inode != status.st_ino))
		err = -ESTALE;
	else
		err = 0;
	reader->device = status.st_dev;
	reader->inode = status.st_ino;
	if (err)
		capture_park(reader);
	return err;
}

void capture_park(struct lp_capture_reader *reader)
{
	if (reader->descriptor >= 0)
		close(reader->descriptor);
	reader->descriptor = -1;
}

static int reserve(uint8_t **buffer, size_t *capacity, size_t wanted)
{
	uint8_t *grown;

	if (wanted <= *capacity)
		return 0;
	grown = realloc(*buffer, wanted);
	if (!grown)
		return -ENOMEM;
	*buffer = grown;
	*capacity = wanted;
	return 0;
}

/*
 * Makes the window hold size bytes from reader->offset on.  *got is the number of bytes
 * there, fewer at the end of the file.  Returns 0 or a negative errno.
 */
static int fill_window(struct lp_capture_reader *reader, size_t size, const uint8_t **data,
		       size_t *got)
{
	size_t wanted = size > WINDOW_BYTES ? size : WINDOW_BYTES;
	ssize_t count;
	int err;

	*data = NULL;
	*got = 0;
	if (reader->offset >= reader->window_at &&
	    reader->offset + size <= reader->window_at + reader->window_bytes) {
		*data = reader->window + (reader->offset - reader->window_at);
		*got = size;
		return 0;
	}
	err = reserve(&reader->window, &reader->window_capacity, wanted);
	if (!err)
		err = open_file(reader);
	if (err)
		return err;
	reader->window_at = reader->offset;
	reader->window_bytes = 0;
	while (reader->window_bytes < wanted) {
		count = pread(reader->descriptor, reader->window + reader->window_bytes,
			      wanted - reader->window_bytes,
			      (off_t)(reader->window_at + reader->window_bytes));
		if (count < 0 && errno != EINTR)
			return -errno;
		if (!count)
			break;
		if (count > 0)
			reader->window_bytes += (size_t)count;
	}
	*data = reader->window;
	*got = reader->window_bytes < size ? reader->window_bytes : size;
	return 0;
}

static int check_header(const struct lp_capture_reader *reader, struct lp_error *error)
{
	const struct lp_capture_header *header = &reader->header;
	/* the tool's name may lack the final NUL */
	int tool_bytes = (int)sizeof(header->tool);

	if (memcmp(header->magic, LP_CAPTURE_MAGIC, sizeof(header->magic)) != 0)
		return error_set(
			error, -EBADMSG,
			"%s is not a capture of loopprof; `loopprof record -o FILE` makes one",
			reader->path);
	if (header->major != LP_CAPTURE_MAJOR)
		return error_set(
			error, -ENOTSUP,
			"%s has capture format %u.%u, this loopprof reads %u.x; use the version that wrote it (%.*s) or a later one",
			reader->path, header->major, header->minor, LP_CAPTURE_MAJOR, tool_bytes,
			header->tool);
	if (header->header_bytes < LP_CAPTURE_HEADER_1_0 ||
	    header->header_bytes > LP_CAPTURE_RECORD_MAX ||
	    !memchr(header->tool, '\0', sizeof(header->tool)) ||
	    !memchr(header->mode, '\0', sizeof(header->mode)) ||
	    !memchr(header->host, '\0', sizeof(header->host)))
		return error_set(error, -EBADMSG, "the header of %s is damaged; record again",
				 reader->path);
	return 0;
}

static int read_header(struct lp_capture_reader *reader, struct lp_error *error)
{
	size_t bytes = sizeof(reader->header);
	const uint8_t *data;
	size_t got;
	int err = fill_window(reader, bytes, &data, &got);

	if (err)
		return cannot_read(error, reader->path, err);
	if (got < LP_CAPTURE_HEADER_1_0)
		return error_set(
			error, -EBADMSG,
			"%s is not a capture of loopprof (or was cut in its first %u bytes); `loopprof record -o FILE` makes one",
			reader->path, LP_CAPTURE_HEADER_1_0);
	memcpy(&reader->header, data, got);
	err = check_header(reader, error);
	if (err)
		return err;
	/* the header of an older version is shorter: records follow */
	if (reader->header.header_bytes < bytes)
		memset((uint8_t *)&reader->header + reader->header.header_bytes, 0,
		       bytes - reader->header.header_bytes);
	else if (got < bytes)
		return error_set(
			error, -EBADMSG,
			"%s is not a capture of loopprof (or was cut in its first %zu bytes); `loopprof record -o FILE` makes one",
			reader->path, bytes);
	/*
	 * a capture may come from anybody, and the texts of its header are printed as they are from
	 * here on
	 */
	text_sanitise(reader->header.tool);
	text_sanitise(reader->header.mode);
	text_sanitise(reader->header.host);
	reader->offset = reader->header.header_bytes;
	return 0;
}

int capture_reader_new(const char *path, struct lp_capture_reader **result, struct lp_error *error)
{
	struct lp_capture_reader *reader = calloc(1, sizeof(*reader));
	int err;

	*result = NULL;
	if (!reader || !(reader->path = strdup(path))) {
		free(reader);
		return error_set(error, -ENOMEM, "out of memory");
	}
	reader->descriptor = -1;
	err = read_header(reader, error);
	if (err) {
		capture_reader_free(reader);
		return err;
	}
	*result = reader;
	return 0;
}

void capture_reader_free(struct lp_capture_reader *reader)
{
	if (!reader)
		return;
	capture_park(reader);
	free(reader->window);
	free(reader->raw);
	free(reader->path);
	free(reader);
}

const struct lp_capture_header *capture_header(const struct lp_capture_reader *reader)
{
	return &reader->header;
}

bool capture_is_checkpoint(const struct lp_capture_reader *reader)
{
	return reader->checkpoint;
}

uint64_t capture_lost(const struct lp_capture_reader *reader)
{
	return reader->lost;
}

static void note_damaged(struct lp_capture_reader *reader, uint64_t offset)
{
	if (!reader->damaged++)
		reader->damaged_at = offset;
}

/* Unpacks as much of a block as the file has.  Returns 0 or a negative errno. */
static int take_block(struct lp_capture_reader *reader, const uint8_t *data, size_t bytes,
		      bool whole)
{
	struct lp_capture_block head;
	size_t got;
	int err;

	reader->raw_bytes = reader->raw_at = 0;
	if (bytes < sizeof(head))
		return whole ? -EBADMSG : 0;
	memcpy(&head, data, sizeof(head));
	if (head.raw_bytes < sizeof(struct lp_event) || head.raw_bytes > LP_CAPTURE_RAW_MAX)
		return -EBADMSG;
	err = reserve(&reader->raw, &reader->raw_capacity, head.raw_bytes);
	if (err)
		return err;
	if (bytes > head.event.size)
		bytes = head.event.size;
	err = block_unpack(data + sizeof(head), bytes - sizeof(head), reader->raw, head.raw_bytes,
			   &got);
	if (whole && err == -ENODATA)
		return -EBADMSG;
	if (err && err != -ENODATA)
		return err;
	reader->raw_bytes = got;
	reader->block_flags = head.event.reserved;
	reader->block_cut = !whole;
	reader->lost += head.lost;
	return 0;
}

/*
 * Reads a record outside of blocks: any record up to 1.2, and records that a later version
 * may put between blocks.
 */
static int take_plain(struct lp_capture_reader *reader, const uint8_t *data, size_t size)
{
	int err = reserve(&reader->raw, &reader->raw_capacity, size);

	if (err)
		return err;
	memcpy(reader->raw, data, size);
	reader->raw_bytes = size;
	reader->raw_at = 0;
	reader->block_flags = 0;
	reader->block_cut = false;
	return 0;
}

/*
 * Reads the next block or record of the file.  Returns 1 if reader->raw has records or the
 * block was skipped; 0 at the end; or a negative errno.
 */
static int next_piece(struct lp_capture_reader *reader)
{
	struct lp_event head;
	const uint8_t *data;
	size_t size, got;
	int err = fill_window(reader, sizeof(head), &data, &got);

	if (err || !got)
		return err;
	if (got < sizeof(head))
		return -ENODATA;
	memcpy(&head, data, sizeof(head));
	if (head.size < sizeof(head) || head.size > LP_CAPTURE_RECORD_MAX)
		return -EBADMSG;
	size = record_padded(head.size);
	err = fill_window(reader, size, &data, &got);
	if (err || !got)
		return err ? err : -ENODATA;
	reader->block_at = reader->offset;
	if (head.type == LP_EVENT_BLOCK) {
		err = take_block(reader, data, got, got == size);
		if (err == -EBADMSG && got == size) {
			note_damaged(reader, reader->offset);
			err = 0;
		}
		if (!err && got < size && !reader->raw_bytes)
			err = -ENODATA;
		if (err)
			return err;
	} else {
		if (got < size)
			return -ENODATA;
		err = take_plain(reader, data, size);
		if (err)
			return err;
	}
	reader->offset += got;
	return 1;
}

/* The next whole record in reader->raw, or NULL. */
static const struct lp_event *next_unpacked(struct lp_capture_reader *reader)
{
	size_t left = reader->raw_bytes - reader->raw_at;
	const struct lp_event *record;

	if (left < sizeof(*record))
		return NULL;
	record = (const struct lp_event *)(const void *)(reader->raw + reader->raw_at);
	/* a block must not contain another one */
	if (record->size < sizeof(*record) || record->type == LP_EVENT_BLOCK ||
	    record->size > LP_CAPTURE_RAW_MAX || record_padded(record->size) > left) {
		if (!reader->block_cut)
			note_damaged(reader, reader->block_at);
		return NULL;
	}
	reader->raw_at += record_padded(record->size);
	reader->checkpoint = reader->block_flags & LP_BLOCK_CHECKPOINT;
	return record;
}

static int report_end(const struct lp_capture_reader *reader, int err, struct lp_error *error)
{
	if (err == -ENODATA)
		return error_set(
			error, err,
			"%s was cut at byte %" PRIu64
			": the report covers what was written before (was the recording killed, or the disk full?)",
			reader->path, reader->offset);
	if (err == -EBADMSG)
		return error_set(error, err,
				 "%s is damaged at byte %" PRIu64
				 ": the report covers what comes before; record again",
				 reader->path, reader->offset);
	if (err)
		return cannot_read(error, reader->path, err);
	if (reader->damaged)
		return error_set(
			error, -EBADMSG,
			"%s is damaged at byte %" PRIu64 ": %" PRIu64
			" blocks of it were left out, the report covers the others; record again",
			reader->path, reader->damaged_at, reader->damaged);
	return 0;
}

int capture_next(struct lp_capture_reader *reader, const struct lp_event **record,
		 struct lp_error *error)
{
	int err;

	for (;;) {
		*record = next_unpacked(reader);
		if (*record)
			return 1;
		/* the rest of a cut block is no whole record */
		if (reader->raw_bytes && reader->block_cut)
			return report_end(reader, -ENODATA, error);
		reader->raw_bytes = reader->raw_at = 0;
		err = next_piece(reader);
		if (err <= 0)
			return report_end(reader, err, error);
	}
}

int capture_read(struct lp_capture_reader *reader, lp_record_taker take, void *context,
		 struct lp_error *error)
{
	const struct lp_event *record;
	int err;

	while ((err = capture_next(reader, &record, error)) > 0)
		take(context, record);
	return err;
}
