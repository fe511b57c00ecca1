// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What a hit of a probe costs before its program begins: loopprof attaches this one to
 * a function of its own, and calls that.
 */
#include "loop/common.bpf.h"

SEC("?uprobe")
int lp_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
