/* SPDX-License-Identifier: BSD-2-Clause */
/* Who holds the lock for which a blocked loop waits, and who ended the wait, from the records. */
#ifndef LP_MODEL_LOCK_HOLDERS_H
#define LP_MODEL_LOCK_HOLDERS_H

#include "report.h"
#include "stacks.h"
#include "wire/wire.h"

#include <stdbool.h>

/* Takes the holder from a record of LP_SAMPLE_LOCK_HOLDER; the one before is forgotten. */
void lock_holder_take(struct lp_lock_holder *holder, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event);

/* Takes the waker from a record of LP_SAMPLE_WAKER; the one before is forgotten. */
void lock_waker_take(struct lp_waker *waker, const struct lp_frames *frames,
		     const struct lp_event_stack_sample *event);

/* Returns whether the waker ended a wait of this call. */
bool lock_waker_ended(const struct lp_waker *waker, const struct lp_block *block);

#endif /* LP_MODEL_LOCK_HOLDERS_H */
