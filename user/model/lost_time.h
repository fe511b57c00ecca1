/* SPDX-License-Identifier: BSD-2-Clause */
/* Loop time lost, added up by cause and line, also where each loss was small. */
#ifndef LP_MODEL_LOST_TIME_H
#define LP_MODEL_LOST_TIME_H

#include "stacks.h"

struct lp_causes;

struct lp_causes *causes_new(void);
void causes_free(struct lp_causes *causes);

/* Forgets all. */
void causes_reset(struct lp_causes *causes);

/* key: what tells it apart; count and total_ns are ignored. */
void causes_add(struct lp_causes *causes, const struct lp_cause *key, uint64_t count,
		uint64_t total_ns);
/* Adds all of another one, as it was at the last interval and since. */
void causes_merge(struct lp_causes *into, const struct lp_causes *from);
/* What the loop has waited for a CPU since its beginning. */
void causes_set_run_queue(struct lp_causes *causes, uint64_t count, uint64_t total_ns);

/*
 * All of them, worst first, since the beginning or the last causes_begin_interval.
 * Returns how many; *list is to be freed.
 */
size_t causes_list(const struct lp_causes *causes, bool interval, struct lp_cause **list);
void causes_begin_interval(struct lp_causes *causes);

#endif /* LP_MODEL_LOST_TIME_H */
