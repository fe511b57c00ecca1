/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The type of functions that take records of the wire, in order: from the kernel or from a
 * capture, which look the same to them.
 */
#ifndef LP_WIRE_RECORD_H
#define LP_WIRE_RECORD_H

#include "wire.h"

/*
 * Takes one record, which is aligned to 8 bytes, has event->size bytes, and is valid during
 * the call only.
 */
typedef void (*lp_record_taker)(void *context, const struct lp_event *record);

#endif /* LP_WIRE_RECORD_H */
