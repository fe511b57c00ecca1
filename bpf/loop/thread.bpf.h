/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Registers and state of the current thread. */
#ifndef LP_BPF_LOOP_THREAD_BPF_H
#define LP_BPF_LOOP_THREAD_BPF_H

#include "common.bpf.h"

/* arch/x86/include/asm/page_64_types.h: THREAD_SIZE without KASAN; before FRED, no padding */
#define LP_THREAD_BYTES 16384

/* arch/x86/entry/syscalls/syscall_64.tbl; waits for the GIL are futexes */
#define LP_SYSCALL_FUTEX 202

/* The user registers of the current thread, as the kernel saved them when it was entered. */
static __always_inline void lp_user_registers(struct pt_regs *registers)
{
	struct task_struct *task;
	void *from;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		from = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	} else {
		/* Kernels up to 5.14 have no bpf_task_pt_regs. */
		task = (struct task_struct *)bpf_get_current_task();
		from = BPF_CORE_READ(task, stack) + LP_THREAD_BYTES - sizeof(*registers);
	}
	bpf_probe_read_kernel(registers, sizeof(*registers), from);
}

static __always_inline __u32 lp_thread_run_state(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

static __always_inline __u32 lp_task_delayed(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return bpf_core_field_exists(task->se.sched_delayed) ? BPF_CORE_READ(task, se.sched_delayed)
							     : 0;
}

/*
 * Returns whether the thread's cgroup, or one above it, has used up its quota of CPU time on the
 * thread's CPU.
 */
static __always_inline bool lp_is_throttled(const struct task_struct *task)
{
	/* Kernels without CONFIG_FAIR_GROUP_SCHED or CONFIG_CFS_BANDWIDTH have no quotas. */
	if (!bpf_core_field_exists(task->se.cfs_rq) ||
	    !bpf_core_field_exists(task->se.cfs_rq->throttle_count))
		return false;
	return task->se.cfs_rq->throttle_count > 0;
}

/* The queue of the thread's cgroup on its CPU. */
static __always_inline const struct cfs_rq *lp_queue_of(const struct task_struct *task)
{
	return bpf_core_field_exists(task->se.cfs_rq) ? task->se.cfs_rq : NULL;
}

/* Returns for how long the quota of a queue's cgroup, or of one above it, has been used up. */
static __always_inline __u64 lp_throttled_ns(const struct cfs_rq *queue)
{
	const struct cfs_rq___old *old = (const struct cfs_rq___old *)queue;

	if (!queue)
		return 0;
	if (bpf_core_field_exists(queue->throttled_clock_pelt_time))
		return queue->throttled_clock_pelt_time;
	return bpf_core_field_exists(old->throttled_clock_task_time)
		       ? old->throttled_clock_task_time
		       : 0;
}

#endif /* LP_BPF_LOOP_THREAD_BPF_H */
