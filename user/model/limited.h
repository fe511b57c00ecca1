/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of processes over their share, from the events that report them. */
#ifndef LP_MODEL_LIMITED_H
#define LP_MODEL_LIMITED_H

#include "processes.h"
#include "model.h"

struct lp_model_source;

/* Processes that are listed by themselves; the rest is counted under PID 0. */
#define LP_LIMITED_MOST 64

/* Of one process; its loops may end, and be counted with others, before the run does. */
struct lp_limited_item {
	struct lp_limited limited; /* loop is not set */
	struct lp_loop_info info; /* the labels that the counts belong to; of PID 0 none */
};

/* All zero at first: most sources have no such processes. */
struct lp_limited_list {
	struct lp_limited_item *items; /* the last of LP_LIMITED_MOST + 1 is the rest */
	size_t count;
};

/* Takes an event of the source.  Without memory for it, a process is counted with the rest. */
void limited_take(struct lp_model_source *source, const struct lp_model *model,
		  const struct lp_event_limited *event);
/*
 * Appends a source's counts to a summary, each process with its labels, which hold until the
 * next event of the source.
 */
void limited_summarise(const struct lp_limited_list *list, struct lp_summary *summary);
void limited_free(struct lp_limited_list *list);

#endif /* LP_MODEL_LIMITED_H */
