// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * --queue: the moment a callback becomes ready.
 *
 * Whatever makes a callback ready (a future that is set, a step that is
 * scheduled, a timer, a descriptor), asyncio ends by putting its Handle into
 * the loop's ready queue with deque.append.  One probe there sees them all, and
 * the handle's address is what the dispatch finds it by.
 */
#include "common.bpf.h"
#include "python.bpf.h"

SEC("?uprobe")
int lp_deque_append(struct pt_regs *ctx)
{
	__u64 handle = PT_REGS_PARM2(ctx), type, now;
	struct lp_ready_key key = {};
	struct lp_process *process;
	struct lp_loop *loop;
	__u32 slot;

	key.pid = bpf_get_current_pid_tgid() >> 32;
	process = bpf_map_lookup_elem(&processes, &key.pid);
	if (!process)
		return 0;
	type = lp_read_u64(handle + LP_OBJECT_TYPE);
	if (!type || (type != process->handle_types[0] && type != process->handle_types[1]))
		return 0;
	now = bpf_ktime_get_ns();
	loop = lp_current_loop(&slot);
	/* Timers and descriptors are put there by the loop itself, between the poll and the
	 * iteration's first callback: what made them ready is the poll's return. */
	if (loop && !loop->start_ns && loop->iteration_start_ns)
		now = loop->iteration_start_ns;
	key.handle = handle;
	if (bpf_map_update_elem(&ready_times, &key, &now, BPF_ANY))
		lp_lose(LP_LOST_READY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
