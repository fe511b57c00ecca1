/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --by: an observer between the model and the sinks that reports all loops of one name, container
 * or host as one loop.  The sums are exact: counters add up, and histograms have equal buckets.
 * Sinks receive groups only, which have ids of their own from 1 on; a group is reported with its
 * first loop.
 */
#ifndef LP_MODEL_GROUP_H
#define LP_MODEL_GROUP_H

#include "group_by.h"
#include "model.h"

/* The limit of groups; the loops of all further groups are one more, LP_UNKNOWN_GROUP. */
#define LP_GROUPS_MAX 4096
#define LP_UNKNOWN_GROUP "other"

struct lp_group;

/* out and its context belong to the caller and outlive it.  Returns 0 or -ENOMEM. */
int group_new(enum lp_by by, const struct lp_observer *out, void *context,
	      struct lp_group **result);
void group_free(struct lp_group *group);

/* The observer for model_new(); its context is the group. */
extern const struct lp_observer group_observer;

/* Returns the label of the loop's group: its name, container or host; "" if not known. */
const char *group_label(enum lp_by by, const struct lp_loop_info *loop);

#endif /* LP_MODEL_GROUP_H */
