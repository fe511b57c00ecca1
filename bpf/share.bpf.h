/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The share of one process in what all use: of slots, no more than are left for the
 * others; of records, a number in a short time.  Checked where something is registered or sent.
 */
#ifndef LP_SHARE_BPF_H
#define LP_SHARE_BPF_H

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

/* May a process with so many entries take one more, if all have so many? */
static __always_inline bool lp_may_hold(__u32 own, __u32 all, __u32 room)
{
	/* a full table is reported by the table itself */
	return !lp_config.shared || all >= room || own < room - all;
}

/* May a process send one more record of a kind now? */
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

/* The same for a stack of a loop's process. */
__weak __noinline int lp_may_send_stack(__u32 slot, __u64 now)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 weight = lp_config.want_native || lp_config.want_kernel ? LP_NATIVE_WEIGHT : 1;
	struct lp_holding *own;

	if (!loop)
		return 0;
	own = lp_holding_of(loop->holding);
	if (!own || !loop->holding || lp_may_send(&own->stacks, now, weight, LP_PACE_STACKS))
		return 1;
	__sync_fetch_and_add(&own->limited[LP_LIMITED_EVENTS], 1);
	return 0;
}

/* The same for a slow callback or iteration that is to be reported by itself. */
__weak __noinline int lp_may_report(__u32 slot, __u64 now, __u64 duration)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_holding *own;

	if (!loop)
		return 0;
	own = lp_holding_of(loop->holding);
	if (!own || !loop->holding ||
	    lp_may_tell_in(LP_PACE_NS, &own->reports, now, duration, LP_PACE_REPORTS))
		return 1;
	__sync_fetch_and_add(&own->limited[LP_LIMITED_EVENTS], 1);
	return 0;
}

/* The same for a loop that begins or a thread that polls. */
static __always_inline bool lp_may_change(const struct lp_process *process, __u64 now)
{
	struct lp_holding *own = lp_holding_of(process->holding);

	return !own || !process->holding || lp_may_send(&own->changes, now, 1, LP_PACE_CHANGES);
}

/* Takes a place for a loop; lp_hold_loop(number, -1) gives it back. */
static __always_inline void lp_hold_loop(__u32 number, int count)
{
	struct lp_holding *own = lp_holding_of(number), *all = lp_holding_of(0);

	if (own && number)
		__sync_fetch_and_add(&own->loops, count);
	if (all)
		__sync_fetch_and_add(&all->loops, count);
}

/* The same for a callback. */
static __always_inline void lp_hold_callback(__u32 number, int count)
{
	struct lp_holding *own = lp_holding_of(number), *all = lp_holding_of(0);

	if (own && number)
		__sync_fetch_and_add(&own->callbacks, count);
	if (all)
		__sync_fetch_and_add(&all->callbacks, count);
}

/* The number of entries of a kind stays within the process's share. */
static __always_inline bool lp_may_hold_loop(__u32 number)
{
	struct lp_holding *own = lp_holding_of(number), *all = lp_holding_of(0);

	return !own || !all || !number || lp_may_hold(own->loops, all->loops, lp_config.loop_room);
}

static __always_inline bool lp_may_hold_callback(__u32 number)
{
	struct lp_holding *own = lp_holding_of(number), *all = lp_holding_of(0);

	return !own || !all || !number ||
	       lp_may_hold(own->callbacks, all->callbacks, lp_config.callback_room);
}

/* Takes a place for a cause: user space empties all places and their counts at once. */
static __always_inline bool lp_hold_cause(__u32 number)
{
	struct lp_holding *own = lp_holding_of(number), *all = lp_holding_of(0);

	if (!own || !all || !number)
		return true;
	if (!lp_may_hold(own->causes, all->causes, lp_config.cause_room)) {
		__sync_fetch_and_add(&own->limited[LP_LIMITED_CAUSES], 1);
		return false;
	}
	__sync_fetch_and_add(&own->causes, 1);
	__sync_fetch_and_add(&all->causes, 1);
	return true;
}

#endif /* LP_SHARE_BPF_H */
