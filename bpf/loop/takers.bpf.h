/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The takers of a CPU: the threads that had it while a loop's thread waited for it. The wait of a
 * thread that was preempted is followed: each context switch of its CPU adds the time of the thread
 * that had it. A thread that blocked may be woken on any CPU, and its wakeup is not recorded: of
 * the wait that follows, only the first and the last taker are known.
 */
#ifndef LP_BPF_LOOP_TAKERS_BPF_H
#define LP_BPF_LOOP_TAKERS_BPF_H

#include "common.bpf.h"
#include "loop.bpf.h"
#include "stall.bpf.h"
#include "thread.bpf.h"

static __always_inline struct lp_cpu_waiters *lp_cpu_waiters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_waiters, &zero);
}

/* Stores which thread leaves the CPU. */
static __always_inline void lp_cpu_left(struct lp_cpu_waiters *cpu, const struct task_struct *prev)
{
	const __u64 *comm = (const __u64 *)prev->comm;

	cpu->pid = prev->tgid;
	cpu->comm[0] = comm[0];
	cpu->comm[1] = comm[1];
}

static __always_inline void lp_takers_clear(struct lp_wait *wait)
{
	__u32 i;

	for (i = 0; i < LP_TAKERS; i++) {
		wait->takers[i].task = 0;
		wait->takers[i].ran_ns = 0;
	}
}

/*
 * Adds the time for which the thread that lp_cpu_left() has stored had the CPU to the wait of a
 * loop's thread.  If there is no entry for it, that with the least time is replaced if its
 * time is shorter.
 */
__weak __noinline int lp_taker_add(__u32 slot, __u64 ran_ns)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	const struct lp_cpu_waiters *cpu = lp_cpu_waiters();
	struct lp_taker *taker, *least;
	__u32 i;

	if (!stall || !cpu)
		return 0;
	least = &stall->wait.takers[0];
	for (i = 0; i < LP_TAKERS; i++) {
		taker = &stall->wait.takers[i];
		if (taker->ran_ns && taker->pid == cpu->pid && taker->comm[0] == cpu->comm[0] &&
		    taker->comm[1] == cpu->comm[1]) {
			taker->ran_ns += ran_ns;
			return 0;
		}
		if (taker->ran_ns < least->ran_ns)
			least = taker;
	}
	if (least->ran_ns >= ran_ns)
		return 0;
	least->ran_ns = ran_ns;
	least->pid = cpu->pid;
	least->comm[0] = cpu->comm[0];
	least->comm[1] = cpu->comm[1];
	return 0;
}

/* Returns whether the wait lasts, and its thread was not moved from the CPU that it has lost. */
static __always_inline bool lp_waiter_waits(const struct lp_cpu_waiter *waiter)
{
	const struct task_struct *task = (const struct task_struct *)waiter->task;
	__u32 slot = waiter->slot;
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);

	if (!stall || stall->wait.since_ns != waiter->since_ns)
		return false;
	return !bpf_core_field_exists(task->se.nr_migrations) ||
	       BPF_CORE_READ(task, se.nr_migrations) == stall->wait.migrations;
}

/*
 * Adds the time since the last context switch of this CPU to the waits for it, and drops waits that
 * have ended.  The time of the idle thread is not added: it has the CPU while a quota is used up.
 */
__weak __noinline int lp_cpu_account(__u64 now)
{
	struct lp_cpu_waiters *cpu = lp_cpu_waiters();
	struct lp_cpu_waiter *waiter;
	__u64 ran_ns;
	__u32 i;

	if (!cpu)
		return 0;
	ran_ns = cpu->pid ? lp_age(now, cpu->switched_ns) : 0;
	cpu->switched_ns = now;
	for (i = 0; i < LP_CPU_WAITERS; i++) {
		waiter = &cpu->waiters[i];
		if (!waiter->since_ns)
			continue;
		if (!lp_waiter_waits(waiter)) {
			waiter->since_ns = 0;
			cpu->count--;
		} else if (ran_ns) {
			lp_taker_add(waiter->slot, ran_ns);
		}
	}
	return 0;
}

/* Handles a context switch of a CPU for which loop threads may wait. */
static __always_inline void lp_cpu_switched(const struct task_struct *prev)
{
	struct lp_cpu_waiters *cpu = lp_cpu_waiters();

	if (!cpu || !cpu->count)
		return;
	lp_cpu_left(cpu, prev);
	lp_cpu_account(bpf_ktime_get_ns());
}

/* Begins to follow the wait of a preempted thread. Returns whether there was a free entry. */
static __always_inline bool lp_cpu_add_waiter(const struct lp_wait *wait, __u32 slot,
					      const struct task_struct *thread)
{
	struct lp_cpu_waiters *cpu = lp_cpu_waiters();
	struct lp_cpu_waiter *waiter;
	__u32 i;

	if (!cpu)
		return false;
	for (i = 0; i < LP_CPU_WAITERS; i++) {
		waiter = &cpu->waiters[i];
		if (waiter->since_ns)
			continue;
		waiter->since_ns = wait->since_ns;
		waiter->task = (__u64)thread;
		waiter->slot = slot;
		cpu->switched_ns = wait->since_ns;
		cpu->count++;
		return true;
	}
	return false;
}

/*
 * Stores the CPU quota of the loop's thread, which leaves its CPU, and follows its wait, or else
 * stores which thread gets the CPU.
 */
static __always_inline void lp_wait_taken(struct lp_wait *wait, __u32 slot,
					  const struct task_struct *left,
					  const struct task_struct *taker)
{
	struct lp_taker *first = &wait->takers[LP_TAKER_FIRST];

	wait->queue = (__u64)lp_queue_of(left);
	wait->throttled_ns = lp_throttled_ns(lp_queue_of(left));
	wait->followed = wait->reason == LP_SAMPLE_RUN_QUEUE && !wait->throttled &&
			 lp_cpu_add_waiter(wait, slot, left);
	if (wait->followed)
		return;
	first->task = (__u64)taker;
	first->tid = taker->pid;
	wait->first_before_ns = taker->se.sum_exec_runtime;
	wait->first_migrations = taker->se.nr_migrations;
}

/*
 * Determines how long the first taker ran. Its thread may have ended: its memory may have another
 * content, so that the thread ID is compared. Its run time is the sum of all CPUs: if the thread
 * has been moved to another CPU, its time on this one is not known.
 */
__weak __noinline int lp_first_taker_end(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	const struct task_struct *task;
	struct lp_taker *first, *last;
	__u64 ran_ns;

	if (!stall)
		return 0;
	first = &stall->wait.takers[LP_TAKER_FIRST];
	last = &stall->wait.takers[LP_TAKER_LAST];
	task = (const struct task_struct *)first->task;
	if (!first->tid || (__u32)BPF_CORE_READ(task, pid) != first->tid ||
	    BPF_CORE_READ(task, se.nr_migrations) != stall->wait.first_migrations)
		return 0;
	ran_ns = lp_age(BPF_CORE_READ(task, se.sum_exec_runtime), stall->wait.first_before_ns);
	if (last->ran_ns && first->task == last->task) {
		/* it may have had the CPU several times */
		if (ran_ns > last->ran_ns)
			last->ran_ns = ran_ns;
		return 0;
	}
	first->pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_INTO(&first->comm, task, comm);
	first->ran_ns = ran_ns;
	stall->wait.first_ago_ns =
		last->ran_ns ? lp_age(stall->wait.last_start_ns, BPF_CORE_READ(task, se.exec_start))
			     : 0;
	return 0;
}

/*
 * Returns the scheduler's clock, in ns, of the CPU of a thread that is being switched out; 0: not
 * known.
 */
static __always_inline __u64 lp_queue_clock(const struct task_struct *thread)
{
	if (!bpf_core_field_exists(thread->se.cfs_rq) ||
	    !bpf_core_field_exists(thread->se.cfs_rq->rq))
		return 0;
	return thread->se.cfs_rq->rq->clock;
}

/*
 * Returns the time in ns for which prev, which is switched out, had the CPU while next, the loop's
 * thread, waited for it; 0: not known.  *queued_ns: the duration of that wait; 0: not known.
 */
static __always_inline __u64 lp_last_ran_ns(const struct task_struct *prev,
					    const struct task_struct *next, __u64 *queued_ns)
{
	__u64 now = lp_queue_clock(prev);

	*queued_ns = 0;
	if (!now || !bpf_core_field_exists(prev->sched_info))
		return 0;
	*queued_ns = lp_age(now, next->sched_info.last_queued);
	return prev->pid ? lp_least(lp_age(now, prev->sched_info.last_arrival), *queued_ns) : 0;
}

/*
 * Determines the takers when the wait ends: next, the loop's thread, gets the CPU from prev. If
 * next was moved to this CPU while it was preempted, prev is the only known taker of this CPU.
 */
static __always_inline void lp_takers_end(struct lp_wait *wait, __u32 slot,
					  const struct task_struct *prev,
					  const struct task_struct *next)
{
	struct lp_taker *last = &wait->takers[LP_TAKER_LAST];
	const __u64 *comm = (const __u64 *)prev->comm;
	struct lp_cpu_waiters *cpu;
	__u64 ran_ns, queued_ns;

	if (wait->followed && next->se.nr_migrations == wait->migrations)
		return;
	ran_ns = lp_last_ran_ns(prev, next, &queued_ns);
	if (wait->followed) {
		cpu = lp_cpu_waiters();
		if (cpu && ran_ns) {
			lp_cpu_left(cpu, prev);
			lp_taker_add(slot, ran_ns);
		}
		return;
	}
	last->task = (__u64)prev;
	last->pid = prev->tgid;
	last->comm[0] = comm[0];
	last->comm[1] = comm[1];
	last->ran_ns = ran_ns;
	wait->last_start_ns = prev->se.exec_start;
	/* other threads may have had the CPU before the last taker */
	if (wait->reason == LP_SAMPLE_RUN_QUEUE || (prev->pid && ran_ns < queued_ns))
		lp_first_taker_end(slot);
}

#endif /* LP_BPF_LOOP_TAKERS_BPF_H */
