/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Types, maps, and the look-up of a thread's loop: included by every BPF program. */
#ifndef LP_BPF_LOOP_COMMON_BPF_H
#define LP_BPF_LOOP_COMMON_BPF_H

#include "kernel.bpf.h"
#include "maps.bpf.h"
#include "instants.bpf.h"
#include "rate_limit.bpf.h"
#include "share.bpf.h"

/* Returns whether polls have no hooks: in sample mode, but not between bursts of trace mode. */
static __always_inline bool lp_polls_unhooked(void)
{
	return lp_config.sampling && !lp_config.bursts;
}

static __always_inline __u64 lp_read_u64(__u64 address)
{
	__u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (const void *)address);
	return value;
}

/*
 * Reserves a record of the ring buffer, which the caller fills in and submits.  Returns NULL, and
 * counts the loss, if there is no space.  size is a constant, as the verifier demands.
 */
static __always_inline void *lp_event_reserve(__u64 size)
{
	void *event = bpf_ringbuf_reserve(&events, size, 0);

	if (!event)
		lp_lose(LP_LOST_RING);
	return event;
}

static __always_inline void lp_event_fill(struct lp_event *event, __u16 type, __u32 size, __u64 now,
					  __u32 slot, __u32 pid)
{
	event->type = type;
	event->reserved = 0;
	event->size = size;
	event->time_ns = now;
	event->loop = slot;
	event->pid = pid;
}

/* Returns whether a process may be one that is profiled: no for most others, by an array look-up. */
static __always_inline bool lp_may_be_profiled(__u32 pid)
{
	__u32 key = 0;
	struct lp_process_filter *filter = bpf_map_lookup_elem(&process_filter, &key);

	return filter && filter->targets[pid & (LP_FILTER_BYTES - 1)];
}

static __always_inline struct lp_loop *lp_loop_of(__u32 tid, __u32 *slot)
{
	__u32 key = lp_thread_bucket_of(tid);
	struct lp_thread_bucket *bucket = bpf_map_lookup_elem(&thread_buckets, &key);

	/* Thread ID 0 is the idle thread's, and marks an empty entry of a bucket. */
	if (!bucket || !tid)
		return NULL;
	if (bucket->tids[0] == tid)
		*slot = bucket->slots[0];
	else if (bucket->tids[1] == tid)
		*slot = bucket->slots[1];
	else if (bucket->tids[2] == tid)
		*slot = bucket->slots[2];
	else if (bucket->tids[3] == tid)
		*slot = bucket->slots[3];
	else
		return NULL;
	return bpf_map_lookup_elem(&loops, slot);
}

static __always_inline struct lp_loop *lp_current_loop(__u32 *slot)
{
	return lp_loop_of((__u32)bpf_get_current_pid_tgid(), slot);
}

/*
 * Enters a thread into its bucket, or removes it (enter false). Two threads that do so at once may
 * lose one of the entries, as atomics that return a value need kernel 5.12: then lp_loop_detect
 * takes the slot from loop_slots and enters the thread again.
 */
static __always_inline bool lp_index_thread(__u32 tid, __u32 slot, bool enter)
{
	__u32 key = lp_thread_bucket_of(tid), wanted = enter ? 0 : tid, i;
	struct lp_thread_bucket *bucket = bpf_map_lookup_elem(&thread_buckets, &key);

	if (!bucket)
		return false;
	for (i = 0; i < LP_BUCKET_THREADS; i++) {
		if (bucket->tids[i] != wanted)
			continue;
		bucket->slots[i] = slot;
		bucket->tids[i] = enter ? tid : 0;
		return true;
	}
	return false;
}

#endif /* LP_BPF_LOOP_COMMON_BPF_H */
