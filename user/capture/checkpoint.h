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

struct lp_replay;

struct lp_replay *replay_new(void);
void replay_free(struct lp_replay *replay);

/*
 * Keeps what is to be told again of a record, and forgets what it ends.  Also of
 * LP_EVENT_PROCESS, which is not for a capture itself.
 */
void replay_keep(struct lp_replay *replay, const struct lp_event *record);

/*
 * Another file begins: hands out targets, loops, names and counts, and at the end
 * LP_EVENT_BASELINE of that instant.  Places and stacks are not told yet, as few
 * are named again: see replay_before().
 */
void replay_begin_file(struct lp_replay *replay, uint64_t now_ns, lp_record_taker take,
		       void *context);

/* Hands out what a record names and this file has not told yet. */
void replay_before(struct lp_replay *replay, const struct lp_event *record, lp_record_taker take,
		   void *context);

#endif /* LP_CAPTURE_CHECKPOINT_H */
