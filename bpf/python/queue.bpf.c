// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * --queue: the time at which a callback becomes ready.
 *
 * Whatever makes a callback ready (a future that is set, a step that is scheduled, a timer, a
 * descriptor), asyncio finally puts its Handle into the loop's ready queue with deque.append. One
 * probe there covers all of these, and the dispatch uses the address of the handle to look the
 * time up.
 */
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "loop/loop.bpf.h"
#include "walk.bpf.h"
#include "finding.bpf.h"
#include "uvloop.bpf.h"

#define LP_THREADSAFE_DEPTH 4 /* call_soon_threadsafe is among these frames */

/* Returns whether asyncio's call_soon_threadsafe made this call. */
static __always_inline bool lp_is_threadsafe(const struct lp_process *process)
{
	const struct lp_python_offsets *offsets = &process->layout.python.offsets;
	__u64 frame = lp_top_frame(offsets, lp_thread_state(&process->layout.python));
	__u32 i;

	for (i = 0; i < LP_THREADSAFE_DEPTH; i++) {
		if ((lp_read_u64(frame + offsets->f_executable) & ~offsets->tag_mask) ==
		    process->facts.python.lifecycle.threadsafe_code)
			return true;
		frame = lp_read_u64(frame + offsets->frame_previous);
		if (!frame)
			return false;
	}
	return false;
}

/* Offset of the field of a handle that refers to its loop. */
static __always_inline __u32 lp_handle_loop(const struct lp_process *process, __u64 handle)
{
	__u64 type = process->facts.python.uvloop.handle_type;

	return type && lp_read_u64(handle + LP_OBJECT_TYPE) == type
		       ? __builtin_offsetof(struct lp_uv_handle_object, loop)
		       : process->facts.python.lifecycle.handle_loop;
}

/* The thread that runs a loop; 0 if that is the current thread, or not known. */
static __always_inline __u32 lp_foreign_runner(__u64 loop)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct lp_object_key key = {};
	__u32 tid = (__u32)id, *owner;

	key.object = loop;
	key.pid = id >> 32;
	owner = bpf_map_lookup_elem(&owners, &key);
	return owner && *owner != tid ? *owner : 0;
}

/* Returns whether uvloop's call_soon_threadsafe made this call, and removes the thread's entry. */
static __always_inline bool lp_is_called_threadsafe(__u64 loop)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *recorded = bpf_map_lookup_elem(&threadsafe, &tid);
	bool same = recorded && *recorded == loop;

	if (recorded)
		bpf_map_delete_elem(&threadsafe, &tid);
	return same;
}

/*
 * The thread that runs the loop of a handle, if the current thread is another one and did not use
 * call_soon_threadsafe; else 0.
 */
static __always_inline __u32 lp_foreign_owner(struct lp_process *process, __u64 handle)
{
	__u64 loop = lp_read_u64(handle + lp_handle_loop(process, handle));
	__u32 owner = lp_foreign_runner(loop);

	return !owner || lp_is_called_threadsafe(loop) || lp_is_threadsafe(process) ? 0 : owner;
}

/*
 * Reports a handle that was put into a loop by a wrong thread. User space names the callback by
 * the stack that scheduled it.
 */
__weak __noinline int lp_report_foreign(__u64 handle, __u32 owner, __u32 flags)
{
	int number = lp_finding_begin(LP_FINDING_WRONG_THREAD, handle);
	struct lp_finding_work *work;
	struct lp_loop *loop;
	__u64 thread_state;
	__u32 slot;

	if (number < 0)
		return 0;
	work = lp_finding_of(number);
	loop = lp_loop_of(owner, &slot);
	lp_finding_own_walk(number);
	if (work)
		work->event.flags |= flags;
	if (work && loop) {
		work->event.event.loop = slot;
		/* That thread does not hold the GIL, so that its frames do not change. */
		thread_state = loop->thread_state;
		lp_finding_walk(number, thread_state, 1);
	}
	lp_finding_send(number);
	lp_finding_end(number);
	return 0;
}

static __always_inline bool lp_is_handle(const struct lp_process *process, __u64 object)
{
	__u64 type = lp_read_u64(object + LP_OBJECT_TYPE);

	return type && (type == process->facts.python.handle_types[0] ||
			type == process->facts.python.handle_types[1] ||
			type == process->facts.python.uvloop.handle_type);
}

SEC("?uprobe")
int lp_deque_append(struct pt_regs *ctx)
{
	__u64 handle = PT_REGS_PARM2(ctx), now;
	struct lp_ready_key key = {};
	struct lp_process *process;
	struct lp_loop *loop;
	__u32 slot, owner;

	key.pid = bpf_get_current_pid_tgid() >> 32;
	process = bpf_map_lookup_elem(&processes, &key.pid);
	if (!process)
		return 0;
	process->probe_hits++;
	if (!lp_is_handle(process, handle))
		return 0;
	now = bpf_ktime_get_ns();
	loop = lp_current_loop(&slot);
	/* Timers and descriptors are put there by the loop itself, between the poll and the
	 * iteration's first callback: what made them ready is the poll's return. */
	if (loop && !loop->start_ns && loop->iteration_start_ns)
		now = loop->iteration_start_ns;
	key.handle = handle;
	if (lp_config.wrong_thread) {
		owner = lp_foreign_owner(process, handle);
		if (owner) {
			lp_report_foreign(handle, owner, 0);
			now |= LP_READY_FOREIGN;
		}
	}
	if (bpf_map_update_elem(&ready_times, &key, &now, BPF_ANY))
		lp_lose(LP_LOST_READY);
	return 0;
}

/*
 * --find wrong_thread: heappush(heap, handle), by which call_later and call_at put a
 * timer into the loop's heap; call_soon_threadsafe never leads here.
 */
SEC("?uprobe")
int lp_heap_push(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 handle;
	__u32 owner;

	if (!process)
		return 0;
	process->probe_hits++;
	handle = lp_read_u64(PT_REGS_PARM2(ctx) + 8);
	if (!lp_is_handle(process, handle))
		return 0;
	owner = lp_foreign_owner(process, handle);
	if (owner)
		lp_report_foreign(handle, owner, LP_FINDING_TIMER);
	return 0;
}

/* --find wrong_thread: uvloop's Loop.call_soon_threadsafe. */
SEC("?uprobe")
int lp_uv_threadsafe(struct pt_regs *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 loop = PT_REGS_PARM1(ctx);

	if (lp_foreign_runner(loop))
		bpf_map_update_elem(&threadsafe, &tid, &loop, BPF_ANY);
	return 0;
}

/* --find wrong_thread: uvloop's Loop.call_later, which pushes handles to no heap. */
SEC("?uprobe")
int lp_uv_later(struct pt_regs *ctx)
{
	__u32 owner = lp_foreign_runner(PT_REGS_PARM1(ctx));

	if (owner)
		lp_report_foreign(PT_REGS_PARM1(ctx), owner, LP_FINDING_TIMER);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
