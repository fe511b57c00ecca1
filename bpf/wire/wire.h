/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wire: everything that crosses from BPF to user space, through the ring buffer, through
 * mapped arrays, or through a capture.  Each header says who else depends on it: a capture is read
 * by other builds than the one that wrote it, so that sizes are asserted.
 */
#ifndef LP_BPF_WIRE_WIRE_H
#define LP_BPF_WIRE_WIRE_H

#include "added_events.h"
#include "config.h"
#include "cpu_waits.h"
#include "ending.h"
#include "events.h"
#include "findings.h"
#include "histogram.h"
#include "holdings.h"
#include "limits.h"
#include "loop.h"
#include "memory_waits.h"
#include "other_end.h"
#include "probe_roles.h"
#include "process.h"
#include "rate_limit.h"
#include "resource.h"
#include "segment.h"
#include "stall.h"
#include "types.h"

#endif /* LP_BPF_WIRE_WIRE_H */
