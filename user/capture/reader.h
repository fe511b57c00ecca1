/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a capture record by record.  The records that it returns lie within their bounds,
 * whatever the file contains.
 */
#ifndef LP_CAPTURE_READER_H
#define LP_CAPTURE_READER_H

#include "base/error.h"
#include "format.h"
#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_capture_reader;

/*
 * Opens a capture and reads its header.  Returns 0, or a negative errno with a sentence in
 * error.
 */
int capture_reader_new(const char *path, struct lp_capture_reader **reader, struct lp_error *error);
void capture_reader_free(struct lp_capture_reader *reader);

const struct lp_capture_header *capture_header(const struct lp_capture_reader *reader);

/*
 * Reads the next record, which is valid until the next call.  Returns 1; 0 at the end of the
 * file; -ENODATA if the file ends within a record; -EBADMSG if it continues with bytes that
 * cannot be a record, or if a damaged block was skipped.  The errors come with a sentence,
 * after all readable records have been returned.
 */
int capture_next(struct lp_capture_reader *reader, const struct lp_event **record,
		 struct lp_error *error);

/*
 * Returns whether the last record that capture_next() returned is in a block with
 * LP_BLOCK_CHECKPOINT.
 */
bool capture_is_checkpoint(const struct lp_capture_reader *reader);

/*
 * The number of records that the recording run could not write, as far as the file has been
 * read.
 */
uint64_t capture_lost(const struct lp_capture_reader *reader);

/* Passes all remaining records to take(); returns the result of the last capture_next(). */
int capture_read(struct lp_capture_reader *reader, lp_record_taker take, void *context,
		 struct lp_error *error);

/* Closes the file until the next read: of many captures only a few are open at once. */
void capture_park(struct lp_capture_reader *reader);

#endif /* LP_CAPTURE_READER_H */
