// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Measures what a hit of a probe costs before its program begins: loopprof attaches this program
 * to a function of its own and calls the function.
 */
#include "loop/common.bpf.h"

SEC("?uprobe")
int lp_nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
