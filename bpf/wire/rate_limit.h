/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The rate limit of reports. Private to one build. */
#ifndef LP_BPF_WIRE_RATE_LIMIT_H
#define LP_BPF_WIRE_RATE_LIMIT_H

#include "types.h"

/* Slow callbacks and iterations that are reported a second, for each loop. */
#define LP_REPORTS_A_SECOND 50
/* Findings that are reported a second, for each process. */
#define LP_FINDINGS_A_SECOND 500

/* Reports of one kind in a second. */
struct lp_rate_limit {
	__u64 second_ns; /* start of the second */
	__u64 worst_ns; /* the longest time that was reported */
	__u32 reported;
	__u32 reserved;
};

#endif /* LP_BPF_WIRE_RATE_LIMIT_H */
