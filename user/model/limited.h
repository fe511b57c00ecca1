/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of processes that exceeded their share, from the events that report them. */
#ifndef LP_MODEL_LIMITED_H
#define LP_MODEL_LIMITED_H

#include "processes.h"
#include "model.h"

struct lp_model_source;

/* The limit of processes with an entry of their own; all others are counted under PID 0. */
#define LP_LIMITED_MOST 64

/* The entry of one process.  It copies labels, as loops may be folded before the run ends. */
struct lp_limited_item {
	struct lp_limited limited; /* loop is not set */
	struct lp_loop_info info; /* labels of the process; empty for PID 0 */
};

/* The limit of processes without a target whose last event is retained. */
#define LP_LIMITED_LAST 1024

/* The counts of the last event about a process of which the source has no target. */
struct lp_limited_last {
	uint32_t pid;
	uint64_t counts[LP_LIMITED_KINDS];
};

/* The entries of a source.  All zeros are an empty list. */
struct lp_limited_list {
	struct lp_limited_item *items; /* at most LP_LIMITED_MOST + 1, the last for PID 0 */
	size_t count;
	struct lp_limited_last *last; /* at most LP_LIMITED_LAST */
	size_t last_count;
};

/*
 * Takes an event of the source.  It is ignored without memory for a new entry, and if the source
 * has no target for the process and LP_LIMITED_LAST others already.
 */
void limited_take(struct lp_model_source *source, const struct lp_model *model,
		  const struct lp_event_limited *event);
/*
 * Appends a source's counts to a summary, each process with its labels, which are valid until the
 * next event of the source.
 */
void limited_summarise(const struct lp_limited_list *list, struct lp_summary *summary);
void limited_free(struct lp_limited_list *list);

#endif /* LP_MODEL_LIMITED_H */
