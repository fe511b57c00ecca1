// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Callbacks of uvloop's loops, from entry uprobes alone.
 *
 * Scheduled callbacks, and those of a descriptor that is ready, run in Handle._run; timers run in
 * TimerHandle._run. Both are C functions with self as the first argument. Methods of protocols run
 * between Context_Enter and Context_Exit, without a handle (up to 0.21 by Context.run, which
 * lp_context_run probes): for these the calls of Context_Enter outside of the first two functions
 * are probed.
 *
 * None of these nests in another, with two exceptions: uvloop's idle handle runs what is in the
 * ready queue, and a transport may call a protocol's method at once when user code writes to it.
 */
#define LP_DEFINE_MAPS
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "loop/loop.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/loop_end.bpf.h"
#include "dispatch.bpf.h"
#include "uvloop_callable.bpf.h"

/* Handles a thread that runs another Loop than before, or its first. */
__weak __noinline int lp_uv_begin_loop(__u64 object)
{
	struct lp_loop *loop;
	__u32 slot;

	loop = lp_current_loop(&slot);
	if (loop && loop->kind != LP_LOOP_UVLOOP) {
		lp_end_loop(loop->tid);
		loop = NULL;
	}
	if (!loop && lp_loop_detect(LP_LOOP_UVLOOP))
		return -1;
	loop = lp_current_loop(&slot);
	if (!loop)
		return -1;
	loop->object = object;
	loop->base_frame = lp_top_frame(&loop->layout.python.offsets, loop->thread_state);
	loop->poll_descriptor = lp_uv_descriptor(object);
	loop->own_descriptor = 1;
	return 0;
}

static __always_inline struct lp_loop *lp_uv_current(__u64 object, __u32 *slot)
{
	struct lp_loop *loop = lp_current_loop(slot);

	if (loop && loop->object == object && loop->kind == LP_LOOP_UVLOOP)
		return loop;
	return lp_uv_begin_loop(object) ? NULL : lp_current_loop(slot);
}

/* --queue: a callback that libuv calls directly has been ready since the poll returned. */
static __always_inline void lp_uv_ready_since_poll(struct lp_loop *loop, __u64 now)
{
	__u32 callback = loop->callback;
	struct lp_queue_stats *delays = bpf_map_lookup_elem(&queue_stats, &callback);

	if (!loop->iteration_start_ns)
		return;
	loop->queue_delay_ns = lp_elapsed(now, loop->iteration_start_ns);
	if (delays)
		lp_count(&delays->delay, loop->queue_delay_ns);
}

/*
 * Begins a callback: callable, or (if that is 0) the C method at address place, whose name the
 * handle has. handle: 0 if none was put into the ready queue. One function for all programs, so
 * that the verifier checks it once.
 */
__noinline int lp_uv_begin(__u32 slot, __u64 handle, __u64 context, __u64 callable, __u64 place)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 now = bpf_ktime_get_ns();
	__u32 callback;
	bool unobserved;

	if (!loop || !lp_is_traced(loop, &unobserved))
		return 0;
	lp_callback_change(loop, slot, now, unobserved);
	callback = callable ? lp_identify_callback(loop, slot, callable, false)
			    : lp_uv_identify_method(loop, slot, handle, place);
	lp_callback_begin(loop, callback, context);
	if (lp_config.queue && handle)
		lp_take_queue_delay(loop, handle, loop->object, now);
	else if (lp_config.queue)
		lp_uv_ready_since_poll(loop, now);
	loop->start_ns = now;
	return 0;
}

SEC("?uprobe")
int lp_uv_handle(struct pt_regs *ctx)
{
	__u64 self = PT_REGS_PARM1(ctx);
	struct lp_uv_handle_object handle;
	struct lp_loop *loop;
	__u32 slot;
	bool python;

	if (bpf_probe_read_user(&handle, sizeof(handle), (void *)self))
		return 0;
	loop = lp_uv_current(handle.loop, &slot);
	if (!loop || handle.cancelled || lp_uv_is_internal(&handle))
		return 0;
	python = handle.callback_type == LP_UV_CALLABLE;
	return lp_uv_begin(slot, self, handle.context, python ? handle.argument : 0,
			   handle.function);
}

SEC("?uprobe")
int lp_uv_timer(struct pt_regs *ctx)
{
	struct lp_uv_timer_object timer;
	struct lp_loop *loop;
	__u32 slot;

	if (bpf_probe_read_user(&timer, sizeof(timer), (void *)PT_REGS_PARM1(ctx)))
		return 0;
	loop = lp_uv_current(timer.loop, &slot);
	if (!loop || timer.cancelled)
		return 0;
	return lp_uv_begin(slot, 0, timer.context, timer.callback, 0);
}

/*
 * The call of Context_Enter in a function that calls a protocol's method next. The method is a
 * live value at this point, so that it is in one of the registers that calls preserve; which one
 * depends on the compiler.
 */
SEC("?uprobe")
int lp_uv_method(struct pt_regs *ctx)
{
	__u64 registers[LP_UV_REGISTERS] = { ctx->bx,  ctx->bp,	 ctx->r12,
					     ctx->r13, ctx->r14, ctx->r15 };
	struct lp_loop *loop;
	__u32 slot;

	loop = lp_current_loop(&slot);
	/* A call within a callback is part of the callback. */
	if (!loop || loop->kind != LP_LOOP_UVLOOP || (loop->start_ns && lp_context_active(loop)))
		return 0;
	return lp_uv_begin(slot, 0, PT_REGS_PARM1(ctx), lp_uv_find_method(loop, registers),
			   PT_REGS_IP(ctx));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
