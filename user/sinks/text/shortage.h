/* SPDX-License-Identifier: BSD-2-Clause */
/* What a loop was short of in a stall, as text. */
#ifndef LP_SINKS_TEXT_SHORTAGE_H
#define LP_SINKS_TEXT_SHORTAGE_H

#include "model/report.h"
#include "sinks/terminal.h"

#include <stdio.h>

/*
 * Prints why the loop waited for a CPU: the quota of its cgroup, and who had the CPU.  least_ns: a
 * shorter time is not printed.
 */
void text_shortage_print(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_breakdown *breakdown, uint64_t least_ns);

/* Prints what the hypervisor took of the CPU time, if it took any. */
void text_steal_print(FILE *file, const struct lp_shortage *shortage);

#endif /* LP_SINKS_TEXT_SHORTAGE_H */
