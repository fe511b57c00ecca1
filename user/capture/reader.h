/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a capture, record by record. Whatever its bytes are, the records that it returns are whole.
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

/* Opens a capture and reads its header. */
int capture_reader_new(const char *path, struct lp_capture_reader **reader, struct lp_error *error);
void capture_reader_free(struct lp_capture_reader *reader);

const struct lp_capture_header *capture_header(const struct lp_capture_reader *reader);

/*
 * The next record, which holds until the next call.  Returns 1; 0 at the end of the
 * file; -ENODATA if it ends within a record, -EBADMSG if it goes on with what cannot
 * be a record, or if a damaged block was left out on the way: each time with a
 * sentence, after all records that can be read.
 */
int capture_next(struct lp_capture_reader *reader, const struct lp_event **record,
		 struct lp_error *error);

/* Of the record that capture_next() gave: is it of a LP_BLOCK_CHECKPOINT? */
bool capture_is_checkpoint(const struct lp_capture_reader *reader);

/* How many records could not be written when it was recorded, as far as it was read. */
uint64_t capture_lost(const struct lp_capture_reader *reader);

/* All that are left; returns as capture_next() does at the end. */
int capture_read(struct lp_capture_reader *reader, lp_record_taker take, void *context,
		 struct lp_error *error);

/* Closes its file until it is read on: of many captures only a few are open at once. */
void capture_park(struct lp_capture_reader *reader);

#endif /* LP_CAPTURE_READER_H */
