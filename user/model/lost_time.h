/* SPDX-License-Identifier: BSD-2-Clause */
/* Loop time lost, added up by cause and line, also where each loss was small. */
#ifndef LP_MODEL_LOST_TIME_H
#define LP_MODEL_LOST_TIME_H

#include "stacks.h"

struct lp_lost_time;

struct lp_lost_time *lost_time_new(void);
void lost_time_free(struct lp_lost_time *lost_time);

/* Forgets all. */
void lost_time_reset(struct lp_lost_time *lost_time);

/* key: what tells it apart; count and total_ns are ignored. */
void lost_time_add(struct lp_lost_time *lost_time, const struct lp_cause *key, uint64_t count,
		   uint64_t total_ns);
/* Adds all of another one, as it was at the last interval and since. */
void lost_time_merge(struct lp_lost_time *into, const struct lp_lost_time *from);
/* What the loop has waited for a CPU since its beginning. */
void lost_time_set_run_queue(struct lp_lost_time *lost_time, uint64_t count, uint64_t total_ns);

/*
 * All of them, worst first, since the beginning or the last lost_time_begin_interval.
 * Returns how many; *list is to be freed.
 */
size_t lost_time_list(const struct lp_lost_time *lost_time, bool interval, struct lp_cause **list);
void lost_time_begin_interval(struct lp_lost_time *lost_time);

#endif /* LP_MODEL_LOST_TIME_H */
