// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Programs that do nothing, where loopprof's do their work: what is left of its
 * cost when these are subtracted is its own, the rest is the kernel's.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("?uprobe")
int bench_uprobe(void *ctx)
{
	return 0;
}

/* Where the kernel refuses fentry, loopprof is on these two as well. */
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
