/* SPDX-License-Identifier: BSD-2-Clause */
/* The quota of CPU time that a process has used up, of its cgroup or of one above it. */
#ifndef LP_PROCESS_CPU_QUOTA_H
#define LP_PROCESS_CPU_QUOTA_H

#include "cgroup_folder.h"

#include "wire/wire.h"

/*
 * How long each cgroup of a process, up to the root, was throttled at the last reading; begins with
 * zeros.
 */
struct lp_throttled {
	uint64_t path; /* hash of the path of the process's cgroup */
	uint64_t us[LP_CGROUP_LEVELS];
};

struct lp_cpu_quota {
	uint64_t quota_us; /* CPU time in each period */
	uint64_t period_us;
	char cgroup[LP_CGROUP_BYTES]; /* its path; the beginning is missing if it is too long */
};

/*
 * Reads the quota of the cgroup that was throttled most since the last reading; at the first one,
 * and after the process has moved to another cgroup, the innermost quota.  mounts and text: see
 * cgroup_folder_find.  Returns false if none has a quota.
 */
bool cpu_quota_read(const char *mounts, const char *text, struct lp_throttled *throttled,
		    struct lp_cpu_quota *quota);

#endif /* LP_PROCESS_CPU_QUOTA_H */
