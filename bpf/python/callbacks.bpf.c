// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Callbacks of asyncio loops, from entry uprobes alone.
 *
 * Every Handle._run of asyncio calls Context.run, whose C function is context_run(self, args,
 * nargs, kwnames); args[0] is the callable. A callback ends where the next one begins or where its
 * loop polls: a return probe would cost as much again, and is unsafe under seccomp on kernels from
 * 6.11 on.
 *
 * lp_context_run is the hot path: it runs once a callback, and is limited to two to four small
 * reads of the target, array look-ups and one reading of the clock. A read is the most expensive
 * of these: bpf_probe_read_user opens and closes the kernel's guard of user memory (SMAP) each
 * time.
 */
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "loop/loop.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/loop_end.bpf.h"
#include "dispatch.bpf.h"

/* uvloop up to 0.21 enters its protocols' methods by Context.run; user code may call it, too. */
static __always_inline bool lp_is_method_call(const struct lp_loop *loop)
{
	return (!loop->start_ns || !lp_context_active(loop)) && loop->base_frame &&
	       lp_top_frame(&loop->layout.python.offsets, loop->thread_state) == loop->base_frame;
}

/*
 * The loop of the current thread, or NULL if this call of Context.run was not made by the loop
 * itself.
 */
static __always_inline struct lp_loop *lp_dispatching_loop(__u32 *slot, __u64 level,
							   bool *unobserved)
{
	struct lp_loop *loop = lp_current_loop(slot);
	struct lp_process *process;

	if (loop && !lp_is_traced(loop, unobserved))
		return NULL;
	if (loop && loop->stack_level == level && loop->kind == LP_LOOP_ASYNCIO)
		return loop;
	if (loop) {
		if (loop->kind == LP_LOOP_UVLOOP && lp_is_method_call(loop))
			return loop;
		/* The stack pointer differs: this is a nested Context.run, or the loop was
		 * started anew at another stack depth. */
		process = bpf_map_lookup_elem(&processes, &loop->pid);
		if (!process || (loop->start_ns && !*unobserved && lp_context_active(loop)) ||
		    !lp_is_dispatch(process, loop->thread_state))
			return NULL;
		if (loop->kind != LP_LOOP_ASYNCIO) {
			lp_end_loop(loop->tid);
			loop = NULL;
		}
	}
	if (!loop) {
		loop = lp_loop_detect(LP_LOOP_ASYNCIO) ? NULL : lp_current_loop(slot);
		if (!loop || !lp_is_traced(loop, unobserved))
			return NULL;
	}
	loop->stack_level = level;
	return loop;
}

static __always_inline int lp_dispatch(struct pt_regs *ctx, bool queue)
{
	const struct lp_python_offsets *offsets;
	struct lp_loop *loop;
	__u32 slot, callback;
	bool unobserved = false;
	__u64 now, frame;

	loop = lp_dispatching_loop(&slot, PT_REGS_SP(ctx), &unobserved);
	if (!loop)
		return 0;
	now = bpf_ktime_get_ns();
	lp_callback_change(loop, slot, now, unobserved);
	callback = lp_identify_callback(loop, slot, lp_read_u64(PT_REGS_PARM2(ctx)), false);
	lp_callback_begin(loop, callback, PT_REGS_PARM1(ctx));
	if (queue && loop->kind == LP_LOOP_ASYNCIO) {
		offsets = &loop->layout.python.offsets;
		frame = lp_top_frame(offsets, loop->thread_state);
		/* Handle._run's only argument, self */
		lp_take_queue_delay(
			loop, lp_read_u64(frame + offsets->frame_localsplus) & ~offsets->tag_mask,
			0, now);
	}
	loop->start_ns = now;
	return 0;
}

SEC("?uprobe")
int lp_context_run(struct pt_regs *ctx)
{
	return lp_dispatch(ctx, false);
}

SEC("?uprobe")
int lp_context_queue(struct pt_regs *ctx)
{
	return lp_dispatch(ctx, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
