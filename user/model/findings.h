/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What got lost: each told as it is found, and counted by its place.  A callback from
 * a wrong thread is held until its loop runs it, or has not for a while.
 */
#ifndef LP_MODEL_FINDINGS_H
#define LP_MODEL_FINDINGS_H

#include "stacks.h"

struct lp_findings;

typedef void (*lp_finding_handler)(void *context, const struct lp_finding *finding);

/* The frames are the caller's and outlive it, as do all loops.  NULL if out of memory. */
struct lp_findings *findings_new(const struct lp_frames *frames, lp_finding_handler report,
				 void *context);
/* Forgets what is held. */
void findings_free(struct lp_findings *findings);

/* Has no finding been counted yet? */
bool findings_empty(const struct lp_findings *findings);

/* loop: NULL if it is not known */
void findings_add(struct lp_findings *findings, const struct lp_loop_info *loop,
		  const struct lp_event_finding *event);
void findings_noticed(struct lp_findings *findings, const struct lp_event_noticed *event);
/* Tells what has been held too long. */
void findings_advance(struct lp_findings *findings, uint64_t now_ns);
/* A loop is counted as a part of another from now on: both are the caller's. */
void findings_fold(struct lp_findings *findings, const struct lp_loop_info *loop,
		   const struct lp_loop_info *into);
/* The run is over: tells all that is held. */
void findings_finish(struct lp_findings *findings, uint64_t now_ns);

/*
 * All places, most frequent first, since the beginning or the last
 * findings_begin_interval.  Returns how many; *list is to be freed, its texts stay
 * the table's.
 */
size_t findings_list(const struct lp_findings *findings, bool interval,
		     struct lp_finding_count **list);
/* What was found at places that found no room, over the same time. */
uint64_t findings_dropped(const struct lp_findings *findings, bool interval);
void findings_begin_interval(struct lp_findings *findings);

#endif /* LP_MODEL_FINDINGS_H */
