/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state that is repeated at the head of each further file of a capture, so that the file
 * can be read alone: targets, loops and names in use, and the counters.  The last record of
 * each is retained, packed.
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
 * Updates the state by a record: retains what a later file has to repeat, and drops what the
 * record ends.  LP_EVENT_PROCESS is also passed here, although captures do not contain it.
 */
void checkpoint_add(struct lp_checkpoint *checkpoint, const struct lp_event *record);

/*
 * Begins another file: passes targets, loops, names and counters to take(), and at the end
 * LP_EVENT_BASELINE with the time now_ns.  Frames and stacks are left to checkpoint_before(),
 * as few of them are used again.
 */
void checkpoint_begin_file(struct lp_checkpoint *checkpoint, uint64_t now_ns, lp_record_taker take,
			   void *context);

/*
 * Passes the frames and stacks that a record refers to, and that the current file does not
 * have yet, to take().  To be called before the record itself is written.
 */
void checkpoint_before(struct lp_checkpoint *checkpoint, const struct lp_event *record,
		       lp_record_taker take, void *context);

#endif /* LP_CAPTURE_CHECKPOINT_H */
