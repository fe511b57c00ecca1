/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * --native and --kernel: registers and stack bytes from which user space unwinds C frames, and the
 * kernel's stack.
 */
#ifndef LP_BPF_LOOP_NATIVE_BPF_H
#define LP_BPF_LOOP_NATIVE_BPF_H

#include "common.bpf.h"
#include "thread.bpf.h"

/*
 * The event lies in a map until it is sent, as a record that is reserved in the ring buffer cannot
 * be passed to other functions.
 */
static __always_inline struct lp_event_native *lp_native_event(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&natives, &key);
}

/* Not inlined, to save stack space. */
__weak __noinline int lp_copy_native(__u32 unused)
{
	struct lp_event_native *event = lp_native_event();
	struct pt_regs registers = {};
	__u32 bytes;

	if (!event)
		return 0;
	lp_user_registers(&registers);
	event->ip = registers.ip;
	event->sp = registers.sp;
	event->bp = registers.bp;
	event->bx = registers.bx;
	event->r12 = registers.r12;
	event->r13 = registers.r13;
	event->r14 = registers.r14;
	event->r15 = registers.r15;
	/* The stack may be shorter than a read: smaller sizes are tried then. */
	for (bytes = LP_NATIVE_BYTES; bytes >= 1024; bytes /= 2) {
		if (!bpf_probe_read_user(event->data, bytes, (void *)registers.sp)) {
			event->bytes = bytes;
			break;
		}
	}
	return 0;
}

/*
 * Sends the native part of a stack; the raw stack that it belongs to follows. ctx: the program's
 * context, of any type.
 */
static __always_inline void lp_report_native(void *ctx, __u32 slot, __u32 pid)
{
	struct lp_event_native *event;

	if (!lp_config.want_native && !lp_config.want_kernel)
		return;
	event = lp_native_event();
	if (!event)
		return;
	__builtin_memset(event, 0, __builtin_offsetof(struct lp_event_native, data));
	lp_event_fill(&event->event, LP_EVENT_NATIVE, sizeof(*event), bpf_ktime_get_ns(), slot,
		      pid);
	if (lp_config.want_kernel)
		bpf_get_stack(ctx, event->kernel, sizeof(event->kernel), 0);
	if (lp_config.want_native)
		lp_copy_native(0);
	if (bpf_ringbuf_output(&events, event, sizeof(*event), 0))
		lp_lose(LP_LOST_RING);
}

#endif /* LP_BPF_LOOP_NATIVE_BPF_H */
