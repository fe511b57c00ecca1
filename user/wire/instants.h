/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks that the times in a record are possible, whoever wrote them. */
#ifndef LP_WIRE_INSTANTS_H
#define LP_WIRE_INSTANTS_H

#include "wire.h"

/*
 * Two clock readings that belong together are made one after the other, and a thread's
 * waits and its durations come from different clocks: they may differ by so many ns.
 */
#define LP_INSTANT_SLACK_NS 50000000ULL

/*
 * Are all times of the record possible?  No instant lies before the boot or in
 * the far future, nothing ends before it begins, no part is longer than its whole,
 * and parts together are not, either.  The record has the size that its type needs.
 * Returns 0 or -ERANGE: such a record is to be dropped whole.
 */
int instants_check(const struct lp_event *record);

#endif /* LP_WIRE_INSTANTS_H */
