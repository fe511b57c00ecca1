/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of processes over their share, from the events that report them. */
#ifndef LP_MODEL_LIMITED_H
#define LP_MODEL_LIMITED_H

#include "labels.h"
#include "model.h"

struct lp_model_source;

/* Processes that are listed by themselves; the rest is counted under PID 0. */
#define LP_LIMITED_MOST 64

struct lp_limited_list {
	struct lp_limited items[LP_LIMITED_MOST + 1]; /* the last one is the rest */
	size_t count;
};

void limited_take(struct lp_limited_list *list, const struct lp_event_limited *event,
		  const struct lp_labels *targets);
/* Appends a source's counts to a summary, each process with one of its loops. */
void limited_summarise(const struct lp_limited_list *list, const struct lp_model *model,
		       const struct lp_model_source *source, struct lp_summary *summary);

#endif /* LP_MODEL_LIMITED_H */
