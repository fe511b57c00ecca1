/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures: the records of a run in a file.  All numbers are little endian, as
 * the program runs on x86-64 only.
 *
 * 1.0: struct lp_capture_header, then records as they are on the wire, each with
 * its size in its head, one after the other, padded to 8 bytes.
 * 1.1: records on what a stall is made of (LP_EVENT_ACCOUNT and its kin).
 */
#ifndef LP_CAPTURE_H
#define LP_CAPTURE_H

#include "../error.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>

#define LP_CAPTURE_MAGIC "LOOPPROF"
#define LP_CAPTURE_MAJOR 1
#define LP_CAPTURE_MINOR 2

struct lp_capture_header {
	char magic[8];
	__u16 major; /* another one cannot be read */
	__u16 minor; /* a higher one may have records that are skipped */
	__u32 header_bytes;
	__u64 threshold_ns;
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 start_unix_ns;
	__u32 queue;
	__u32 reserved;
	char tool[32];
	char mode[16];
	char host[80];
};

_Static_assert(sizeof(struct lp_capture_header) == 176, "wire");

struct lp_capture_writer;

/* Creates the file: a failure is told before anything is attached. */
int capture_writer_new(const char *path, const struct lp_capture_header *header,
		       struct lp_capture_writer **writer, struct lp_error *error);
void capture_write(struct lp_capture_writer *writer, const struct lp_event *record);
/* Returns 0, or the first error that occurred in writing, with a sentence. */
int capture_writer_close(struct lp_capture_writer *writer, struct lp_error *error);

struct lp_capture_reader;

/* Opens a capture and reads its header. */
int capture_reader_new(const char *path, struct lp_capture_reader **reader, struct lp_error *error);
const struct lp_capture_header *capture_header(const struct lp_capture_reader *reader);

/*
 * Hands out all records.  Returns 0 at the end of the file; -ENODATA if it ends
 * in the middle of a record, -EBADMSG at a record that cannot be: what came
 * before has been handed out.
 */
int capture_read(struct lp_capture_reader *reader, lp_record_taker take, void *context,
		 struct lp_error *error);
void capture_reader_free(struct lp_capture_reader *reader);

#endif /* LP_CAPTURE_H */
