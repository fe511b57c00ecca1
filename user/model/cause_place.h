/* SPDX-License-Identifier: BSD-2-Clause */
/* The line of the program in a row of lost time, and what it called there. */
#ifndef LP_MODEL_CAUSE_PLACE_H
#define LP_MODEL_CAUSE_PLACE_H

#include "stacks.h"

/*
 * Sets frame, own, call and words of a cause from the stack of a wait or of a sample.  sleep: of a
 * blocking call, whose system call and target are set; NULL: it was on the CPU.
 */
void cause_place_set(struct lp_cause *cause, const struct lp_stack *stack,
		     const struct lp_sleep *sleep);

/* Sets frame and held_by of a wait for the GIL. */
void cause_place_set_holder(struct lp_cause *cause, const struct lp_known_stack *holder);

#endif /* LP_MODEL_CAUSE_PLACE_H */
