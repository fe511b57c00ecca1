/* SPDX-License-Identifier: BSD-2-Clause */
/* Lives of tasks: how they ended, and what they consisted of. */
#ifndef LP_MODEL_LIFETIMES_H
#define LP_MODEL_LIFETIMES_H

#include "wire/wire.h"
#include "report.h"

void lifetimes_add(struct lp_lifetimes *lifetimes, const struct lp_event_task_end *event);

/* into += from */
void lifetimes_merge(struct lp_lifetimes *into, const struct lp_lifetimes *from);

/* What was added between two states of them. */
void lifetimes_subtract(struct lp_lifetimes *difference, const struct lp_lifetimes *now,
			const struct lp_lifetimes *before);

/* Tasks that have ended, however. */
uint64_t lifetimes_count(const struct lp_lifetimes *lifetimes);

#endif /* LP_MODEL_LIFETIMES_H */
