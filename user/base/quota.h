/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A quota of time that may be spent on waits. What has been spent is refilled at a tenth of the
 * elapsed time. Instants are ns of CLOCK_MONOTONIC.
 */
#ifndef LP_BASE_QUOTA_H
#define LP_BASE_QUOTA_H

#include <stdint.h>

/* Nothing is spent when all bytes are 0. */
struct lp_quota {
	uint64_t spent_ns;
	uint64_t refilled_ns; /* the instant of the last refill */
};

/* Returns the ns that are left of a quota of most_ns. */
uint64_t quota_left(struct lp_quota *quota, uint64_t most_ns, uint64_t now_ns);

/* Spends at most what is left, so that the quota is refilled within ten times most_ns. */
void quota_spend(struct lp_quota *quota, uint64_t most_ns, uint64_t ns, uint64_t now_ns);

#endif /* LP_BASE_QUOTA_H */
