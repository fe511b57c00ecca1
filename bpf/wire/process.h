/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Description of a process by user space. Private to one build. */
#ifndef LP_BPF_WIRE_PROCESS_H
#define LP_BPF_WIRE_PROCESS_H

#include "ending.h"
#include "limits.h"
#include "rate_limit.h"
#include "runtime.h"
#include "types.h"

/* Key of the map sites, whose values are of enum lp_probe_role. */
struct lp_site_key {
	__u64 address;
	__u32 pid;
	__u32 reserved;
};

/*
 * Index of the loops by thread: an array look-up is cheaper than a hash's, and every poll of every
 * process on the host needs one. A cache of the map loop_slots.
 */
struct lp_thread_bucket {
	__u32 tids[LP_BUCKET_THREADS];
	__u32 slots[LP_BUCKET_THREADS];
};

static inline __attribute__((always_inline)) __u32 lp_thread_bucket_of(__u32 tid)
{
	return (tid * 2654435761U) >> 21; /* Fibonacci hashing to 11 bits */
}

struct lp_process {
	struct lp_layout layout;
	__u64 threshold_ns;
	__u64 late_ns; /* running time from which a callback is sampled */
	struct lp_rate_limit finding;
	/* Hits of other probes than those of loops; incremented under a lock of the runtime, so
	 * that none is lost. */
	__u64 probe_hits;
	__u32 holding; /* number of its element in the map holdings; 0: none */
	__u32 reserved;
	union lp_process_facts facts;
	struct lp_ending ending; /* for the record of its end */
};

/* Filter of targets, by the lowest bits of a PID. */
struct lp_process_filter {
	__u8 targets[LP_FILTER_BYTES];
};

/* A thread that polls and is not known to run a loop: it is reported to user space now and then. */
struct lp_poller {
	__u64 next_ns;
	__u64 step_ns;
};

#endif /* LP_BPF_WIRE_PROCESS_H */
