// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Who wakes a loop that waits for a lock whose holder is not known. Every wakeup of the host hits
 * this tracepoint, so that it is attached only while such a loop is late; then other wakeups cost
 * an array look-up.
 */
#define LP_DEFINE_MAPS
#include "loop/common.bpf.h"
#include "loop/thread.bpf.h"
#include "loop/walked.bpf.h"
#include "runtime.bpf.h"

/* include/uapi/linux/futex.h: the operation without its flags, and those that wake, as bits */
#define LP_FUTEX_OPERATION 31
#define LP_FUTEX_WAKE_OP 5
#define LP_FUTEX_WAKES                                                                             \
	(1U << 1 /* WAKE */ | 1U << 3 /* REQUEUE */ | 1U << 4 /* CMP_REQUEUE */ |                  \
	 1U << LP_FUTEX_WAKE_OP | 1U << 7 /* UNLOCK_PI */ | 1U << 10 /* WAKE_BITSET */)
/*
 * The time in ns for which the loop has waited at least: the program on its context switch, which
 * uses the memory for stacks as well, has ended by then, also in a slow virtual machine.
 */
#define LP_WAITED_LEAST_NS 1000000

/*
 * Returns whether the current thread, of the loop's process, is in a call that wakes those that
 * wait for this futex. A wait that ends by its timeout, or by a signal, is ended by an interrupt or
 * by another call.
 */
static __always_inline bool lp_wakes_futex(__u64 address)
{
	struct pt_regs registers = {};
	__u32 operation;

	lp_user_registers(&registers);
	operation = registers.si & LP_FUTEX_OPERATION;
	if (registers.orig_ax != LP_SYSCALL_FUTEX || !(LP_FUTEX_WAKES >> operation & 1))
		return false;
	return registers.di == address ||
	       (operation == LP_FUTEX_WAKE_OP && registers.r8 == address);
}

/* Returns whether the current thread ends a late loop's wait for a futex. */
__weak __noinline int lp_wakes_loop(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_wait *wait;

	if (!stall || !loop || loop->pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	wait = &stall->wait;
	if (!loop->start_ns || !wait->since_ns || wait->segment_ns != loop->start_ns ||
	    wait->reason != LP_SAMPLE_BLOCKED || wait->syscall != LP_SYSCALL_FUTEX ||
	    lp_age(now, loop->start_ns) < loop->threshold_ns ||
	    lp_age(now, wait->since_ns) < LP_WAITED_LEAST_NS)
		return 0;
	return lp_wakes_futex(wait->arguments[0]);
}

/*
 * Sends the stack of the current thread. The loop's thread does not run, so that nothing else
 * walks a stack for it meanwhile.
 */
__weak __noinline int lp_report_waker(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 state;

	if (!stall || !loop || !lp_may_send_stack(slot, now))
		return 0;
	/*
	 * The walk overwrites stall->walked, the stack at which the loop waits. If that was not
	 * sent at this wait, it was sent at an earlier one with the same stack, as such stacks are
	 * sent once for each cause.
	 */
	stall->wait.unsent = 0;
	state = lp_current_state(loop);
	lp_walk(loop, slot, state, LP_WHOLE_STACK);
	lp_walked_for(stall, loop, slot, LP_SAMPLE_WAKER, loop->start_ns, now);
	/* identifies which wait of the callback this thread ends */
	stall->walked.stack = stall->wait.stack;
	stall->walked.resource.kind = LP_RESOURCE_LOCK;
	stall->walked.resource.number = stall->wait.object;
	stall->walked.thread = state ? lp_holder_thread(loop, state) : 0;
	stall->walked.waker = (__u32)bpf_get_current_pid_tgid();
	lp_report_walked(stall);
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(lp_sched_waking, struct task_struct *woken)
{
	__u64 now;
	__u32 slot = 0;

	if (!lp_loop_of(woken->pid, &slot))
		return 0;
	now = bpf_ktime_get_ns();
	if (lp_wakes_loop(slot, now))
		lp_report_waker(slot, now);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
