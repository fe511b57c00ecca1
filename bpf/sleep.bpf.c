// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Loop boundaries of sample mode, which has no hook on any system call. A loop that waits in its
 * poll is switched out inside of that system call: the scheduler shows when the wait begins and
 * ends. A poll that returns at once is not seen. Where a sample or a wait finds an iteration that
 * is late, the time of the last poll, which the runtime stores, shows whether it is still the same
 * one.
 */
#include "loop/common.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"
#include "boundary.bpf.h"
#include "runtime.bpf.h"
#include "sleep.bpf.h"

/*
 * The runtime notes the time after a poll, the scheduler its end: of one iteration they differ by
 * less than this, as long as the thread need not wait for the runtime's lock.
 */
#define LP_SAME_ITERATION_NS 1000000ULL
/*
 * The iteration that is found running began right before the sample if that took less than this
 * part of the time since the last one: then there were many short iterations.
 */
#define LP_SHORT_PART 8

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	LP_SYSCALL_POLL = 7,
	LP_SYSCALL_SELECT = 23,
	LP_SYSCALL_PSELECT6 = 270,
	LP_SYSCALL_PPOLL = 271,
	LP_SYSCALL_IO_URING_ENTER = 426,
};

/*
 * Returns whether the current thread goes to sleep in a system call that polls. *descriptor: of
 * epoll, plus 1; 0 for other calls.
 */
static __always_inline bool lp_is_polling(__u32 *descriptor)
{
	struct pt_regs registers = {};

	*descriptor = 0;
	/* a thread may also lose its CPU on its way out of the call */
	if (!lp_thread_run_state())
		return false;
	lp_user_registers(&registers);
	switch ((__u32)registers.orig_ax) {
	case LP_SYSCALL_EPOLL_WAIT:
	case LP_SYSCALL_EPOLL_PWAIT:
	case LP_SYSCALL_EPOLL_PWAIT2:
		*descriptor = (__u32)registers.di + 1;
		return true;
	case LP_SYSCALL_POLL:
	case LP_SYSCALL_SELECT:
	case LP_SYSCALL_PSELECT6:
	case LP_SYSCALL_PPOLL:
	case LP_SYSCALL_IO_URING_ENTER:
		return true;
	default:
		return false;
	}
}

/*
 * Ends a poll whose end the scheduler has not shown: idle CPUs of a 6.18 guest kernel sometimes
 * switch to a thread without it, and user space may take a loop to be polling that has just ended
 * its poll. The current thread is that of the loop.
 */
static __always_inline void lp_sleep_end_unobserved(struct lp_loop *loop, __u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	__u64 ran = 0, end;

	if (stall && stall->poll_run_ns)
		ran = lp_age(lp_run_time(), stall->poll_run_ns);
	end = ran < lp_age(now, loop->poll_start_ns) ? now - ran : loop->poll_start_ns;
	lp_poll_end(loop, slot, end, LP_READY_UNKNOWN);
}

__noinline int lp_sleep_begin(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 descriptor;

	if (!loop || !stall)
		return 0;
	if (loop->poll_start_ns)
		lp_sleep_end_unobserved(loop, slot, bpf_ktime_get_ns());
	if (!lp_is_polling(&descriptor) || lp_is_foreign_poll(loop, slot, descriptor, true))
		return 0;
	lp_poll_begin(loop, slot, descriptor, true);
	lp_poll_begins(loop, slot);
	stall->poll_run_ns = lp_run_time();
	return 0;
}

__noinline int lp_sleep_end(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (loop && loop->poll_start_ns)
		lp_poll_end(loop, slot, bpf_ktime_get_ns(), LP_READY_UNKNOWN);
	return 0;
}

__noinline int lp_stranger_sleeps(void)
{
	__u32 descriptor;

	if (lp_may_be_profiled(bpf_get_current_pid_tgid() >> 32) && lp_is_polling(&descriptor))
		lp_unknown_poller();
	return 0;
}

/* Returns whether the stack of the current thread leads to the loop. */
static __always_inline bool lp_walks_to_loop(const struct lp_loop *loop, __u32 slot,
					     const struct lp_wait_state *stall)
{
	lp_walk(loop, slot, loop->thread_state, LP_WHOLE_STACK);
	return stall->walked.flags & LP_STACK_TO_LOOP;
}

__noinline int lp_idle_loop_runs(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 begun;

	if (!loop || !stall)
		return 0;
	if (loop->poll_start_ns) {
		lp_sleep_end_unobserved(loop, slot, now);
		return 0;
	}
	/* the thread has left its loop, or had not begun it */
	if (loop->own_descriptor ? !lp_object_runs(loop) : !lp_walks_to_loop(loop, slot, stall)) {
		lp_unknown_poller();
		return 0;
	}
	begun = lp_iteration_begun(loop, slot, now, true);
	loop->outside = 0;
	lp_iteration_open(loop, begun && begun < now ? begun : now);
	return 0;
}

/* A loop that never waits is in its poll at some of its samples. */
__noinline int lp_poll_seen(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u32 descriptor = lp_polled_descriptor();

	if (!loop || !stall || !descriptor)
		return 0;
	if (loop->own_descriptor) {
		if (descriptor == loop->poll_descriptor)
			loop->base_frame = lp_loop_frame(loop);
	} else if (!stall->handle && stall->walked.flags & LP_STACK_TO_LOOP) {
		loop->poll_descriptor = descriptor;
	}
	return 0;
}

/* The last instant at which the iteration was seen running; 0: it was not seen. */
static __always_inline __u64 lp_seen_until(const struct lp_loop *loop)
{
	return loop->last_sampled_ns > loop->iteration_start_ns ? loop->last_sampled_ns : 0;
}

/*
 * Estimates the end of the iteration that was known, from when it was seen last and when the one
 * that runs now has begun. If that is a short one, there may have been many in between.
 */
static __always_inline __u64 lp_estimated_end(const struct lp_loop *loop, __u64 seen, __u64 begun,
					      __u64 now)
{
	__u64 unknown = lp_age(begun, seen), lasted = lp_age(seen, loop->iteration_start_ns);

	if (!seen || lp_age(now, begun) >= unknown / LP_SHORT_PART)
		return begun;
	/* most callbacks end soon after a wait */
	if (seen == loop->waited_until_ns)
		return seen;
	return seen + lp_least(unknown / 2, lasted);
}

__noinline int lp_iteration_renew(__u32 slot, __u64 now, __u32 on_cpu)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 begun, seen, end, busy;

	if (!stall || !loop || !loop->iteration_start_ns)
		return 0;
	begun = lp_iteration_begun(loop, slot, now, on_cpu);
	if (begun > now || begun < loop->iteration_start_ns + LP_SAME_ITERATION_NS)
		return 0;
	seen = lp_seen_until(loop);
	end = lp_estimated_end(loop, seen, begun, now);
	busy = seen ? lp_iteration_close(loop, slot, end) : 0;
	/* the loop was busy in what is not seen, too */
	loop->busy_ns += lp_age(lp_age(begun, loop->iteration_start_ns), busy);
	if (loop->reported_in_iteration) {
		lp_report_iteration(slot, end, busy);
		lp_report_poll(slot, begun, 0, LP_READY_UNKNOWN);
	}
	loop->interrupted_ns = 0;
	loop->unslept++;
	lp_iteration_open(loop, begun);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
