// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Reclaim of memory by the threads of loops. These tracepoints are hit only if a thread that needs
 * memory has to free some itself; before that they cost nothing. Their arguments, which differ
 * between kernels, are not used.
 */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"

static __always_inline int lp_reclaim_begin(__u32 of_host)
{
	struct pt_regs registers = {};
	struct lp_wait_state *stall;
	struct lp_loop *loop;
	__u32 slot = 0;

	loop = lp_current_loop(&slot);
	if (!loop || !lp_segment_of(loop))
		return 0;
	stall = bpf_map_lookup_elem(&stalls, &slot);
	if (!stall)
		return 0;
	lp_user_registers(&registers);
	/* exceptions leave -1 there, as in lp_read_syscall */
	stall->reclaim.in_fault = (long)registers.orig_ax < 0;
	stall->reclaim.of_host = of_host;
	stall->reclaim.since_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void lp_memory_add_reclaim(struct lp_memory_waits *waits,
						  const struct lp_reclaim *reclaim, __u64 ns)
{
	if (reclaim->of_host)
		waits->host_ns += ns;
	else
		waits->cgroup_ns += ns;
	if (reclaim->in_fault)
		waits->fault_ns += ns;
}

static __always_inline int lp_reclaim_end(void)
{
	struct lp_wait_state *stall;
	struct lp_loop *loop;
	__u64 segment, ns;
	__u32 slot = 0;

	loop = lp_current_loop(&slot);
	if (!loop)
		return 0;
	stall = bpf_map_lookup_elem(&stalls, &slot);
	if (!stall || !stall->reclaim.since_ns)
		return 0;
	ns = lp_elapsed(bpf_ktime_get_ns(), stall->reclaim.since_ns);
	stall->reclaim.since_ns = 0;
	segment = lp_segment_of(loop);
	if (!segment)
		return 0;
	lp_memory_add_reclaim(lp_memory_waits_of(stall, segment), &stall->reclaim, ns);
	lp_memory_add_reclaim(&stall->memory_waits, &stall->reclaim, ns);
	return 0;
}

SEC("?raw_tracepoint/mm_vmscan_memcg_reclaim_begin")
int lp_cgroup_reclaim(void *ctx)
{
	return lp_reclaim_begin(0);
}

SEC("?raw_tracepoint/mm_vmscan_memcg_reclaim_end")
int lp_cgroup_reclaimed(void *ctx)
{
	return lp_reclaim_end();
}

SEC("?raw_tracepoint/mm_vmscan_direct_reclaim_begin")
int lp_host_reclaim(void *ctx)
{
	return lp_reclaim_begin(1);
}

SEC("?raw_tracepoint/mm_vmscan_direct_reclaim_end")
int lp_host_reclaimed(void *ctx)
{
	return lp_reclaim_end();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
