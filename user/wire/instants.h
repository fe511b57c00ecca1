/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks that the times in a record are possible. */
#ifndef LP_WIRE_INSTANTS_H
#define LP_WIRE_INSTANTS_H

#include "wire.h"

/*
 * Tolerance in ns.  Two clock readings for one record are made one after the other, and a
 * thread's waits and its durations come from different clocks.
 */
#define LP_INSTANT_SLACK_NS 50000000ULL

/*
 * Checks all times of a record: no instant lies before the boot or in the far future, nothing
 * ends before it begins, and neither a part nor the sum of parts is longer than the whole.
 * The caller has checked the record's size.  Returns 0, or -ERANGE: the record is to be
 * dropped.
 */
int instants_check(const struct lp_event *record);

#endif /* LP_WIRE_INSTANTS_H */
