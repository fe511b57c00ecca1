/* SPDX-License-Identifier: BSD-2-Clause */
/* Emits the counters in BPF maps as records: those of loops, of the whole run, and of targets. */
#ifndef LP_LIVE_COUNTERS_H
#define LP_LIVE_COUNTERS_H

#include "live_internal.h"

/*
 * Emits what has changed of a loop's counters.  A callback in progress counts as slow if it is over
 * the threshold.  last: this is the loop's final state, so that histograms have segments in
 * progress as if they ended now.
 */
void counters_report_loop(struct lp_live *live, uint32_t slot, bool last);

/* Emits the lost time of all loops since the last call. */
void counters_report_causes(struct lp_live *live);

/*
 * Emits the time since the last call of a loop's wait that has not ended as lost time, at the end
 * of an interval or of the run, up to the instant of the loop's counters.
 */
void counters_report_wait(struct lp_live *live, uint32_t slot);

/* Emits what was limited of a process, if there is more than the last time. */
void counters_report_limited(struct lp_live *live, pid_t pid);

/* Emits what belongs to no loop: lost events, limited targets, and loopprof's own costs. */
void counters_report_run(struct lp_live *live);

#endif /* LP_LIVE_COUNTERS_H */
