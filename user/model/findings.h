/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings of one source: each is reported and counted by its place.  A callback that was
 * scheduled from a wrong thread is held back until its loop has run it, or for one second at most.
 */
#ifndef LP_MODEL_FINDINGS_H
#define LP_MODEL_FINDINGS_H

#include "stacks.h"

struct lp_findings;

typedef void (*lp_finding_handler)(void *context, const struct lp_finding *finding);

/* The frames and all loops belong to the caller and outlive it.  Returns NULL if out of memory. */
struct lp_findings *findings_new(const struct lp_frames *frames, lp_finding_handler report,
				 void *context);
/* Frees it.  Findings that are still held back are not reported. */
void findings_free(struct lp_findings *findings);

/* Returns whether there is no finding, counted, dropped or held back. */
bool findings_empty(const struct lp_findings *findings);

/* Adds a finding.  loop is NULL if its loop is not known. */
void findings_add(struct lp_findings *findings, const struct lp_loop_info *loop,
		  const struct lp_event_finding *event);
void findings_noticed(struct lp_findings *findings, const struct lp_event_noticed *event);
/* Reports the findings whose time to be held back is over. */
void findings_advance(struct lp_findings *findings, uint64_t now_ns);
/* Moves all findings of a loop to another one.  Both loops belong to the caller. */
void findings_fold(struct lp_findings *findings, const struct lp_loop_info *loop,
		   const struct lp_loop_info *into);
/* Reports all findings that are held back, at the end of the run. */
void findings_finish(struct lp_findings *findings, uint64_t now_ns);

/*
 * Compares two struct lp_finding_count: by count, greatest first, then by contents, so that no
 * order depends on a hash table's.
 */
int findings_by_count(const void *left, const void *right);

/*
 * Lists the places with their counts, most frequent first, since the beginning or since the last
 * findings_begin_interval().  Returns the length of *list, which the caller frees; the texts in it
 * belong to the findings.
 */
size_t findings_list(const struct lp_findings *findings, bool interval,
		     struct lp_finding_count **list);
/* Returns the number of findings at places over the limit, over the same time. */
uint64_t findings_dropped(const struct lp_findings *findings, bool interval);
void findings_begin_interval(struct lp_findings *findings);

#endif /* LP_MODEL_FINDINGS_H */
