// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Time off the CPU: blocked, waiting for the GIL, or waiting for a CPU. A thread that runs no
 * loop, or a loop that polls, costs an array look-up at each end of a context switch; stacks are
 * read only of a loop that stops within a callback or an iteration.
 */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/native.bpf.h"
#include "loop/resource.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/takers.bpf.h"
#include "loop/thread.bpf.h"
#include "loop/walked.bpf.h"
#include "runtime.bpf.h"
#include "sleep.bpf.h"

/* include/linux/sched.h: __TASK_STOPPED, __TASK_TRACED */
#define LP_TASK_STOPPED 0x4
#define LP_TASK_TRACED 0x8
#define LP_TASK_INTERRUPTIBLE 0x1
#define LP_TASK_UNINTERRUPTIBLE 0x2
#define LP_TASK_KILLABLE 0x102 /* TASK_WAKEKILL | TASK_UNINTERRUPTIBLE */
#define LP_TASK_FROZEN 0x8000 /* from 6.1 on */
#define LP_PF_FROZEN 0x00010000 /* up to 6.0; later of kernel threads only */
/* include/linux/sched/jobctl.h: JOBCTL_TRAP_FREEZE */
#define LP_JOBCTL_TRAP_FREEZE (1UL << 23)
#define LP_PF_MEMALLOC 0x00000800 /* in direct reclaim or compaction */
/*
 * The time after which a stack is sent again for the same cause: the addresses may belong to other
 * code by then.
 */
#define LP_REPORT_AGAIN_NS 1000000000ULL

/*
 * Reads the number and arguments of the system call that the thread is in. Not inlined: all calls
 * from one program down share 512 bytes of stack.
 */
__weak __noinline int lp_read_syscall(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct pt_regs registers = {};
	struct lp_wait *wait;

	if (!stall)
		return 0;
	wait = &stall->wait;
	lp_user_registers(&registers);
	/* Exceptions and interrupts leave -1 there (arch/x86/entry/entry_64.S). */
	wait->syscall = (long)registers.orig_ax < 0 ? LP_SYSCALL_PAGE_FAULT : registers.orig_ax;
	wait->arguments[0] = registers.di;
	wait->arguments[1] = registers.si;
	wait->arguments[2] = registers.dx;
	wait->arguments[3] = registers.r10;
	wait->arguments[4] = registers.r8;
	wait->arguments[5] = registers.r9;
	return 0;
}

/*
 * Notes whether the thread waits because memory is short, outside of reclaim. No tracepoint shows
 * it, but the kernel marks the thread as in a memory stall (in_memstall, kernel/sched/psi.c). Such
 * a wait with I/O is one for a page that was reclaimed and is read again. One without I/O is the
 * delay above memory.high (mem_cgroup_handle_over_high), before the return to user space, on later
 * kernels also in the allocation. Not inlined, as the caller has no stack left.
 */
__weak __noinline int lp_note_memory(__u32 slot)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);

	/* a kernel without CONFIG_PSI has no such mark */
	if (!stall || stall->reclaim.since_ns || !bpf_core_field_exists(task->in_memstall) ||
	    !BPF_CORE_READ_BITFIELD_PROBED(task, in_memstall))
		return 0;
	if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait))
		stall->wait.memory = LP_MEMORY_REFAULT;
	/* a host without any free memory makes threads wait before they reclaim */
	else if (lp_thread_run_state() == LP_TASK_KILLABLE &&
		 !(BPF_CORE_READ(task, flags) & LP_PF_MEMALLOC))
		stall->wait.memory = LP_MEMORY_HIGH;
	return 0;
}

/*
 * Returns whether the current thread, which is being switched out in this state, is frozen. In
 * cgroup v2 it is in do_freezer_trap() (kernel/signal.c): a thread that is to be frozen sleeps
 * interruptibly nowhere else. In cgroup v1, and before the host sleeps, it is in __refrigerator().
 */
static __always_inline bool lp_is_frozen(__u32 state)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (state & LP_TASK_INTERRUPTIBLE)
		return BPF_CORE_READ(task, jobctl) & LP_JOBCTL_TRAP_FREEZE;
	if (state & LP_TASK_UNINTERRUPTIBLE)
		return BPF_CORE_READ(task, flags) & LP_PF_FROZEN;
	return state & LP_TASK_FROZEN;
}

/*
 * Notes that a thread waits in no system call, though it may have been stopped or frozen within
 * one. Not inlined, as the caller has no stack left.
 */
__weak __noinline int lp_note_stop(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	__u32 state = lp_thread_run_state();

	if (!stall)
		return 0;
	if (state & (LP_TASK_STOPPED | LP_TASK_TRACED))
		stall->wait.syscall = LP_SYSCALL_STOPPED;
	else if (lp_is_frozen(state))
		stall->wait.syscall = LP_SYSCALL_FROZEN;
	return 0;
}

static __always_inline bool lp_waits_for_gil(const struct lp_loop *loop, const struct lp_wait *wait)
{
	return wait->syscall == LP_SYSCALL_FUTEX && loop->gil &&
	       wait->arguments[0] - loop->gil < LP_GIL_BYTES;
}

/* Creates the entry of the cause if it is new; returns whether its stack is to be sent. */
static __always_inline bool lp_cause_due(const struct lp_loop *loop, __u32 slot,
					 const struct lp_wait *wait, __u64 now)
{
	struct lp_cause_value *found, value = {};
	struct lp_cause_key key = {};

	lp_cause_key_fill(&key, slot, wait);
	found = bpf_map_lookup_elem(&causes, &key);
	if (found) {
		if (lp_age(now, found->reported_ns) < LP_REPORT_AGAIN_NS)
			return false;
		found->reported_ns = now;
		return true;
	}
	if (!lp_hold_cause(loop->holding)) {
		lp_lose(LP_LOST_CAUSES);
		return false;
	}
	value.reported_ns = now;
	if (bpf_map_update_elem(&causes, &key, &value, BPF_NOEXIST))
		lp_lose(LP_LOST_CAUSES);
	return true;
}

/* The entry for this call, stack and object; LP_BLOCKS if there is no space. */
static __always_inline __u32 lp_find_block(struct lp_segment_times *account,
					   const struct lp_wait *wait, bool *is_new)
{
	struct lp_block *block;
	__u32 i;

	*is_new = false;
	for (i = 0; i < LP_BLOCKS && i < account->block_count; i++) {
		block = &account->blocks[i];
		if (block->stack == wait->stack && block->object == wait->object &&
		    block->syscall == wait->syscall)
			return i;
	}
	if (i == LP_BLOCKS)
		return i;
	block = &account->blocks[i & (LP_BLOCKS - 1)];
	block->stack = wait->stack;
	block->object = wait->object;
	block->syscall = wait->syscall;
	block->count = 0;
	block->total_ns = 0;
	block->longest_ns = 0;
	account->block_count = i + 1;
	*is_new = true;
	return i;
}

/* Handles a thread that blocks in a system call. Returns whether the stack is to be sent. */
__weak __noinline int lp_wait_blocked(__u32 slot, __u64 now, __u32 late)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_segment_times *account;
	struct lp_wait *wait;
	bool is_new;

	if (!stall || !loop)
		return 0;
	wait = &stall->wait;
	account = &stall->account.account;
	wait->stack = stall->walked.stack;
	wait->object = lp_object_of(wait);
	wait->block = lp_find_block(account, wait, &is_new);
	if (is_new)
		lp_resolve(slot, wait->block);
	/* Many short calls from one line have the same stack: it is sent once. */
	if (!lp_cause_due(loop, slot, wait, now) && !(late && is_new))
		return 0;
	lp_walked_for(stall, loop, slot, LP_SAMPLE_BLOCKED, wait->segment_ns, now);
	stall->walked.syscall = wait->syscall;
	if (wait->block < LP_BLOCKS)
		stall->walked.resource = account->blocks[wait->block & (LP_BLOCKS - 1)].resource;
	return 1;
}

/*
 * Handles a wait for the GIL, and walks the stack of its holder. The holder runs on while it is
 * read: its stack may be inconsistent, which user space detects by the code objects.
 */
__weak __noinline int lp_wait_gil(__u32 slot, __u64 now, __u32 late)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_wait *wait;
	__u64 holder, name;

	if (!stall || !loop)
		return 0;
	wait = &stall->wait;
	wait->block = LP_BLOCKS;
	/* the holder changes from wait to wait, and its stack may be unreadable: it is not thinned */
	if (late && lp_wait_sampled(stall, wait->segment_ns, now) && lp_may_send_stack(slot, now)) {
		lp_walked_for(stall, loop, slot, LP_SAMPLE_GIL, wait->segment_ns, now);
		lp_report_walked(stall);
		wait->unsent = 0;
	}
	holder = lp_lock_holder(loop);
	if (holder == loop->thread_state)
		holder = 0;
	name = lp_holder_identity(loop, holder);
	wait->stack = name;
	if (!lp_cause_due(loop, slot, wait, now) && !late)
		return 0;
	if (!holder || !lp_may_send_stack(slot, now))
		return 0;
	/* no other record has the place at which the loop waits: it is sent before it is
	 * overwritten */
	if (wait->unsent) {
		lp_walked_for(stall, loop, slot, LP_SAMPLE_GIL, wait->segment_ns, now);
		lp_report_walked(stall);
		wait->unsent = 0;
	}
	lp_walk(loop, slot, holder, LP_WHOLE_STACK);
	lp_walked_for(stall, loop, slot, LP_SAMPLE_GIL_HOLDER, wait->segment_ns, now);
	stall->walked.thread = lp_holder_thread(loop, holder);
	/* The walk of a holder's stack ends at no loop. */
	stall->walked.stack = name;
	lp_report_walked(stall);
	return 0;
}

/*
 * Returns whether the frames of a whole stack may be walked at the beginning of a wait for a CPU or
 * for the GIL.
 */
static __always_inline bool lp_may_walk(struct lp_wait_state *stall, __u64 now)
{
	if (lp_age(now, stall->walks_ns) > LP_WALK_BURST_NS)
		stall->walks_ns = now - LP_WALK_BURST_NS;
	return stall->walks_ns < now;
}

/* Determines why the current thread, which is being switched out, will not run. */
static __always_inline __u32 lp_wait_reason(const struct lp_loop *loop, struct lp_wait *wait,
					    __u32 slot, bool preempted)
{
	__u32 state = lp_thread_run_state();

	wait->syscall = 0;
	wait->memory = LP_MEMORY_ENOUGH;
	if (preempted || !state)
		return LP_SAMPLE_RUN_QUEUE;
	lp_read_syscall(slot);
	lp_note_memory(slot);
	lp_note_stop(slot);
	return lp_waits_for_gil(loop, wait) ? LP_SAMPLE_GIL : LP_SAMPLE_BLOCKED;
}

/* Begins the times of a wait, and those of its iteration and segment if it is their first one. */
static __always_inline void lp_wait_begin(struct lp_wait_state *stall, const struct lp_loop *loop,
					  __u32 reason, bool throttled, __u64 now)
{
	struct lp_wait *wait = &stall->wait;

	wait->reason = reason;
	wait->segment_ns = lp_segment_of(loop);
	wait->iteration_ns = loop->iteration_start_ns;
	wait->run_delay_ns = lp_run_delay();
	wait->run_time_ns = lp_run_time();
	wait->delayed = lp_task_delayed();
	wait->migrations = lp_migrations();
	wait->block = LP_BLOCKS;
	wait->throttled = throttled;
	lp_takers_clear(wait);
	wait->first_ago_ns = 0;
	wait->since_ns = now;
	if (stall->iteration_ns != loop->iteration_start_ns) {
		stall->iteration_ns = loop->iteration_start_ns;
		stall->iteration_blocked_ns = 0;
		stall->iteration_gil_ns = 0;
		stall->iteration_run_queue_ns = 0;
	}
	lp_segment_begin(&stall->account.account, wait->segment_ns);
}

/* Facts about a thread that is being switched out. */
#define LP_OUT_PREEMPTED 1
#define LP_OUT_THROTTLED 2

/*
 * Begins a wait of the current thread, which runs a loop and is being switched out. Returns
 * whether a walked stack is to be sent.
 */
__noinline int lp_switch_out(__u32 slot, __u32 facts)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	bool late, allowed = false, whole, report;
	struct lp_wait *wait;
	__u32 reason;
	__u64 now;

	if (!stall || !loop)
		return 0;
	wait = &stall->wait;
	if (wait->off_ns || wait->since_ns)
		lp_end_wait(slot);
	if (!lp_segment_of(loop) || loop->reporting)
		return 0;
	now = bpf_ktime_get_ns();
	if (!loop->gil)
		lp_find_lock(loop);
	reason = lp_wait_reason(loop, wait, slot, facts & LP_OUT_PREEMPTED);
	late = lp_age(now, lp_segment_of(loop)) >= loop->late_ns;
	/* in sample mode the whole stack of a late loop shows which callback it is in */
	whole = reason == LP_SAMPLE_BLOCKED || (late && loop->sampled);
	if (!whole) {
		allowed = lp_may_walk(stall, now);
		whole = allowed || (late && lp_age(now, stall->sampled_ns) >= LP_WAIT_SAMPLE_NS);
	}
	lp_walk(loop, slot, loop->thread_state, whole ? LP_WHOLE_STACK : 1);
	if (allowed)
		stall->walks_ns += stall->walked.depth * LP_WALK_FRAME_NS;
	if (whole && lp_polls_unhooked() &&
	    lp_iteration_renew(slot, now, reason == LP_SAMPLE_RUN_QUEUE))
		late = lp_age(now, loop->iteration_start_ns) >= loop->late_ns;
	if (whole && loop->sampled && !lp_observe(loop, slot, now, reason != LP_SAMPLE_RUN_QUEUE))
		return 0;
	report = late && !lp_rate_limit_exceeded(loop->start_ns ? &loop->rate_limit
								: &loop->iteration_rate_limit,
						 now, lp_age(now, lp_segment_of(loop)));
	lp_wait_begin(stall, loop, reason, facts & LP_OUT_THROTTLED, now);
	/* without the whole stack, sample mode does not know whose segment it is */
	wait->unsent = whole || !loop->sampled;
	if (reason == LP_SAMPLE_BLOCKED)
		return lp_wait_blocked(slot, now, report);
	if (reason == LP_SAMPLE_GIL)
		return lp_wait_gil(slot, now, report);
	/* The end of the wait sends the Python frames, with the length of the wait. */
	if (!(lp_config.want_native || lp_config.want_kernel) || !report ||
	    !lp_wait_sampled(stall, wait->segment_ns, now))
		return 0;
	wait->unsent = 0;
	lp_walked_for(stall, loop, slot, LP_SAMPLE_RUN_QUEUE, wait->segment_ns, now);
	return 1;
}

/*
 * Returns whether the thread's cgroup was throttled during the wait, which may have been after its
 * wakeup: who had the CPU then is not the reason why the thread did not run.
 */
static __always_inline bool lp_throttled_meanwhile(const struct lp_wait *wait,
						   const struct task_struct *thread)
{
	const struct cfs_rq *queue = lp_queue_of(thread);

	return (__u64)queue == wait->queue && lp_throttled_ns(queue) != wait->throttled_ns;
}

/* Ends the wait of a loop's thread, next, which gets the CPU that prev had. */
static __always_inline void lp_switch_in(__u32 slot, const struct task_struct *prev,
					 const struct task_struct *next)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	__u64 now;

	if (!stall || !stall->wait.since_ns)
		return;
	now = bpf_ktime_get_ns();
	stall->wait.off_ns = lp_elapsed(now, stall->wait.since_ns);
	stall->wait.end_ns = now;
	stall->wait.since_ns = 0;
	if (stall->wait.off_ns < LP_READY_LEAST_NS || stall->wait.throttled)
		return;
	if (lp_throttled_meanwhile(&stall->wait, next))
		lp_takers_clear(&stall->wait);
	else
		lp_takers_end(&stall->wait, slot, prev, next);
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(lp_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct lp_wait_state *stall;
	__u32 slot = 0;
	bool report;

	lp_cpu_switched(prev);
	if (lp_loop_of(prev->pid, &slot)) {
		if (lp_polls_unhooked() && !preempt)
			lp_sleep_begin(slot);
		report = lp_switch_out(slot,
				       (preempt ? LP_OUT_PREEMPTED : 0) |
					       (lp_is_throttled(prev) ? LP_OUT_THROTTLED : 0)) &&
			 lp_may_send_stack(slot, bpf_ktime_get_ns());
		stall = bpf_map_lookup_elem(&stalls, &slot);
		if (stall && stall->wait.since_ns) {
			lp_cpu_waits_next(stall, slot);
			lp_wait_taken(&stall->wait, slot, prev, next);
		}
		if (stall && report) {
			lp_report_native(ctx, slot, stall->walked.event.pid);
			lp_report_walked(stall);
		}
	} else if (lp_polls_unhooked() && !preempt) {
		lp_stranger_sleeps();
	}
	/* The arguments are read again: one that is saved across calls takes 32 bytes more of the
	 * stack, of which this path has none left in the verifier of 5.10. */
	asm volatile("" : "+r"(ctx));
	next = (struct task_struct *)ctx[2];
	if (lp_loop_of(next->pid, &slot)) {
		if (lp_polls_unhooked())
			lp_sleep_end(slot);
		lp_switch_in(slot, (struct task_struct *)ctx[1], next);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
