/* SPDX-License-Identifier: BSD-2-Clause */
/* Lifetimes of tasks: their outcomes, and the parts of their time. */
#ifndef LP_MODEL_LIFETIMES_H
#define LP_MODEL_LIFETIMES_H

#include "wire/wire.h"
#include "report.h"

void lifetimes_add(struct lp_lifetimes *lifetimes, const struct lp_event_task_end *event);

/* into += from */
void lifetimes_merge(struct lp_lifetimes *into, const struct lp_lifetimes *from);

/* difference = now - before */
void lifetimes_subtract(struct lp_lifetimes *difference, const struct lp_lifetimes *now,
			const struct lp_lifetimes *before);

/* Returns the number of ended tasks, whatever the outcome. */
uint64_t lifetimes_count(const struct lp_lifetimes *lifetimes);

#endif /* LP_MODEL_LIFETIMES_H */
