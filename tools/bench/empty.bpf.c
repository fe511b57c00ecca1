// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Programs that do nothing, attached where loopprof's programs are.  Their cost is the kernel's;
 * the rest of loopprof's cost is its own.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("?uprobe")
int bench_uprobe(void *ctx)
{
	return 0;
}

/* loopprof uses these two tracepoints where the kernel refuses fentry. */
SEC("?tp_btf/sys_enter")
int bench_sys_enter(void *ctx)
{
	return 0;
}

SEC("?tp_btf/sys_exit")
int bench_sys_exit(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
