/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a capture that goes on in another file has to tell again: targets, loops and
 * names in use, and what has been counted.  The last record of each is kept, without
 * its zeros.
 */
#ifndef LP_CAPTURE_CHECKPOINT_H
#define LP_CAPTURE_CHECKPOINT_H

#include "wire/record.h"

#include <stddef.h>
#include <stdint.h>

struct lp_checkpoint;

struct lp_checkpoint *checkpoint_new(void);
void checkpoint_free(struct lp_checkpoint *checkpoint);

/*
 * Keeps what is to be told again of a record, and forgets what it ends.  Also of
 * LP_EVENT_PROCESS, which is not for a capture itself.
 */
void checkpoint_add(struct lp_checkpoint *checkpoint, const struct lp_event *record);

/*
 * Another file begins: hands out targets, loops, names and counts, and at the end
 * LP_EVENT_BASELINE of that instant.  Places and stacks are not told yet, as few
 * are named again: see checkpoint_before().
 */
void checkpoint_begin_file(struct lp_checkpoint *checkpoint, uint64_t now_ns, lp_record_taker take,
			   void *context);

/* Hands out what a record names and this file has not told yet. */
void checkpoint_before(struct lp_checkpoint *checkpoint, const struct lp_event *record,
		       lp_record_taker take, void *context);

#endif /* LP_CAPTURE_CHECKPOINT_H */
