/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops that were idle nearly all the time of a run: what their tasks wait for at its end. */
#ifndef LP_LIVE_IDLE_LOOPS_H
#define LP_LIVE_IDLE_LOOPS_H

#include "live_internal.h"

/*
 * Emits LP_EVENT_WAITING for each idle loop whose process still runs, if the run has only a few
 * loops.  To be called at the end, when nothing is measured any more.
 */
void idle_loops_report(struct lp_live *live);

#endif /* LP_LIVE_IDLE_LOOPS_H */
