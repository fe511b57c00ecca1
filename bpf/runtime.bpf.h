/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs for all runtimes need of the runtime of a loop: its frames, its lock, its polls
 * and the names of its tasks. Each function below calls that of the loop's own runtime, which the
 * header of its folder defines. This file alone lists the runtimes.
 */
#ifndef LP_BPF_RUNTIME_BPF_H
#define LP_BPF_RUNTIME_BPF_H

#include "loop/common.bpf.h"
#include "python/runtime.bpf.h"

/* A runtime: the end of its number in enum lp_runtime_kind, and the prefix of its functions. */
#define LP_EACH_RUNTIME(row, ...) row(PYTHON, lp_python, __VA_ARGS__)

/*
 * Returns the result of the function of the loop's runtime; while there is only one, without a
 * comparison.
 */
#define LP_IF_RUNTIME(kind, prefix, loop, function, ...)                                           \
	if (LP_RUNTIMES == 1 || (loop)->layout.runtime == LP_RUNTIME_##kind)                       \
		return prefix##_##function(__VA_ARGS__);
#define LP_BY_RUNTIME(loop, function, ...)                                                         \
	LP_EACH_RUNTIME(LP_IF_RUNTIME, loop, function, __VA_ARGS__)

/*
 * Walks the stack of a thread into stall->walked, from the innermost frame out to the loop's own.
 * It stops earlier when it has as many frames as most says; LP_WHOLE_STACK is no limit.
 */
static __always_inline int lp_walk(const struct lp_loop *loop, __u32 slot, __u64 thread_state,
				   __u32 most)
{
	LP_BY_RUNTIME(loop, walk, slot, thread_state, most)
	return 0;
}

/*
 * Sample mode: begins the callback that the last walk of the current thread shows, if that is
 * another than before. Returns 0 if the loop is not running any more. certain: the thread is in a
 * system call, so that its stack is consistent.
 */
static __always_inline int lp_observe(const struct lp_loop *loop, __u32 slot, __u64 now,
				      __u32 certain)
{
	LP_BY_RUNTIME(loop, observe, slot, now, certain)
	return 0;
}

/* Sample mode: returns whether the loop itself polls, and not a callback. */
static __always_inline int lp_polls_itself(const struct lp_loop *loop, __u32 slot)
{
	LP_BY_RUNTIME(loop, polls_itself, slot)
	return 0;
}

/*
 * Sample mode: returns when the iteration that runs has begun, as the runtime has stored it; 0: not
 * known, or it is the one that was running at the last call. The stack of the current thread was
 * just walked. on_cpu: the thread has not stopped by itself.
 */
static __always_inline __u64 lp_iteration_begun(const struct lp_loop *loop, __u32 slot, __u64 now,
						__u32 on_cpu)
{
	LP_BY_RUNTIME(loop, iteration_begun, slot, now, on_cpu)
	return 0;
}

/*
 * Sample mode, at the beginning of a poll: stores the number that the runtime gives to the
 * iteration after it, if it counts its iterations.
 */
static __always_inline int lp_poll_begins(const struct lp_loop *loop, __u32 slot)
{
	LP_BY_RUNTIME(loop, poll_begins, slot)
	return 0;
}

/*
 * --inner: identifies the callback that has just ended by what its task awaits now, if it awaited
 * nothing when the callback began.
 */
static __always_inline int lp_end_step(const struct lp_loop *loop, __u32 slot)
{
	LP_BY_RUNTIME(loop, end_step, slot)
	return 0;
}

/* Fills in the name of the task whose step has just ended, as an object that user space decodes. */
static __always_inline void lp_copy_task_name(const struct lp_loop *loop, __u32 slot,
					      struct lp_event_slow *event)
{
	LP_BY_RUNTIME(loop, copy_task_name, loop, slot, event)
}

/* Resolves the addresses of the runtime's lock and of its flag for garbage collection. */
static __always_inline void lp_find_lock(struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, find_lock, loop)
}

/* Returns whether the call of the running callback has not returned yet. */
static __always_inline bool lp_callback_active(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, callback_active, loop)
	return false;
}

/* Returns the innermost frame of the loop's thread; 0: it has none. */
static __always_inline __u64 lp_loop_frame(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, loop_frame, loop)
	return 0;
}

/* Returns whether the loop's object is a loop that runs. */
static __always_inline bool lp_object_runs(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, object_runs, loop->object)
	return false;
}

/* Returns the descriptor that the loop's object polls, plus 1; 0: not known. */
static __always_inline __u32 lp_object_descriptor(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, object_descriptor, loop->object)
	return 0;
}

/* Returns the state of the thread that holds the runtime's lock, or held it last. */
static __always_inline __u64 lp_lock_holder(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, lock_holder, loop)
	return 0;
}

/* Returns an identity of what that thread runs. */
static __always_inline __u64 lp_holder_identity(const struct lp_loop *loop, __u64 thread_state)
{
	LP_BY_RUNTIME(loop, holder_identity, loop, thread_state)
	return 0;
}

/* Returns the id of that thread in its own PID namespace, or 0. */
static __always_inline __u32 lp_holder_thread(const struct lp_loop *loop, __u64 thread_state)
{
	LP_BY_RUNTIME(loop, holder_thread, loop, thread_state)
	return 0;
}

/* Returns the state of the current thread, which need not hold the lock; 0: it is not known. */
static __always_inline __u64 lp_current_state(const struct lp_loop *loop)
{
	LP_BY_RUNTIME(loop, current_state, loop)
	return 0;
}

#endif /* LP_BPF_RUNTIME_BPF_H */
