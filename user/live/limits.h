/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What limits a loop from outside: the quota of its cgroup and the hypervisor, which limit its CPU
 * time; the memory of its cgroup and of the host.
 */
#ifndef LP_LIVE_LIMITS_H
#define LP_LIVE_LIMITS_H

#include "process/cpu_quota.h"
#include "process/memory_limit.h"
#include "process/steal.h"
#include "wire/record.h"

/* The limits of a process that were read last; begins with zeros. */
struct lp_limits {
	uint64_t quota_read_ns;
	bool quota_known;
	struct lp_throttled throttled;
	struct lp_cpu_quota quota;
	uint64_t memory_read_ns;
	bool cgroup_known;
	struct lp_memory_limit cgroup; /* the limit that is used up most */
	bool host_known;
	struct lp_memory_limit host;
};

/*
 * Emits what explains a record of BPF, before it: the quota of a process that was throttled, the
 * limit of its memory if that was short, and the steal during a slow segment.  limits: of the
 * record's process; NULL if it is not followed.
 */
void limits_explain(struct lp_limits *limits, struct lp_steal *steal, const struct lp_event *record,
		    lp_record_taker take, void *context);

#endif /* LP_LIVE_LIMITS_H */
