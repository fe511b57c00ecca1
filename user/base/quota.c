// SPDX-License-Identifier: BSD-2-Clause
#include "quota.h"

#include "macros.h"

/* The elapsed time divided by this is refilled. */
#define REFILL_PART 10

uint64_t quota_left(struct lp_quota *quota, uint64_t most_ns, uint64_t now_ns)
{
	uint64_t elapsed_ns = saturating_sub(now_ns, quota->refilled_ns);

	quota->spent_ns = saturating_sub(quota->spent_ns, elapsed_ns / REFILL_PART);
	quota->refilled_ns = max_u64(quota->refilled_ns, now_ns);
	return saturating_sub(most_ns, quota->spent_ns);
}

void quota_spend(struct lp_quota *quota, uint64_t most_ns, uint64_t ns, uint64_t now_ns)
{
	quota->spent_ns += min_u64(ns, quota_left(quota, most_ns, now_ns));
}
