/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a loop was short of while it stood still: CPU time, by the quota of its cgroup, by other
 * threads or by the hypervisor.
 */
#ifndef LP_MODEL_SHORTAGE_H
#define LP_MODEL_SHORTAGE_H

#include "report.h"

/* The last events of a loop about what it is short of; zeros: there was none. */
struct lp_shortage_events {
	struct lp_event_cpu_quota quota;
	struct lp_event_steal steal;
	struct lp_event_memory_limit memory;
};

/*
 * Fills in the shortage of a segment.  waits: those of the segment, NULL if there are none.
 * run_queue_ns: the time that it waited for a CPU, which limits the parts of it.
 */
void shortage_fill(const struct lp_shortage_events *events, const struct lp_event_cpu_waits *waits,
		   uint64_t start_ns, uint64_t run_queue_ns, struct lp_shortage *shortage);

/* Subtracts the waits of an earlier moment. */
void shortage_subtract(struct lp_cpu_waits *waits, const struct lp_cpu_waits *before);

/* Returns a quota in per cent of a CPU; 0: not known. */
uint32_t shortage_percent(uint64_t quota_us, uint64_t period_us);

/* Writes the name of the threads that had the CPU: "stress-ng", or "worker (same process)". */
void shortage_neighbour_text(const struct lp_neighbour *neighbour, uint32_t own_pid, char *text,
			     size_t size);

#endif /* LP_MODEL_SHORTAGE_H */
