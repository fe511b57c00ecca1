/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every map, and the configuration. In each of the four BPF objects, one file defines them
 * (LP_DEFINE_MAPS): poll.bpf.c in the first. bpftool links the other files of the object to these
 * definitions, and the session makes the later objects use the maps of the first. Arrays that user
 * space reads are mapped into it, so that reading a histogram costs no system call. Slots are
 * handed out through queues, because an atomic add that returns a value needs kernel 5.12.
 */
#ifndef LP_BPF_LOOP_MAPS_BPF_H
#define LP_BPF_LOOP_MAPS_BPF_H

#include "kernel.bpf.h"

#ifdef LP_DEFINE_MAPS
#define LP_MAP
#else
#define LP_MAP extern
#endif

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct lp_process);
} processes SEC(".maps");

#ifdef LP_DEFINE_MAPS
const volatile struct lp_config lp_config = {};
/* Nonzero at the end of a run: threads that are in no bucket any more are not entered again. */
volatile __u32 lp_stopped = 0;
#else
extern const volatile struct lp_config lp_config;
extern volatile __u32 lp_stopped;
#endif

/* Thread ID to slot in loops; thread_buckets is a cache of it. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_LOOPS);
	__type(key, __u32);
	__type(value, __u32);
} loop_slots SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_THREAD_BUCKETS);
	__type(key, __u32);
	__type(value, struct lp_thread_bucket);
} thread_buckets SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_MAX_LOOPS);
	__type(key, __u32);
	__type(value, struct lp_loop);
} loops SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_CALLBACKS);
	__type(key, struct lp_callback_key);
	__type(value, struct lp_callback_value);
} callback_slots SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_MAX_CALLBACKS);
	__type(key, __u32);
	__type(value, struct lp_callback_stats);
} callback_stats SEC(".maps");

/* Has one element only unless --queue is given. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_MAX_CALLBACKS);
	__type(key, __u32);
	__type(value, struct lp_queue_stats);
} queue_stats SEC(".maps");

/* --queue: the time at which a handle was put into its loop's ready queue. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_READY);
	__type(key, struct lp_ready_key);
	__type(value, __u64);
} ready_times SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, LP_MAX_LOOPS);
	__type(value, __u32);
} free_loops SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, LP_MAX_CALLBACKS);
	__type(value, __u32);
} free_callbacks SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_LOST_KINDS);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/*
 * Threads whose loops got no slot, by thread ID; the value is the number of their process in
 * holdings.
 */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_REFUSED_LOOPS);
	__type(key, __u32);
	__type(value, __u32);
} refused_loops SEC(".maps");

/* One element for each process and unit; element 0 has the sums of all. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct lp_holding);
} holdings SEC(".maps");

/* Wait state of each loop, by the same slot as in loops. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LP_MAX_LOOPS);
	__type(key, __u32);
	__type(value, struct lp_wait_state);
} stalls SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_CAUSES);
	__type(key, struct lp_cause_key);
	__type(value, struct lp_cause_value);
} causes SEC(".maps");

/* Sample mode: threads that poll and are not known to run a loop. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_POLLERS);
	__type(key, __u32);
	__type(value, struct lp_poller);
} pollers SEC(".maps");

/* One element: a filter by PID that shows quickly that a process is no target. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lp_process_filter);
} process_filter SEC(".maps");

/* Purposes of the probes for findings, by process and address. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_SITES);
	__type(key, struct lp_site_key);
	__type(value, __u32);
} sites SEC(".maps");

/*
 * Findings under construction, which are too big for the stack; the program that pops a slot owns
 * it.
 */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LP_MAX_FINDINGS);
	__type(key, __u32);
	__type(value, struct lp_finding_work);
} findings SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, LP_MAX_FINDINGS);
	__type(value, __u32);
} free_findings SEC(".maps");

/* Stacks whose code catches "no running event loop", by hash and process. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_EXPECTED);
	__type(key, struct lp_object_key);
	__type(value, __u32);
} expected SEC(".maps");

/* --inner: await chains, by the same slot as in loops. Has one element only without it. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LP_MAX_LOOPS);
	__type(key, __u32);
	__type(value, union lp_awaiting);
} await_chains SEC(".maps");

/* This map and the next two have one element only unless an option needs them. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_ORIGINS);
	__type(key, struct lp_object_key);
	__type(value, struct lp_origin);
} origins SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_LIFETIMES);
	__type(key, struct lp_object_key);
	__type(value, struct lp_life);
} task_lifetimes SEC(".maps");

/*
 * Tasks that were cancelled and have not ended. This map and the next two have one element unless
 * --cancels is given.
 */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LP_MAX_CANCELS);
	__type(key, struct lp_object_key);
	__type(value, struct lp_cancel);
} cancels SEC(".maps");

/*
 * Their keys, by turns: no probe sees that a task takes its cancellation back or returns, so that
 * each new cancellation examines some earlier ones. The same key may be in it several times.
 */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2 * LP_MAX_CANCELS);
	__type(value, struct lp_object_key);
} cancel_turns SEC(".maps");

/* By thread ID. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_POLLERS);
	__type(key, __u32);
	__type(value, struct lp_outer_cancel);
} outer_cancels SEC(".maps");

/* Thread that runs a loop, by the address of the loop's object. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_OWNERS);
	__type(key, struct lp_object_key);
	__type(value, __u32);
} owners SEC(".maps");

/*
 * --find wrong_thread: threads that are inside a function by which other threads may put a
 * callback into a loop.
 */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LP_MAX_POLLERS);
	__type(key, __u32);
	__type(value, __u64); /* address of the Loop */
} threadsafe SEC(".maps");

/* --native, --kernel: the event under construction, one a CPU. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lp_event_native);
} natives SEC(".maps");

/* Of each CPU: the loop threads that wait for it. */
LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lp_cpu_waiters);
} cpu_waiters SEC(".maps");

LP_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LP_RING_BYTES);
} events SEC(".maps");

/* include/uapi/linux/bpf.h */
#define LP_RING_NO_WAKEUP 1 /* BPF_RB_NO_WAKEUP */
#define LP_RING_FORCE_WAKEUP 2 /* BPF_RB_FORCE_WAKEUP */
#define LP_RING_UNREAD 0 /* BPF_RB_AVAIL_DATA: bytes that user space has not read yet */

static __always_inline void lp_lose(__u32 kind)
{
	__u64 *count = bpf_map_lookup_elem(&lost, &kind);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif /* LP_BPF_LOOP_MAPS_BPF_H */
