/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Sizes of the maps, and the constants that BPF and user space share. Free to change. */
#ifndef LP_BPF_WIRE_LIMITS_H
#define LP_BPF_WIRE_LIMITS_H

/*
 * The slots of loops have numbers below this. One number, LP_NO_LOOP, is never assigned. One unit
 * may have 1008 of the 1152 others (lp_share_allows).
 */
#define LP_MAX_LOOPS 1153
#define LP_MAX_CALLBACKS 4096
#define LP_MAX_PROCESSES 4096
#define LP_MAX_READY 65536
#define LP_RING_BYTES (1 << 20)
#define LP_COMM_BYTES 16

/* Buckets of the thread index, and threads in one. */
#define LP_THREAD_BUCKETS 2048
#define LP_BUCKET_THREADS 4

#define LP_MAX_CAUSES 8192
#define LP_MAX_POLLERS 1024
#define LP_MAX_FINDINGS 32 /* findings under construction at a time */
#define LP_MAX_SITES 16384
#define LP_MAX_EXPECTED 4096
#define LP_MAX_ORIGINS 65536
#define LP_MAX_LIFETIMES 131072
#define LP_MAX_CANCELS 8192
#define LP_MAX_OWNERS 1024
#define LP_FILTER_BYTES 4096

#define LP_NO_QUEUE_DELAY (~0ULL)

/* No host has been up for so long (36 years): later instants and longer times are invalid. */
#define LP_SPAN_MAX_NS (1ULL << 60)

/* FNV-1a, by words: the hash of a stack, which BPF and user space compute alike. */
#define LP_HASH_BASIS 14695981039346656037ULL
#define LP_HASH_PRIME 1099511628211ULL

#endif /* LP_BPF_WIRE_LIMITS_H */
