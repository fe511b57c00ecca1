// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Samples on the CPU: a clock on each CPU, which reads the stacks of late loops only. */
#include "loop/common.bpf.h"
#include "loop/awake.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/native.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"
#include "loop/walked.bpf.h"
#include "boundary.bpf.h"
#include "runtime.bpf.h"
#include "sleep.bpf.h"

/*
 * Sample mode: handles a loop whose thread was just walked. Returns whether another iteration runs
 * than the one that was known.
 */
static __always_inline __u32 lp_loop_seen(struct lp_loop *loop, __u32 slot, __u64 now)
{
	if (!loop->poll_descriptor || (loop->own_descriptor && !loop->base_frame))
		lp_poll_seen(slot);
	if (loop->watched && !loop->ready_descriptor)
		lp_record_ready_list(slot);
	return lp_iteration_renew(slot, now, true);
}

/*
 * Samples the current thread, which runs a late loop. Returns whether a walked stack is to be
 * sent.
 */
__noinline int lp_sample_thread(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_segment_times *account;
	__u32 collecting = 0, renewed = 0;
	__u64 now;

	if (!stall || !loop)
		return 0;
	if (stall->wait.off_ns || stall->wait.since_ns)
		lp_end_wait(slot);
	/* A wait whose end no probe noticed has been ended just above: now must not be earlier
	 * than that. */
	now = bpf_ktime_get_ns();
	if (!loop->gil)
		lp_find_lock(loop);
	lp_walk(loop, slot, loop->thread_state, LP_WHOLE_STACK);
	if (lp_polls_unhooked())
		renewed = lp_loop_seen(loop, slot, now);
	if ((loop->sampled && !lp_observe(loop, slot, now, false)) || renewed)
		return 0;
	account = &stall->account.account;
	lp_segment_begin(account, lp_segment_of(loop));
	if (loop->collecting)
		bpf_probe_read_user(&collecting, sizeof(collecting), (void *)loop->collecting);
	account->samples++;
	if (collecting) {
		account->collecting_samples++;
		stall->walked.flags |= LP_STACK_COLLECTING;
	}
	lp_walked_for(stall, loop, slot, LP_SAMPLE_ON_CPU, account->segment_ns, now);
	return 1;
}

SEC("?perf_event")
int lp_clock(struct bpf_perf_event_data *ctx)
{
	struct lp_wait_state *stall;
	struct lp_loop *loop;
	__u64 segment, now;
	__u32 slot = 0;
	bool late;

	loop = lp_current_loop(&slot);
	if (!loop) {
		if (lp_polls_unhooked())
			lp_unknown_poller();
		return 0;
	}
	segment = lp_segment_of(loop);
	if (loop->reporting)
		return 0;
	now = bpf_ktime_get_ns();
	if (!segment) {
		if (lp_polls_unhooked())
			lp_idle_loop_runs(slot, now);
		return 0;
	}
	late = lp_age(now, segment) >= loop->late_ns;
	/* of a loop that never waits, sample mode knows no callback if none is late */
	if (!late && !(loop->watched && loop->sampled))
		return 0;
	if (!lp_sample_thread(slot) || !late)
		return 0;
	if (lp_rate_limit_exceeded(loop->start_ns ? &loop->rate_limit : &loop->iteration_rate_limit,
				   now, lp_age(now, segment)) ||
	    !lp_may_send_stack(slot, now))
		return 0;
	stall = bpf_map_lookup_elem(&stalls, &slot);
	if (stall) {
		lp_report_native(ctx, slot, loop->pid);
		lp_report_walked(stall);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
