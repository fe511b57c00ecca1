/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that never wait: their polls return at once for a second and more.  Each second such a loop
 * is watched for a moment: BPF stores which descriptor a poll returns as ready, and in sample mode
 * samples the loop although it is not late.
 */
#ifndef LP_LIVE_AWAKE_H
#define LP_LIVE_AWAKE_H

#include "session/session.h"
#include "wire/record.h"

/* A zeroed one has seen nothing of its loop. */
struct lp_awake {
	uint64_t since_ns; /* beginning of the second that is counted, or of the watching */
	/* counters of the loop at that instant */
	uint64_t idle_ns, iterations, unslept, callbacks;
	/* ns for which the loop's thread had run or waited for a CPU by then; 0: it was not read */
	uint64_t runnable_ns;
	/* the instant of the last check, and the time for which it has slept since since_ns */
	uint64_t checked_ns, slept_ns;
	bool doubtful; /* its polls are short, but may have slept: runnable_ns is read */
	bool watching;
};

/* To be called at each check for stalls. */
void awake_check(struct lp_awake *awake, struct lp_session *session, uint32_t slot, uint64_t now_ns,
		 lp_record_taker take, void *context);

#endif /* LP_LIVE_AWAKE_H */
