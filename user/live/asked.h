/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks that asked for the running loop where there was none, and whether they handle that. */
#ifndef LP_LIVE_ASKED_H
#define LP_LIVE_ASKED_H

#include "session/session.h"
#include "symbolise/symbolise.h"

#define LP_ASKED 257

struct lp_asked {
	struct {
		uint64_t key; /* 0: none */
		bool expected;
	} stacks[LP_ASKED];
};

/*
 * Reads the objects of a finding from the process's memory and emits its records.  A program that
 * only checks whether a loop runs, and handles that none does, is no finding: nothing is emitted,
 * and BPF then suppresses that stack.  A finding without a readable name or place is counted
 * as lost.  instance is NULL if the process has been removed.
 */
void asked_take_finding(struct lp_asked *asked, struct lp_session *session,
			struct lp_symboliser *symboliser, const struct lp_instance *instance,
			const struct lp_event_raw_finding *finding);

#endif /* LP_LIVE_ASKED_H */
