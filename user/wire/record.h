/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source hands out records of the wire, in order: from the kernel, or from a
 * capture.  Everything after it is the same for both.
 */
#ifndef LP_WIRE_RECORD_H
#define LP_WIRE_RECORD_H

#include "wire.h"

/* The record is 8 byte aligned, holds during the call only, and event->size says how long it is. */
typedef void (*lp_record_taker)(void *context, const struct lp_event *record);

#endif /* LP_WIRE_RECORD_H */
