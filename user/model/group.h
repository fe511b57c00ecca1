/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --by: an observer between the model and the sinks.  Loops of one name, container
 * or host are told as if they were one, exactly: histograms have the same buckets,
 * and counters add up.  Sinks see groups only, with ids of their own from 1 on; a
 * group is told when its first loop is.
 */
#ifndef LP_MODEL_GROUP_H
#define LP_MODEL_GROUP_H

#include "group_by.h"
#include "model.h"

/* Groups by themselves; what is beyond is told as one more, LP_UNKNOWN_GROUP. */
#define LP_GROUPS_MAX 4096
#define LP_UNKNOWN_GROUP "other"

struct lp_group;

/* out and its context outlive it.  Returns 0 or -ENOMEM. */
int group_new(enum lp_by by, const struct lp_observer *out, void *context,
	      struct lp_group **result);
void group_free(struct lp_group *group);

/* To be given to model_new, with the group as context. */
extern const struct lp_observer group_observer;

/* What a loop is grouped by: its name, container and so on; "" if that is not known. */
const char *group_label(enum lp_by by, const struct lp_loop_info *loop);

#endif /* LP_MODEL_GROUP_H */
