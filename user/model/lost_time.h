/* SPDX-License-Identifier: BSD-2-Clause */
/* Lost time of a loop, added up by cause and source line, however short each loss was. */
#ifndef LP_MODEL_LOST_TIME_H
#define LP_MODEL_LOST_TIME_H

#include "stacks.h"

struct lp_lost_time;

struct lp_lost_time *lost_time_new(void);
void lost_time_free(struct lp_lost_time *lost_time);

/* Sets it back to empty. */
void lost_time_reset(struct lp_lost_time *lost_time);

/* Adds to the cause with the same kind, system call, frames, words and holder as key. */
void lost_time_add(struct lp_lost_time *lost_time, const struct lp_cause *key, uint64_t count,
		   uint64_t total_ns);
/* The same for samples of one segment of the loop, which has this number, from 1 on. */
void lost_time_add_samples(struct lp_lost_time *lost_time, const struct lp_cause *key,
			   uint64_t samples, uint64_t total_ns, uint64_t segment);
/* Adds the counts and the time of a cause that was listed. */
void lost_time_add_cause(struct lp_lost_time *lost_time, const struct lp_cause *cause);
/* Adds all of another one, with its values at the beginning of the interval. */
void lost_time_merge(struct lp_lost_time *into, const struct lp_lost_time *from);

/* A loop's waits for a CPU since its beginning. */
struct lp_run_queue_waits {
	uint64_t count;
	uint64_t total_ns;
	struct lp_cpu_waits why; /* parts of them */
	const struct lp_event_cpu_quota *quota; /* the quota that was used up last */
	uint32_t pid; /* the loop's process */
};

/* Sets these waits, of which each reason is a cause of its own. */
void lost_time_set_run_queue(struct lp_lost_time *lost_time,
			     const struct lp_run_queue_waits *waits);

/*
 * Lists all causes, most time first, since the beginning or since the last
 * lost_time_begin_interval().  Returns the length of *list, which the caller frees.
 */
size_t lost_time_list(const struct lp_lost_time *lost_time, bool interval, struct lp_cause **list);
void lost_time_begin_interval(struct lp_lost_time *lost_time);

#endif /* LP_MODEL_LOST_TIME_H */
