/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Shares of one process in the tables and the ring buffer that all processes use. A part of the
 * slots is reserved for other processes, and the number of records in a period is limited. The
 * shares are checked where a slot is taken or a record is sent.
 */
#ifndef LP_BPF_LOOP_SHARE_BPF_H
#define LP_BPF_LOOP_SHARE_BPF_H

#include "maps.bpf.h"
#include "rate_limit.bpf.h"

/* The divisor of a process's records while the ring buffer is a quarter full, see lp_pace_now. */
#define LP_PACE_SLOWER 8
/*
 * The records that a process may send once the ring buffer is half full. A stall that is reported
 * takes two or three stacks.
 */
#define LP_PACE_LEAST 2

static __always_inline struct lp_holding *lp_holding_of(__u32 number)
{
	return bpf_map_lookup_elem(&holdings, &number);
}

/* Counts a request of one process that was refused. */
static __always_inline void lp_limit(__u32 number, __u32 kind)
{
	struct lp_holding *own = lp_holding_of(number);

	if (own && kind < LP_LIMITED_KINDS)
		__sync_fetch_and_add(&own->limited[kind], 1);
}

/*
 * Returns whether a process with `own` entries may take another one, when all processes have
 * `all`.
 */
static __always_inline bool lp_may_hold(__u32 own, __u32 all, __u32 capacity)
{
	/* A full table is reported where the insertion fails. */
	return !lp_config.shared || all >= capacity || lp_share_allows(own, all, capacity);
}

/*
 * Returns how many of `most` records a process may send in an LP_PACE_NS while the ring buffer is
 * as full as it is. User space empties it late on a busy machine; the space that is left by then is
 * for the processes that send little. With one process only no space is reserved.
 */
static __always_inline __u32 lp_pace_now(__u32 most)
{
	__u64 unread;

	if (!lp_config.shared)
		return most;
	unread = bpf_ringbuf_query(&events, LP_RING_UNREAD);
	if (unread < LP_RING_BYTES / 4)
		return most;
	return unread < LP_RING_BYTES / 2 ? most / LP_PACE_SLOWER + 1 : LP_PACE_LEAST;
}

/* Returns whether a process may send another record of a kind now, and counts it. */
static __always_inline bool lp_may_send(struct lp_pace *pace, __u64 now, __u32 weight, __u32 most)
{
	if (lp_age(now, pace->since_ns) >= LP_PACE_NS) {
		pace->since_ns = now;
		pace->sent = 0;
	}
	if (pace->sent >= most)
		return false;
	pace->sent += weight;
	return true;
}

/* Returns whether a stack of the loop's process may be sent now. */
__weak __noinline int lp_may_send_stack(__u32 slot, __u64 now)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 weight = lp_config.want_native || lp_config.want_kernel ? LP_NATIVE_WEIGHT : 1;
	struct lp_holding *own;

	if (!loop)
		return 0;
	own = lp_holding_of(loop->holding);
	if (!own || !loop->holding ||
	    lp_may_send(&own->stacks, now, weight, lp_pace_now(LP_PACE_STACKS)))
		return 1;
	__sync_fetch_and_add(&own->limited[LP_LIMITED_EVENTS], 1);
	return 0;
}

/* Returns whether a slow callback or iteration may be reported individually now. */
__weak __noinline int lp_may_report(__u32 slot, __u64 now, __u64 duration)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_holding *own;

	if (!loop)
		return 0;
	own = lp_holding_of(loop->holding);
	if (!own || !loop->holding ||
	    lp_rate_limit_allows_in(LP_PACE_NS, &own->reports, now, duration,
				    lp_pace_now(LP_PACE_REPORTS)))
		return 1;
	__sync_fetch_and_add(&own->limited[LP_LIMITED_EVENTS], 1);
	return 0;
}

/* Returns whether a loop that begins, or a thread that polls, may be reported now. */
static __always_inline bool lp_may_change(const struct lp_process *process, __u64 now)
{
	struct lp_holding *own = lp_holding_of(process->holding);

	return !own || !process->holding || lp_may_send(&own->changes, now, 1, LP_PACE_CHANGES);
}

/* The element of the unit that the process belongs to; NULL: none. */
static __always_inline struct lp_holding *lp_unit_of(const struct lp_holding *own)
{
	return own && own->unit ? lp_holding_of(own->unit) : NULL;
}

/* Counts a slot for a loop; lp_hold_loop(number, -1) returns it. */
static __always_inline void lp_hold_loop(__u32 number, int count)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0), *unit = lp_unit_of(own);

	if (own)
		__sync_fetch_and_add(&own->loops, count);
	if (unit)
		__sync_fetch_and_add(&unit->loops, count);
	if (all)
		__sync_fetch_and_add(&all->loops, count);
}

/* Counts a slot for a callback, or returns it. */
static __always_inline void lp_hold_callback(__u32 number, int count)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0), *unit = lp_unit_of(own);

	if (own)
		__sync_fetch_and_add(&own->callbacks, count);
	if (unit)
		__sync_fetch_and_add(&unit->callbacks, count);
	if (all)
		__sync_fetch_and_add(&all->callbacks, count);
}

/* Returns whether another loop stays within the shares of the process and of its unit. */
static __always_inline bool lp_may_hold_loop(__u32 number)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0), *unit = lp_unit_of(own);
	__u32 capacity = lp_config.loop_capacity;

	if (!own || !all)
		return true;
	return lp_may_hold(own->loops, all->loops, capacity) &&
	       (!unit || lp_may_hold(unit->loops, all->loops, capacity));
}

static __always_inline bool lp_may_hold_callback(__u32 number)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0), *unit = lp_unit_of(own);
	__u32 capacity = lp_config.callback_capacity;

	if (!own || !all)
		return true;
	return lp_may_hold(own->callbacks, all->callbacks, capacity) &&
	       (!unit || lp_may_hold(unit->callbacks, all->callbacks, capacity));
}

/*
 * Counts an entry for a cause, if there is space. User space empties all entries and resets the
 * counts at once.
 */
static __always_inline bool lp_hold_cause(__u32 number)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0), *unit = lp_unit_of(own);
	__u32 capacity = lp_config.cause_capacity;

	if (!own || !all)
		return true;
	if (!lp_may_hold(own->causes, all->causes, capacity) ||
	    (unit && !lp_may_hold(unit->causes, all->causes, capacity))) {
		__sync_fetch_and_add(&own->limited[LP_LIMITED_CAUSES], 1);
		return false;
	}
	__sync_fetch_and_add(&own->causes, 1);
	if (unit)
		__sync_fetch_and_add(&unit->causes, 1);
	__sync_fetch_and_add(&all->causes, 1);
	return true;
}

/*
 * Counts a loop that gets no slot, once for each thread; user space uses the same map for loops
 * that it discovers. own_share: the share of the process or its unit is used up, not the table.
 */
__weak __noinline int lp_refuse_loop(__u32 tid, __u32 number, __u32 own_share)
{
	__u32 *before = bpf_map_lookup_elem(&refused_loops, &tid);

	if (before && *before == number)
		return 0;
	if (bpf_map_update_elem(&refused_loops, &tid, &number, before ? BPF_ANY : BPF_NOEXIST))
		return 0;
	if (own_share)
		lp_limit(number, LP_LIMITED_LOOPS);
	lp_lose(LP_LOST_LOOPS);
	return 0;
}

#endif /* LP_BPF_LOOP_SHARE_BPF_H */
