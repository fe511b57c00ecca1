/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks that asked for a running loop where there was none, and whether they expect that. */
#ifndef LP_ASKED_H
#define LP_ASKED_H

#include "../session/session.h"

#define LP_ASKED 257

struct lp_asked {
	struct {
		uint64_t key; /* 0: none */
		bool expected;
	} stacks[LP_ASKED];
};

/*
 * Is the finding no fault, as the program only checks whether there is a loop, and is
 * prepared for there being none?  Then BPF sends no more of its kind.
 */
bool asked_is_expected(struct lp_asked *asked, struct lp_session *session,
		       const struct lp_instance *instance, const struct lp_event_finding *finding);

#endif /* LP_ASKED_H */
