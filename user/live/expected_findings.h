/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings of "no running event loop" that are none, as code on the stack catches the exception:
 * a cache by stack, since the same stack comes often and reading its code is expensive.
 */
#ifndef LP_LIVE_EXPECTED_FINDINGS_H
#define LP_LIVE_EXPECTED_FINDINGS_H

#include "session/session.h"
#include "symbolise/symbolise.h"

#define LP_EXPECTED_FINDINGS 257

struct lp_expected_findings {
	struct {
		uint64_t key; /* 0: none */
		bool expected;
	} stacks[LP_EXPECTED_FINDINGS];
};

/*
 * Reads the objects of a finding from the process's memory and emits its records.  A program that
 * only checks whether a loop runs, and handles that none does, is no finding: nothing is emitted,
 * and BPF then suppresses that stack.  A finding without a readable name or place is counted
 * as lost.  instance is NULL if the process has been removed.
 */
void expected_findings_take(struct lp_expected_findings *expected, struct lp_session *session,
			    struct lp_symboliser *symboliser, const struct lp_instance *instance,
			    const struct lp_event_raw_finding *finding);

#endif /* LP_LIVE_EXPECTED_FINDINGS_H */
