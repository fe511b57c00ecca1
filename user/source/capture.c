// SPDX-License-Identifier: BSD-2-Clause
#include "capture.h"

#include "../out/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No record comes near it; a larger size is a damaged file. */
#define RECORD_MAX (1 << 20)
#define ALIGNMENT 8

struct lp_capture_writer {
	FILE *file;
	char *path;
	int err;
};

struct lp_capture_reader {
	FILE *file;
	char *path;
	struct lp_capture_header header;
	uint64_t offset;
};

static size_t padding(size_t size)
{
	return (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
}

int capture_writer_new(const char *path, const struct lp_capture_header *header,
		       struct lp_capture_writer **result, struct lp_error *error)
{
	struct lp_capture_writer *writer = calloc(1, sizeof(*writer));
	int err;

	*result = NULL;
	if (!writer || !(writer->path = strdup(path))) {
		free(writer);
		return error_set(error, -ENOMEM, "out of memory");
	}
	err = output_open(path, &writer->file, error);
	if (err) {
		free(writer->path);
		free(writer);
		return err;
	}
	if (fwrite(header, sizeof(*header), 1, writer->file) != 1 || fflush(writer->file))
		writer->err = errno ? -errno : -EIO;
	*result = writer;
	return 0;
}

void capture_write(struct lp_capture_writer *writer, const struct lp_event *record)
{
	static const char zeros[ALIGNMENT];
	size_t rest = padding(record->size);

	if (writer->err)
		return;
	if (fwrite(record, record->size, 1, writer->file) != 1 ||
	    (rest && fwrite(zeros, rest, 1, writer->file) != 1))
		writer->err = errno ? -errno : -EIO;
}

int capture_writer_close(struct lp_capture_writer *writer, struct lp_error *error)
{
	int err;

	if (!writer)
		return 0;
	if (fclose(writer->file) && !writer->err)
		writer->err = errno ? -errno : -EIO;
	err = writer->err;
	if (err)
		error_set(
			error, err,
			"the capture %s is incomplete: %s; free some space or choose another place with -o",
			writer->path, strerror(-err));
	free(writer->path);
	free(writer);
	return err;
}

static int check_header(const struct lp_capture_reader *reader, struct lp_error *error)
{
	const struct lp_capture_header *header = &reader->header;

	if (memcmp(header->magic, LP_CAPTURE_MAGIC, sizeof(header->magic)) != 0)
		return error_set(
			error, -EBADMSG,
			"%s is not a capture of loopprof; `loopprof record -o FILE` makes one",
			reader->path);
	if (header->major != LP_CAPTURE_MAJOR)
		return error_set(
			error, -ENOTSUP,
			"%s has capture format %u.%u, this loopprof reads %u.x; use the version that wrote it (%.31s) or a later one",
			reader->path, header->major, header->minor, LP_CAPTURE_MAJOR, header->tool);
	if (header->header_bytes < sizeof(*header) || header->header_bytes > RECORD_MAX ||
	    !memchr(header->tool, '\0', sizeof(header->tool)) ||
	    !memchr(header->mode, '\0', sizeof(header->mode)) ||
	    !memchr(header->host, '\0', sizeof(header->host)))
		return error_set(error, -EBADMSG, "the header of %s is damaged; record again",
				 reader->path);
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
	reader->file = fopen(path, "rbe");
	if (!reader->file) {
		err = error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
		goto cleanup;
	}
	if (fread(&reader->header, sizeof(reader->header), 1, reader->file) != 1) {
		err = ferror(reader->file)
			      ? error_set(error, -EIO, "cannot read %s: %s", path, strerror(errno))
			      : error_set(
					error, -EBADMSG,
					"%s is not a capture of loopprof (or was cut in its first %zu bytes); `loopprof record -o FILE` makes one",
					path, sizeof(reader->header));
		goto cleanup;
	}
	err = check_header(reader, error);
	if (err)
		goto cleanup;
	if (fseek(reader->file, (long)reader->header.header_bytes, SEEK_SET)) {
		err = error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
		goto cleanup;
	}
	reader->offset = reader->header.header_bytes;
	*result = reader;
	return 0;
cleanup:
	capture_reader_free(reader);
	return err;
}

const struct lp_capture_header *capture_header(const struct lp_capture_reader *reader)
{
	return &reader->header;
}

/* One record into *buffer, which grows as needed.  1: done, 0: end of file, or a negative errno. */
static int read_record(struct lp_capture_reader *reader, struct lp_event **buffer, size_t *room)
{
	struct lp_event head;
	size_t size, got;

	got = fread(&head, 1, sizeof(head), reader->file);
	if (got != sizeof(head))
		return got ? -ENODATA : 0;
	if (head.size < sizeof(head) || head.size > RECORD_MAX)
		return -EBADMSG;
	size = head.size + padding(head.size);
	if (!*buffer || size > *room) {
		struct lp_event *grown = realloc(*buffer, size);

		if (!grown)
			return -ENOMEM;
		*buffer = grown;
		*room = size;
	}
	memcpy(*buffer, &head, sizeof(head));
	if (fread(*buffer + 1, 1, size - sizeof(head), reader->file) != size - sizeof(head))
		return -ENODATA;
	reader->offset += size;
	return 1;
}

int capture_read(struct lp_capture_reader *reader, lp_record_taker take, void *context,
		 struct lp_error *error)
{
	struct lp_event *buffer = NULL;
	size_t room = 0;
	int err;

	while ((err = read_record(reader, &buffer, &room)) > 0)
		take(context, buffer);
	free(buffer);
	if (err == -ENODATA)
		error_set(
			error, err,
			"%s was cut at byte %" PRIu64
			": the report covers what was written before (was the recording killed, or the disk full?)",
			reader->path, reader->offset);
	else if (err == -EBADMSG)
		error_set(error, err,
			  "%s is damaged at byte %" PRIu64
			  ": the report covers what comes before; record again",
			  reader->path, reader->offset);
	else if (err)
		error_set(error, err, "cannot read %s: %s", reader->path, strerror(-err));
	return err;
}

void capture_reader_free(struct lp_capture_reader *reader)
{
	if (!reader)
		return;
	if (reader->file)
		fclose(reader->file);
	free(reader->path);
	free(reader);
}
