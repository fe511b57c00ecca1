/* SPDX-License-Identifier: BSD-2-Clause */
/* What limits the CPU time of a loop from outside: the quota of its cgroup, and the hypervisor. */
#ifndef LP_LIVE_LIMITS_H
#define LP_LIVE_LIMITS_H

#include "process/cpu_quota.h"
#include "process/steal.h"
#include "wire/record.h"

/* The quota of a process that was read last; begins with zeros. */
struct lp_limits {
	uint64_t read_ns;
	bool known;
	struct lp_throttled throttled;
	struct lp_cpu_quota quota;
};

/*
 * Emits what explains a record of BPF, before it: the quota of a process that was throttled, and
 * the steal during a slow segment.  limits: of the record's process; NULL if it is not followed.
 */
void limits_explain(struct lp_limits *limits, struct lp_steal *steal, const struct lp_event *record,
		    lp_record_taker take, void *context);

#endif /* LP_LIVE_LIMITS_H */
