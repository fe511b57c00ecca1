// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * --inner: identifies a task's first step at its end, as its coroutine awaited nothing when it
 * began. Not possible if the task has ended in that step.
 */
#include "loop/common.bpf.h"
#include "await_chain.bpf.h"
#include "identify.bpf.h"

__noinline int lp_python_end_step(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	__u64 coroutine;
	__u32 callback;

	if (!loop || !chain || !chain->coroutine || loop->callable.kind != LP_CALLBACK_TASK ||
	    loop->callable.task != loop->task)
		return 0;
	coroutine = chain->coroutine;
	chain->coroutine = 0;
	chain->object = coroutine;
	/* The task may have been freed. Then there is no coroutine, or a new one that awaits
	 * nothing yet. That of a task that is written in Python may be a new one as well. */
	if ((loop->task &&
	     lp_read_u64(loop->task + loop->layout.python.offsets.task_coro) != coroutine) ||
	    lp_await_walk(slot) < 2)
		return 0;
	loop->callable.callback = 0;
	callback = lp_callback_slot(loop, slot, &loop->callable);
	if (callback)
		loop->callback = callback;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
