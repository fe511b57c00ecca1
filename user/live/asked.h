/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks that asked for a running loop where there was none, and whether they expect that. */
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
 * Reads what the process's memory shows of a finding, and hands out its records.  Nothing comes of
 * one that is no fault, as the program only checks whether there is a loop, and is prepared for
 * there being none: then BPF sends no more of its kind.  One of which neither a name nor a place
 * could be read is counted as lost.  instance: NULL if the process is not known any more.
 */
void asked_take_finding(struct lp_asked *asked, struct lp_session *session,
			struct lp_symboliser *symboliser, const struct lp_instance *instance,
			const struct lp_event_raw_finding *finding);

#endif /* LP_LIVE_ASKED_H */
