/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The rate limit of reports. Private to one build. */
#ifndef LP_BPF_WIRE_RATE_LIMIT_H
#define LP_BPF_WIRE_RATE_LIMIT_H

#include "types.h"

/* How much of a flood is told one by one: a loop a second. */
#define LP_REPORTS_A_SECOND 50
/* Findings of one process a second. */
#define LP_FINDINGS_A_SECOND 500

/* What was told in a second, of one kind. */
struct lp_rate_limit {
	__u64 second_ns; /* when that second began */
	__u64 worst_ns; /* the longest of those told */
	__u32 reported;
	__u32 reserved;
};

#endif /* LP_BPF_WIRE_RATE_LIMIT_H */
